"""Real price lists, and what they make of some usages, worked out apart from the code that is checked."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.config.load import load_catalogue
from pointsman.config.schema.models import Price as Row
from pointsman.model.answer import Usage
from pointsman.model.catalogue import Price, PriceStep
from pointsman.model.pricing import cost_nano_usd

# Any: cards are read as they are written.
CARDS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "price_cards.yaml").read_text())
EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"
UNCONFIRMED = {"mistral-small-latest"}
"""Of the example: models of which no price list could be found."""


def price_of(row: Row) -> Price:
    def rates(r: Any) -> Price:
        return Price(r.input, r.output, r.cached_input, r.cache_write, row.per_request, r.cache_write_1h)

    price = rates(row)
    return Price(
        price.input,
        price.output,
        price.cached_input,
        price.cache_write,
        row.per_request,
        price.cache_write_1h,
        tuple([PriceStep(step.input_tokens, rates(step)) for step in row.above]),
    )


def by_hand(card: dict[str, Any], used: dict[str, int]) -> int:
    """In dollars, as a person with the price list would do it."""
    rates = card["price"]
    for step in rates.get("above", ()):
        if used["input"] > step["input_tokens"]:
            rates = step
    dollars = {name: Fraction(str(value)) for name, value in rates.items() if name != "above"}
    write = dollars.get("cache_write", dollars["input"])
    cached, written, hourly = used.get("cached", 0), used.get("written", 0), used.get("written_1h", 0)
    total = (used["input"] - cached - written) * dollars["input"] + used["output"] * dollars["output"]
    total += cached * dollars.get("cached_input", dollars["input"])
    total += (written - hourly) * write + hourly * dollars.get("cache_write_1h", write)
    fee = Fraction(str(card["price"].get("per_request", 0)))
    return floor(total / 10**6 * 10**9 + Fraction(1, 2)) + int(fee * 10**9)


@pytest.mark.parametrize(
    ("card", "used"),
    [pytest.param(card, used, id=f"{card['model']}-{n}") for card in CARDS for n, used in enumerate(card["usages"])],
)
def test_costs_what_the_list_says(card: dict[str, Any], used: dict[str, int]) -> None:
    usage = Usage(
        used["input"],
        used["output"],
        used.get("cached", 0),
        used.get("written", 0),
        cache_write_1h_input_tokens=used.get("written_1h", 0),
    )
    assert by_hand(card, used) == used["nano_usd"]
    assert cost_nano_usd(price_of(Row.model_validate(card["price"])), usage) == used["nano_usd"]


def test_each_card_is_a_fact() -> None:
    assert len(CARDS) >= 20
    assert len({card["model"] for card in CARDS}) == len(CARDS)
    for card in CARDS:
        assert card["source"].startswith("https://"), card["model"]
        assert card["seen"].isoformat() >= "2026-11-24", card["model"]
        assert 2 <= len(card["usages"]) <= 4, card["model"]


def test_the_example_has_the_prices_of_the_cards() -> None:
    cards = {card["model"]: price_of(Row.model_validate(card["price"])) for card in CARDS}
    for model in load_catalogue(EXAMPLE).models.values():
        upstream = model.upstream.removeprefix("anthropic/").replace("opus-4.6", "opus-4-6")
        if upstream in UNCONFIRMED:
            assert upstream not in cards
            continue
        listed, price = cards[upstream], model.price
        assert (price.input, price.output, price.cached_input) == (listed.input, listed.output, listed.cached_input)
        assert (price.cache_write, price.cache_write_1h) == (listed.cache_write, listed.cache_write_1h)
        assert price.above == listed.above or model.context <= listed.above[0].input_tokens


def test_the_page_on_prices_can_be_copied() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", (EXAMPLE.parents[1] / "docs" / "prices.md").read_text(), re.M | re.S)
    cards = {card["model"]: price_of(Row.model_validate(card["price"])) for card in CARDS}
    for model in yaml.safe_load(block)["models"].values():
        assert price_of(Row.model_validate(model["price"])) == cards[model["upstream"]]
