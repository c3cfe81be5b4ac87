"""For tests of policies: values built with defaults, and fakes for everything that the engine works with.

from pointsman.testing import make_request, make_rules, make_snapshot
from pointsman.engine.decide import decide

def test_polite_requests_are_simple():
    rules = make_rules(my_package.politeness.plugin)
    decision = decide(make_request("Please."), make_snapshot(), rules)
    assert decision.assessed.task == "simple"
"""

from pointsman.testing.builders import (
    make_catalogue,
    make_entry,
    make_model,
    make_request,
    make_rules,
    make_snapshot,
    shaped_targets,
)
from pointsman.testing.fakes import ACCEPTED, FakeClock, FakeLedger, FakeProvider, Hold, Script, answering
from pointsman.testing.sink import RecordingSink

__all__ = [
    "ACCEPTED",
    "FakeClock",
    "FakeLedger",
    "FakeProvider",
    "Hold",
    "RecordingSink",
    "Script",
    "answering",
    "make_catalogue",
    "make_entry",
    "make_model",
    "make_request",
    "make_rules",
    "make_snapshot",
    "shaped_targets",
]
