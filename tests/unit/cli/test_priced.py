"""A cost can be explained by what is in the ledger alone."""

from __future__ import annotations

from msgspec.structs import replace
from rich.console import Console
from tests.contract.ledger.records import attempt, record

from pointsman.cli.priced import priced
from pointsman.config.load import load_catalogue
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource
from pointsman.model.pricing import cost_nano_usd

DOCUMENT = """\
providers: {openai: {wire: openai, api_key: "${OPENAI_API_KEY}"}}
models:
  mini: {provider: openai, upstream: x, tier: small, context: 400_000, price: {input: 0.75, output: 4.50}}
  sonnet:
    {provider: openai, upstream: y, tier: small, context: 400_000,
     price: {input: 3, cached_input: 0.3, cache_write: 3.75, cache_write_1h: 6, output: 15, per_request: 0.01,
             above: [{input_tokens: 999, input: 6, output: 22.5}, {input_tokens: 5000, input: 7, output: 30}]}}
tiers: [small]
tasks: {simple: {route: {balanced: small}}}
default: simple
chain: [{id: route, use: routing}]
"""


def shown(document: str | None, *attempts: Attempt) -> str:
    console = Console(width=140, no_color=True)
    with console.capture() as capture:
        for part in priced(record("d-1", *attempts), document):
            console.print(part)
    return capture.get()


def test_the_price_is_that_of_its_configuration_and_its_length() -> None:
    served = replace(attempt(2, "sonnet"), usage=Usage(1000, 200))
    text = shown(DOCUMENT, attempt(1, "mini", AttemptOutcome.FAILED), served)
    assert "(configuration v1)" in text
    assert [line.split() for line in text.splitlines() if "mini" in line] == [
        ["mini", "0.75", "0.75", "0.75", "0.75", "4.5", "0", "always"]
    ]
    (line,) = [line for line in text.splitlines() if "sonnet" in line]
    assert line.split()[1:7] == ["6", "6", "6", "6", "22.5", "0.01"]
    assert "above 999 tokens of input, up to 5,000 tokens of input" in line
    assert cost_nano_usd(load_catalogue(DOCUMENT).models["sonnet"].price, served.usage) == 10_000_000 + 10_500_000


def test_the_providers_own_figure_needs_no_price() -> None:
    assert shown(DOCUMENT, replace(attempt(1), cost_source=CostSource.PROVIDER)) == ""


def test_a_configuration_that_is_gone() -> None:
    for document in (None, "engines: {}"):
        assert "Prices unknown: configuration v1 is not in the ledger" in shown(document, attempt(1))
