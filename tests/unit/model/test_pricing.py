from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.model.answer import Usage
from pointsman.model.attempt import CostSource
from pointsman.model.catalogue import Price
from pointsman.model.pricing import cost_nano_usd, price_attempt

MINI = Price(input=750_000_000, output=4_500_000_000, cached_input=75_000_000)
SONNET = Price(input=3_000_000_000, output=15_000_000_000, cached_input=300_000_000, cache_write=3_750_000_000)

GOLDEN = [
    pytest.param(MINI, Usage(), 0, id="nothing"),
    pytest.param(MINI, Usage(input_tokens=1_000_000), 750_000_000, id="a million in"),
    pytest.param(MINI, Usage(input_tokens=1_200, output_tokens=300), 900_000 + 1_350_000, id="in and out"),
    pytest.param(MINI, Usage(input_tokens=1_000, cached_input_tokens=900), 75_000 + 67_500, id="cached"),
    pytest.param(Price(100, 0), Usage(input_tokens=10_000, cached_input_tokens=10_000), 1, id="cached without price"),
    pytest.param(
        SONNET,
        Usage(input_tokens=10_000, cached_input_tokens=6_000, cache_write_input_tokens=3_000, output_tokens=10),
        3_000_000 + 1_800_000 + 11_250_000 + 150_000,
        id="cache read and written",
    ),
    pytest.param(MINI, Usage(output_tokens=1_000, reasoning_tokens=900), 4_500_000, id="reasoning is output"),
    pytest.param(Price(37_500_000, 0), Usage(input_tokens=1), 38, id="37.5 goes up"),
    pytest.param(Price(1, 1), Usage(input_tokens=499_999), 0, id="just under half"),
    pytest.param(Price(1, 1), Usage(input_tokens=250_000, output_tokens=250_000), 1, id="two quarters, rounded once"),
    pytest.param(Price(0, 0, per_request=5_000_000), Usage(input_tokens=7), 5_000_000, id="per request"),
    pytest.param(MINI, Usage(input_tokens=10, cached_input_tokens=100), 7_500, id="cached not in the input count"),
    pytest.param(Price(10**15, 0), Usage(input_tokens=10**7), 10**16, id="beyond a double's 53 bits"),
]

counts = st.integers(0, 10**7)
prices = st.integers(0, 10**12)


@pytest.mark.parametrize(("price", "usage", "cost"), GOLDEN)
def test_golden(price: Price, usage: Usage, cost: int) -> None:
    assert cost_nano_usd(price, usage) == cost


@given(st.builds(Price, prices, prices), counts, counts)
def test_is_the_exact_sum_rounded_once(price: Price, tokens_in: int, tokens_out: int) -> None:
    exact = Fraction(tokens_in * price.input + tokens_out * price.output, 1_000_000)
    cost = cost_nano_usd(price, Usage(input_tokens=tokens_in, output_tokens=tokens_out))
    assert Fraction(-1, 2) < cost - exact <= Fraction(1, 2)


@given(prices, counts, counts, counts)
def test_a_cache_priced_as_input_changes_nothing(price: int, ordinary: int, cached: int, written: int) -> None:
    split = Usage(
        input_tokens=ordinary + cached + written, cached_input_tokens=cached, cache_write_input_tokens=written
    )
    whole = Usage(input_tokens=ordinary + cached + written)
    assert cost_nano_usd(Price(price, 0, price, price), split) == cost_nano_usd(Price(price, 0), whole)
    assert cost_nano_usd(Price(price, 0), split) == cost_nano_usd(Price(price, 0), whole)


@given(st.builds(Price, prices, prices), st.lists(st.tuples(counts, counts), max_size=20))
def test_many_attempts_stray_half_a_nano_each_at_most(price: Price, attempts: list[tuple[int, int]]) -> None:
    costs = sum(cost_nano_usd(price, Usage(input_tokens=i, output_tokens=o)) for i, o in attempts)
    exact = sum((Fraction(i * price.input + o * price.output, 1_000_000) for i, o in attempts), Fraction(0))
    assert abs(costs - exact) <= Fraction(len(attempts), 2)


@pytest.mark.parametrize(
    ("estimated", "told", "expected"),
    [
        (False, 17, (17, CostSource.PROVIDER)),
        (False, 0, (0, CostSource.PROVIDER)),
        (True, 17, (17, CostSource.PROVIDER)),
        (False, None, (750_000, CostSource.PRICE)),
        (True, None, (750_000, CostSource.ESTIMATE)),
    ],
)
def test_whose_figure_counts(estimated: bool, told: int | None, expected: tuple[int, CostSource]) -> None:
    assert price_attempt(MINI, Usage(input_tokens=1_000, estimated=estimated), told) == expected
