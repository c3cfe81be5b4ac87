"""Compliance mode: only deterministic policies decide; vetoes of others still count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace
from tests.unit.engine.bench import Bench

from pointsman import Assessment, Cause, Choice, Exclusion, Plan, Shape, Shaped, hookimpl
from pointsman.engine.decide import decide
from pointsman.engine.rules import Compliance
from pointsman.model.decision import Decision, VerdictOutcome
from pointsman.testing import make_request, make_rules, make_snapshot
from pointsman_policies import routing, tags

EVERYONE = Compliance(everyone=True)
ACME = Compliance(tenants=frozenset({"acme"}))


class Oracle:
    """Has an opinion of everything, and is not deterministic."""

    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    async def pointsman_gather_signal(self) -> Any:
        self.asked += 1
        return "code"

    @hookimpl
    def pointsman_assess_request(self) -> Assessment:
        return Assessment(task="code", source="oracle")

    @hookimpl
    def pointsman_shape_request(self) -> Shape:
        return Shape(max_output_tokens=7)

    @hookimpl
    def pointsman_exclude_targets(self, shaped: Mapping[str, Shaped]) -> list[Exclusion]:
        return [Exclusion("flash", Cause.POLICY, "a feeling")]

    @hookimpl
    def pointsman_choose_targets(self) -> Choice:
        return Choice(("opus",), "a feeling")

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Plan:
        return Plan(plan.stages[:1])


def decided(compliance: Compliance, tenant: str = "default") -> Decision:
    rules = make_rules(tags.plugin, Oracle(), routing.plugin, compliance=compliance)
    decision = decide(replace(make_request(), tenant=tenant), make_snapshot(), rules)
    assert isinstance(decision, Decision)
    return decision


def test_only_deterministic_policies_decide() -> None:
    decision = decided(EVERYONE)
    assert (decision.target, decision.assessed.task, decision.decided_by) == ("mini", "simple", "routing")
    assert (len(decision.plan.stages), decision.shaped[0].max_output_tokens) == (4, 256)
    told = {v.hook: (v.outcome, v.reason) for v in decision.trace if v.policy == "oracle"}
    reason = "not asked: compliance mode, and it is not deterministic"
    for hook in ("assess_request", "shape_request", "choose_targets", "plan_attempts"):
        assert told[hook] == (VerdictOutcome.NO_OPINION, reason)


def test_vetoes_of_others_still_count() -> None:
    assert [candidate.excluded_by for candidate in decided(EVERYONE).excluded] == ["oracle"]


def test_it_is_for_the_tenants_named() -> None:
    assert decided(ACME, "acme").target == "mini"
    assert decided(ACME).target == "opus"
    assert decided(Compliance()).target == "opus"


async def test_others_are_told_nothing_of_the_prompt() -> None:
    oracle = Oracle()
    bench = Bench(rules=make_rules(oracle, compliance=EVERYONE))
    await bench.unary()
    assert oracle.asked == 0
    bench = Bench(rules=make_rules(oracle, compliance=ACME))
    await bench.unary()
    assert oracle.asked == 1
