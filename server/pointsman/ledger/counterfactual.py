"""What attempts would have cost at another price, worked out by the database: of each what `cost_nano_usd` says."""

from __future__ import annotations

from pointsman.model.catalogue import Price
from pointsman.model.pricing import HALF, PER_TOKENS


def cost_sql(price: Price) -> str:
    """An expression over the columns of attempts `a`: nano-USD, rounded half up once for each row, as attempts are."""
    found = _flat(price)
    if not price.above:
        return found
    # The longest first: the first condition that holds decides.
    steps = [f"WHEN a.input_tokens > {step.input_tokens} THEN {_flat(step.price)}" for step in reversed(price.above)]
    return f"CASE {' '.join(steps)} ELSE {found} END"


def _flat(price: Price) -> str:
    cached = price.input if price.cached_input is None else price.cached_input
    write = price.input if price.cache_write is None else price.cache_write
    hourly = write if price.cache_write_1h is None else price.cache_write_1h
    rates = ((_ORDINARY, price.input), (_CACHED, cached), (_WRITTEN, write), (_HOURLY, hourly), (_OUTPUT, price.output))
    # In two parts, because tokens times a price may be more than 64 bits hold: whole nano-USD a token, and the rest.
    whole = [f"{tokens} * {rate // PER_TOKENS}" for tokens, rate in rates if rate >= PER_TOKENS]
    rest = [f"{tokens} * {rate % PER_TOKENS}" for tokens, rate in rates if rate % PER_TOKENS]
    if rest:
        whole.append(f"({' + '.join(rest)} + {HALF}) / {PER_TOKENS}")
    return f"({' + '.join([*whole, str(price.per_request)])})"


def _tokens(column: str) -> str:
    return f"CAST(a.{column} AS BIGINT)"


def _less(first: str, second: str) -> str:
    return f"CASE WHEN {first} < {second} THEN {first} ELSE {second} END"


_INPUT, _OUTPUT, _CACHED = _tokens("input_tokens"), _tokens("output_tokens"), _tokens("cached_input_tokens")
_ALL_WRITTEN, _SAID_HOURLY = _tokens("cache_write_input_tokens"), _tokens("cache_write_1h_input_tokens")
_HOURLY = f"({_less(_SAID_HOURLY, _ALL_WRITTEN)})"
_WRITTEN = f"({_ALL_WRITTEN} - {_HOURLY})"
_REST = f"{_INPUT} - {_CACHED} - {_ALL_WRITTEN}"
_ORDINARY = f"(CASE WHEN {_REST} > 0 THEN {_REST} ELSE 0 END)"
