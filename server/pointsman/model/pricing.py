"""What an attempt cost: the provider's own figure, else tokens times price, in exact integers rounded half up once."""

from __future__ import annotations

from pointsman.model.answer import Usage
from pointsman.model.attempt import CostSource
from pointsman.model.catalogue import Price

PER_TOKENS = 1_000_000
"""Tokens that a price is for."""
HALF = PER_TOKENS // 2
"""What is added before dividing, to round half up."""


def cost_nano_usd(price: Price, usage: Usage) -> int:
    """Nano-USD for these tokens and one request.

    The input's length decides which of its prices holds. Cached and cache-written input is priced on its own where the
    price says so; output includes reasoning.

        cost_nano_usd(Price(input=750_000_000, output=4_500_000_000), Usage(input_tokens=1, output_tokens=1))  # 5250
    """
    if price.above:
        price = price.at(usage.input_tokens)
    cached, written = usage.cached_input_tokens, usage.cache_write_input_tokens
    if not cached and not written:
        asked = usage.input_tokens * price.input
    else:
        # A provider that leaves cached tokens out of its input count must not make the rest negative.
        ordinary = max(0, usage.input_tokens - cached - written)
        read = price.input if price.cached_input is None else price.cached_input
        asked = ordinary * price.input + cached * read + (_writing(price, usage) if written else 0)
    return (asked + usage.output_tokens * price.output + HALF) // PER_TOKENS + price.per_request


def _writing(price: Price, usage: Usage) -> int:
    write = price.input if price.cache_write is None else price.cache_write
    hourly = write if price.cache_write_1h is None else price.cache_write_1h
    # Never more than all that was written, whatever a provider says.
    for_an_hour = min(usage.cache_write_1h_input_tokens, usage.cache_write_input_tokens)
    return (usage.cache_write_input_tokens - for_an_hour) * write + for_an_hour * hourly


def price_attempt(price: Price, usage: Usage, provider_cost: int | None) -> tuple[int, CostSource]:
    """The cost in nano-USD and where it comes from; `provider_cost` is the provider's own figure, which may be 0."""
    if provider_cost is not None:
        return provider_cost, CostSource.PROVIDER
    return cost_nano_usd(price, usage), CostSource.ESTIMATE if usage.estimated else CostSource.PRICE
