from __future__ import annotations

from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource, total_cost
from pointsman.model.plan import AttemptKind


def attempt(outcome: AttemptOutcome, cost: int, source: CostSource = CostSource.PRICE) -> Attempt:
    return Attempt(
        number=1,
        kind=AttemptKind.PRIMARY,
        target="mini",
        provider="openai",
        upstream="mini",
        outcome=outcome,
        started=0.0,
        duration=1.0,
        cost_nano_usd=cost,
        cost_source=source,
    )


def test_all_but_the_answer_is_overhead() -> None:
    attempts = (
        attempt(AttemptOutcome.FAILED, 5, CostSource.ESTIMATE),
        attempt(AttemptOutcome.CANCELLED, 7),
        attempt(AttemptOutcome.SERVED, 100),
    )
    total = total_cost(attempts)
    assert (total, total.total) == (Cost(answer=100, overhead=12, estimated=True), 112)
    assert total_cost(()) == Cost()
