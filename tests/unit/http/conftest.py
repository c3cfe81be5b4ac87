from __future__ import annotations

import pytest

from pointsman.engine.decide import decide
from pointsman.engine.exchange import Completion, Routed, Served
from pointsman.engine.watch import Watchdog
from pointsman.model.answer import Ending, FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost
from pointsman.model.decision import Decision
from pointsman.model.plan import AttemptKind
from pointsman.testing import make_request, make_snapshot
from pointsman.testing.builders import make_rules


@pytest.fixture
def routed() -> Routed:
    rules = make_rules()
    decision = decide(make_request(), make_snapshot(), rules, Watchdog().stopwatch())
    assert isinstance(decision, Decision)
    return Routed("0197", decision, rules, 1_700_000_000.25, 0.000125, {})


@pytest.fixture
def completion(routed: Routed) -> Completion:
    served = Attempt(
        number=1, kind=AttemptKind.PRIMARY, target=routed.decision.target, provider="google", upstream="x",
        outcome=AttemptOutcome.SERVED, started=1.0, duration=1.0, usage=Usage(10, 20, 3, 0, 5), cost_nano_usd=200,
    )  # fmt: skip
    ending = Ending(reason=FinishReason.STOP)
    return Completion("0197", routed, (served,), Cost(200), 2.5, 1.25, served=Served(served, ending, None))
