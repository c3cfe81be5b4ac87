from __future__ import annotations

import pytest

from pointsman.engine.decide import decide
from pointsman.engine.failure import RETRY_DELAY, refused
from pointsman.model.decision import Refusal
from pointsman.model.snapshot import Health, HealthState
from pointsman.testing import make_request, make_rules, make_snapshot
from pointsman.testing.builders import NOW
from pointsman_policies import health


@pytest.mark.parametrize(
    ("until", "delay"), [(None, RETRY_DELAY), (NOW - 5, RETRY_DELAY), (NOW + 0.2, RETRY_DELAY), (NOW + 30, 30.0)]
)
def test_callers_may_come_back_when_the_first_model_is_tried_again(until: float | None, delay: float) -> None:
    rules = make_rules(health.plugin)
    down = dict.fromkeys(rules.target_ids, Health(HealthState.DOWN, until=NOW + 99, told=True))
    snapshot = make_snapshot(health=down | {"opus": Health(HealthState.DOWN, until=until, told=True)})
    if until is None:
        snapshot = make_snapshot(health=dict.fromkeys(rules.target_ids, Health(HealthState.DOWN, told=True)))
    refusal = decide(make_request(), snapshot, rules)
    assert isinstance(refusal, Refusal)
    assert refused(refusal).retry_delay == delay
