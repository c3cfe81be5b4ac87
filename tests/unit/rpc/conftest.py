from __future__ import annotations

from dataclasses import fields

import pytest

from pointsman.chain.loading import Chain
from pointsman.engine.exchange import Completion, Routed
from pointsman.engine.rules import Rules
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource, total_cost
from pointsman.model.catalogue import Catalogue, Model, Price
from pointsman.model.decision import (
    Assessed,
    Candidate,
    Decision,
    Estimate,
    PolicyKind,
    Verdict,
    VerdictOutcome,
)
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage
from pointsman.model.request import Mode


def model(id_: str, provider: str, tier: str = "small") -> Model:
    return Model(
        id=id_, provider=provider, upstream=f"{id_}-2026", tier=tier, context=100_000, price=Price(input=5, output=7)
    )


@pytest.fixture
def catalogue() -> Catalogue:
    models = [model("mini", "openai"), model("haiku", "anthropic"), model("opus", "anthropic", "frontier")]
    return Catalogue(models={m.id: m for m in models}, tiers=("small", "frontier"), tasks={}, default_task="simple")


@pytest.fixture
def routed(catalogue: Catalogue) -> Routed:
    verdicts = [
        Verdict("limits", PolicyKind.LIMIT, "exclude_targets", VerdictOutcome.NARROWED, "too dear", 3, 2),
        Verdict("tags", PolicyKind.TAG, "assess_request", VerdictOutcome.NO_OPINION, ""),
        Verdict("limits", PolicyKind.LIMIT, "choose_targets", VerdictOutcome.NO_OPINION, "", dry_run=True),
    ]
    decision = Decision(
        target="mini",
        assessed=Assessed("simple", Mode.ECO, 0.5, "default"),
        decided_by="route",
        decided_by_kind=PolicyKind.ROUTING,
        reason="cheapest of the row",
        ranking=(Candidate("mini", Estimate(1, 2, 3, 4), ttft=0.25), Candidate("haiku", Estimate(5, 6, 7, 8))),
        excluded=(Candidate("opus", Estimate(9, 9, 9, 9), excluded_by="limits", excluded_reason="too dear"),),
        shaped=(),
        plan=Plan(
            (
                Stage((PlannedAttempt("mini"),)),
                Stage((PlannedAttempt("haiku", AttemptKind.FAILOVER),)),
            )
        ),
        trace=tuple(verdicts),
        config_version="v1",
    )
    chain = Chain(*[()] * len(fields(Chain)))
    rules = Rules.of("v1", catalogue, chain)
    return Routed("0197", decision, rules, 1_700_000_000.25, 0.000125, {"limits": 12.5, "tags": 3.0})


@pytest.fixture
def attempts() -> tuple[Attempt, ...]:
    failed = Attempt(
        number=1, kind=AttemptKind.PRIMARY, target="mini", provider="openai", upstream="mini-2026",
        outcome=AttemptOutcome.FAILED, started=1.0, duration=0.5, usage=Usage(input_tokens=10, estimated=True),
        cost_nano_usd=50, cost_source=CostSource.ESTIMATE, upstream_status=503,
        error_reason="ALL_PROVIDERS_DOWN", error_message="openai answered 503",
    )  # fmt: skip
    served = Attempt(
        number=2, kind=AttemptKind.FAILOVER, target="haiku", provider="anthropic", upstream="haiku-2026",
        outcome=AttemptOutcome.SERVED, started=2.0, duration=1.5, ttft=0.75,
        usage=Usage(10, 20, 3, 2, 5, cache_write_1h_input_tokens=1),
        cost_nano_usd=200, cost_source=CostSource.PRICE, served_model="haiku-x", upstream_request_id="req_1",
    )  # fmt: skip
    return failed, served


@pytest.fixture
def completion(routed: Routed, attempts: tuple[Attempt, ...]) -> Completion:
    return Completion("0197", routed, attempts, total_cost(attempts), 2.5, 1.25)
