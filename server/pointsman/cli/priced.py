"""What a recorded request was priced with: the configuration that decided it is in the ledger, prices and all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rich.console import RenderableType
from rich.text import Text

from pointsman.cli.terminal import table
from pointsman.config.load import load_catalogue
from pointsman.errors import ConfigInvalid
from pointsman.model.attempt import Attempt, CostSource
from pointsman.model.catalogue import Price
from pointsman.model.record import Record

_COLUMNS = ("model", ">input", ">cached", ">written", ">for an hour", ">output", ">a request", "*holds")


def priced(record: Record, document: str | None) -> Iterator[RenderableType]:
    """The prices of its attempts, each for the length of its input; `document` is the configuration of its version."""
    ours = [attempt for attempt in record.attempts if attempt.cost_source in (CostSource.PRICE, CostSource.ESTIMATE)]
    if not ours:
        return
    version = record.snapshot.config_version
    try:
        models = load_catalogue(document).models if document is not None else {}
    except ConfigInvalid:
        models = {}
    rows = {attempt.target: _row(attempt, models[attempt.target].price) for attempt in ours if attempt.target in models}
    if rows:
        yield table(f"Priced at, USD per million tokens (configuration {version})", _COLUMNS, rows.values())
    else:
        yield Text(
            f"Prices unknown: configuration {version} is not in the ledger, or not one that this Pointsman reads"
        )


def _row(attempt: Attempt, price: Price) -> list[str]:
    held = price.at(attempt.usage.input_tokens)
    write = held.input if held.cache_write is None else held.cache_write
    return [
        attempt.target,
        _usd(held.input),
        _usd(held.input if held.cached_input is None else held.cached_input),
        _usd(write),
        _usd(write if held.cache_write_1h is None else held.cache_write_1h),
        _usd(held.output),
        _usd(held.per_request),
        _holds(attempt, price),
    ]


def _holds(attempt: Attempt, price: Price) -> str:
    asked = attempt.usage.input_tokens
    passed = [step.input_tokens for step in price.above if asked > step.input_tokens]
    ahead = [step.input_tokens for step in price.above if asked <= step.input_tokens]
    above = f"above {passed[-1]:,} tokens of input" if passed else ""
    up_to = f"up to {ahead[0]:,} tokens of input" if ahead else ""
    return ", ".join(filter(None, (above, up_to))) or "always"


def _usd(nano_usd: int) -> str:
    return f"{(Decimal(nano_usd) / 10**9).normalize():f}"
