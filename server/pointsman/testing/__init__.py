"""For tests of policies: values built with defaults, fakes, a whole server, and the contract that every policy keeps.

    from pointsman.testing import PolicyContract, make_request, make_rules, make_snapshot
    from pointsman.engine.decide import decide

    class TestPoliteness(PolicyContract):
        plugin = my_package.politeness.plugin

    def test_polite_requests_are_simple():
        rules = make_rules(my_package.politeness.plugin)
        decision = decide(make_request("Please."), make_snapshot(), rules)
        assert decision.assessed.task == "simple"

Nothing here needs pytest but `pointsman.testing.fixtures`. `docs/writing-a-policy.md` begins at the beginning.
"""

from pointsman.testing.builders import (
    make_answer,
    make_catalogue,
    make_entry,
    make_model,
    make_request,
    make_rules,
    make_snapshot,
    shaped_targets,
)
from pointsman.testing.contract import PolicyContract
from pointsman.testing.fakes import (
    ACCEPTED,
    FakeClock,
    FakeLedger,
    FakeProvider,
    Hold,
    Script,
    answering,
    fake_provider,
)
from pointsman.testing.gate_contract import GateContract
from pointsman.testing.golden import Case, check_case, read_cases
from pointsman.testing.handed import Asked, FakeAsk, make_services
from pointsman.testing.server import RunningServer, make_config, running_server
from pointsman.testing.sink import RecordingSink

__all__ = [
    "ACCEPTED",
    "Asked",
    "Case",
    "FakeAsk",
    "FakeClock",
    "FakeLedger",
    "FakeProvider",
    "GateContract",
    "Hold",
    "PolicyContract",
    "RecordingSink",
    "RunningServer",
    "Script",
    "answering",
    "check_case",
    "fake_provider",
    "make_answer",
    "make_catalogue",
    "make_config",
    "make_entry",
    "make_model",
    "make_request",
    "make_rules",
    "make_services",
    "make_snapshot",
    "read_cases",
    "running_server",
    "shaped_targets",
]
