"""Entries marked `shadow: true` decide nothing; what they would have changed is worked out beside the decision."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.engine.policies import Assesses, Chooses, Excludes, Plans, Shapes, always, entry, raising

from pointsman.engine.decide import decide, decide_with_shadows
from pointsman.engine.rules import Rules
from pointsman.errors import Reason
from pointsman.model.decision import Assessment, Cause, Choice, Decision, Exclusion, Refusal, Shape
from pointsman.model.plan import Plan
from pointsman.testing import make_request, make_rules, make_snapshot

LIVE = entry(Chooses(always(Choice(("sonnet",), "live"))), "live")
SHADOWS = [
    Assesses(always(Assessment("code"))),
    Shapes(always(Shape(max_output_tokens=7))),
    Excludes(always([Exclusion("sonnet", Cause.POLICY, "no")])),
    Chooses(always(Choice(("opus",), "shadow"))),
    Plans(lambda plan: Plan(plan.stages[::-1])),
    Excludes(raising(BaseException("secret"))),
    Assesses(always("nonsense")),
]


def shadowed(policy: object) -> Rules:
    # First in the chain, where it would win if it counted.
    return make_rules(entry(policy, "shadow", shadow=True), LIVE)


@pytest.mark.parametrize("policy", SHADOWS)
def test_it_has_no_effect_on_the_decision(policy: object) -> None:
    with_it = decide(make_request(), make_snapshot(), shadowed(policy))
    without = decide(make_request(), make_snapshot(), make_rules(LIVE))
    assert msgspec.json.encode(with_it) == msgspec.json.encode(without)


@pytest.mark.parametrize("policy", SHADOWS)
def test_its_verdicts_are_dry_runs(policy: object) -> None:
    outcome = decide_with_shadows(make_request(), make_snapshot(), shadowed(policy))
    assert outcome is not None
    assert {verdict.policy: verdict.dry_run for verdict in outcome.trace}.get("shadow") is True
    assert all(verdict.dry_run == (verdict.policy == "shadow") for verdict in outcome.trace)


def test_what_it_would_have_changed() -> None:
    def would(policy: object) -> Decision | Refusal | None:
        return decide_with_shadows(make_request(), make_snapshot(), shadowed(policy))

    chosen, vetoed, broken = would(SHADOWS[3]), would(SHADOWS[2]), would(SHADOWS[5])
    assert isinstance(chosen, Decision)
    assert (chosen.target, chosen.decided_by) == ("opus", "shadow")
    assert isinstance(vetoed, Decision)
    assert (vetoed.target, [c.excluded_by for c in vetoed.excluded]) == ("medium", ["shadow"])
    assert isinstance(broken, Refusal)
    assert broken.reason == Reason.INTERNAL


def test_without_shadow_entries_there_is_no_second_pass() -> None:
    assert decide_with_shadows(make_request(), make_snapshot(), make_rules(LIVE)) is None
