"""What a call is estimated to cost is what it would cost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pointsman.model.answer import Usage
from pointsman.model.catalogue import Price
from pointsman.model.pricing import cost_nano_usd
from pointsman.model.request import Hints, Params
from pointsman.testing import make_catalogue, make_model, make_request, make_rules, make_snapshot, shaped_targets
from pointsman_policies import routing

PRICES = st.builds(
    Price,
    input=st.integers(0, 10**12),
    output=st.integers(0, 10**12),
    cached_input=st.none() | st.integers(0, 10**12),
    per_request=st.integers(0, 10**9),
)


@settings(max_examples=100, deadline=None)
@given(
    PRICES,
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
    assert estimate.worst_case_nano_usd == cost_nano_usd(price, Usage(estimate.input_tokens, worst))
    assert estimate.expected_output_tokens <= worst
