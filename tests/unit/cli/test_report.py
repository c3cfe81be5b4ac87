from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from pointsman.cli.report import NoSuchModel, one_model, report_parts
from pointsman.config.load import load
from pointsman.ledger.reports import Comparison, Group, Percentiles, Period, Report, Spend, TierLatency
from pointsman.model.answer import Usage
from pointsman.model.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(EXAMPLE, {}, simulated="http://127.0.0.1").catalogue


def made(comparison: Comparison | None, requests: int = 4) -> Report:
    simple, code = Group("simple", 3, 0.75, 1_000_000), Group("", 1, 0.25, 3_000_000)
    return Report(
        period=Period(0.0, 1.0),
        requests=requests,
        statuses=(Group("OK", 4, 1.0, 4_000_000),),
        tasks=(simple, code),
        tiers=(simple,),
        models=(simple,),
        deciders=(simple,),
        tokens=Usage(1000, 200, 300, 50, 20),
        fallback_rate=0.25,
        spend=Spend(3_000_000, 1_000_000, 0.5),
        comparison=comparison,
        latencies=(TierLatency("small", None, Percentiles(0.5, 1.5, 4)),),
    )


def shown(report: Report) -> str:
    console = Console(width=120, no_color=True)
    with console.capture() as capture:
        for part in report_parts(report):
            console.print(part)
    return capture.get()


def test_everybody_is_compared_with_the_first_of_the_dearest_tier(catalogue: Catalogue) -> None:
    chosen = one_model(catalogue, None)
    assert chosen.model == "gpt"
    assert chosen.price_of(Usage(input_tokens=1_000_000)) == 2_500_000_000


def test_or_with_the_model_named(catalogue: Catalogue) -> None:
    assert one_model(catalogue, "gpt-5.4").model == "gpt"
    with pytest.raises(NoSuchModel, match="did you mean 'opus'"):
        one_model(catalogue, "opos")


def test_shares_are_drawn() -> None:
    text = shown(made(Comparison("gpt", 40_000_000, 36_000_000, 0.9)))
    assert f"75.0%   {'█' * 18} " in text
    assert "(none)" in text
    assert "Everything at gpt: $0.040000; routing saved $0.036000, 90.0%" in text
    assert "Fallback rate: 25.0%" in text
    assert "50.0% of it estimated" in text


def test_a_loss_is_not_called_a_saving() -> None:
    assert "routing cost $0.001000 more" in shown(made(Comparison("nano", 3_000_000, -1_000_000, -0.3)))


def test_without_prices_nothing_is_claimed() -> None:
    assert "Saving: unknown without prices" in shown(made(None))


def test_an_empty_period_says_so() -> None:
    assert shown(made(None, requests=0)) == "Nothing was recorded in this period.\n"
