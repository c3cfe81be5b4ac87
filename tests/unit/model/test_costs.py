from __future__ import annotations

import pytest
from msgspec.structs import replace

from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource, total_cost
from pointsman.model.catalogue import Price
from pointsman.model.plan import AttemptKind
from pointsman.model.pricing import cost_nano_usd, plain_cost

PRICES = [
    Price(input=750_000_000, output=4_500_000_000),
    Price(input=3_000_000_000, output=15_000_000_000, cached_input=300_000_000, cache_write=3_750_000_000),
    Price(input=37_500_000, output=1, per_request=3),
]


@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("tokens", [(0, 0), (1, 0), (12_345, 678), (999_999, 1)])
def test_an_estimate_is_the_cost_where_nothing_is_cached(price: Price, tokens: tuple[int, int]) -> None:
    assert plain_cost(price, *tokens) == cost_nano_usd(price, Usage(*tokens))


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


def test_what_policies_ask_for_themselves_is_never_the_answer() -> None:
    question = replace(attempt(AttemptOutcome.SERVED, 3), kind=AttemptKind.ASSIST)
    assert total_cost((question, attempt(AttemptOutcome.SERVED, 100))) == Cost(answer=100, overhead=3)
    assert (question.served, question.answers) == (False, False)
