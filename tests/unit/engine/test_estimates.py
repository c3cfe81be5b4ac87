"""What a call is estimated to cost is what it would cost, and at worst no call costs more."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.model.answer import Usage
from pointsman.model.catalogue import Price, PriceStep
from pointsman.model.pricing import cost_nano_usd
from pointsman.model.request import Facts, Hints, Params
from pointsman.testing import make_catalogue, make_model, make_request, make_rules, make_snapshot, shaped_targets
from pointsman_policies import routing

RATES = st.integers(0, 10**12)
MAYBE = st.none() | RATES
FLAT = st.builds(Price, RATES, RATES, MAYBE, MAYBE, st.integers(0, 10**9), MAYBE)
STEPS = st.lists(st.integers(1, 300_000), max_size=3, unique=True).map(sorted)


@st.composite
def stepped(draw: st.DrawFn) -> Price:
    price = draw(FLAT)
    steps = [PriceStep(tokens, replace(draw(FLAT), per_request=price.per_request)) for tokens in draw(STEPS)]
    return replace(price, above=tuple(steps))


@settings(max_examples=100, deadline=None)
@given(
    stepped(),
    st.sampled_from([0, 100, 128_000]),
    st.none() | st.integers(1, 200_000),
    st.none() | st.integers(0, 300_000),
    st.sampled_from([0.25, 1.0, 1.37]),
)
def test_an_estimate_is_the_cost_where_nothing_is_cached(
    price: Price, own: int, wanted: int | None, counted: int | None, ratio: float
) -> None:
    model = replace(make_model("one"), price=price, max_output=own)
    request = make_request("word " * 50, hints=Hints(input_tokens=counted), params=Params(max_output_tokens=wanted))
    rules = make_rules(routing.plugin, catalogue=replace(make_catalogue(), models={"one": model}))
    shaped = shaped_targets(request, rules, make_snapshot(token_ratios={"one": ratio}))["one"]
    estimate = shaped.estimate
    assert estimate.input_tokens == (int(request.facts.input_tokens * ratio) if counted is None else counted)
    assert estimate.expected_nano_usd == cost_nano_usd(
        price, Usage(estimate.input_tokens, estimate.expected_output_tokens)
    )
    limits = [limit for limit in (shaped.max_output_tokens, own) if limit]
    worst = min(limits) if limits else max(0, model.context - estimate.input_tokens)
    assert estimate.worst_case_nano_usd >= cost_nano_usd(price, Usage(estimate.input_tokens, worst))
    assert estimate.expected_output_tokens <= worst


@settings(max_examples=100, deadline=None)
@given(
    stepped(), st.integers(0, 300_000), st.integers(0, 1000), st.lists(st.integers(0, 10**5), min_size=2, max_size=2),
    st.booleans(),
)  # fmt: skip
def test_no_way_of_caching_costs_more_than_the_worst_case(
    price: Price, asked: int, output: int, cached: list[int], hourly: bool
) -> None:
    model = replace(
        make_model("one"), price=replace(price, cached_input=None, above=tuple([_uncached(s) for s in price.above]))
    )
    request = replace(
        make_request("word", hints=Hints(input_tokens=asked), params=Params(max_output_tokens=1000)),
        facts=Facts(hourly_cache=hourly),
    )
    rules = make_rules(routing.plugin, catalogue=replace(make_catalogue(), models={"one": model}))
    shaped = shaped_targets(request, rules, make_snapshot())["one"]
    output = min(output, shaped.max_output_tokens or output)
    written = min(cached[0], asked)
    usage = Usage(
        asked, output, min(cached[1], asked - written), written, cache_write_1h_input_tokens=written if hourly else 0
    )
    assert cost_nano_usd(model.price, usage) <= shaped.estimate.worst_case_nano_usd


def test_the_input_decides_which_price_an_estimate_is_made_with() -> None:
    long = Price(input=2_000_000, output=3_000_000, cache_write=5_000_000, per_request=7)
    price = Price(input=1_000_000, output=1_000_000, per_request=7, above=(PriceStep(100, long),))
    rules = make_rules(
        routing.plugin, catalogue=replace(make_catalogue(), models={"one": replace(make_model("one"), price=price)})
    )

    def estimated(tokens: int) -> tuple[int, int]:
        request = make_request("word", hints=Hints(input_tokens=tokens), params=Params(max_output_tokens=10))
        estimate = shaped_targets(request, rules, make_snapshot())["one"].estimate
        return estimate.expected_nano_usd, estimate.worst_case_nano_usd

    assert estimated(100) == (100 + 10 + 7, 100 + 10 + 7)
    assert estimated(101) == (202 + 30 + 7, 505 + 30 + 7)


def test_an_estimate_near_a_step_may_be_beyond_it() -> None:
    beyond = Price(input=2_000_000, output=3_000_000)
    request = make_request("word " * 400, params=Params(max_output_tokens=10))
    tokens = request.facts.input_tokens

    def estimated(step: int, counted: int | None = None) -> tuple[int, int]:
        price = Price(input=1_000_000, output=1_000_000, above=(PriceStep(step, beyond),))
        models = {"one": replace(make_model("one"), price=price)}
        rules = make_rules(routing.plugin, catalogue=replace(make_catalogue(), models=models))
        asked = replace(request, hints=Hints(input_tokens=counted))
        estimate = shaped_targets(asked, rules, make_snapshot())["one"].estimate
        return estimate.expected_nano_usd, estimate.worst_case_nano_usd

    below = tokens + 10
    assert estimated(tokens + tokens // 8) == (below, below)
    assert estimated(tokens + tokens // 8 - 1) == (below, 2 * tokens + 30)
    assert estimated(tokens - 1) == (2 * tokens + 30, 2 * tokens + 30)
    # Who counted is believed.
    assert estimated(tokens, tokens) == (below, below)


def _uncached(step: PriceStep) -> PriceStep:
    return replace(step, price=replace(step.price, cached_input=None))
