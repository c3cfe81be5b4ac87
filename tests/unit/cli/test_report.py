from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console
from tests.contract.ledger.records import record

from pointsman.cli import main
from pointsman.cli.report import NoSuchModel, one_model, report_parts
from pointsman.config.load import load
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.reports import Comparison, Group, Percentiles, Period, Report, Spend, TierLatency
from pointsman.model.answer import Usage
from pointsman.model.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(EXAMPLE, {}, simulated="http://127.0.0.1").catalogue


def made(comparison: Comparison | None, requests: int = 4, only_decided: int = 0) -> Report:
    simple, code = Group("simple", 3, 0.75, 1_000_000), Group("", 1, 0.25, 3_000_000)
    return Report(
        period=Period(0.0, 1.0),
        requests=requests,
        only_decided=only_decided,
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


def test_decisions_without_a_run_are_told_apart() -> None:
    assert shown(made(None, only_decided=3)).startswith("4 requests, $0.004000; 3 decisions without a run\n")
    assert shown(made(None, requests=0, only_decided=3)) == "3 decisions without a run for $0.004000, nothing else.\n"
    assert "without a run" not in shown(made(None))


async def ledger(directory: Path, *documents: str) -> str:
    """One request under each of these configurations, in this order of time; kept in the opposite one."""
    path = directory / "ledger.db"
    opened = await open_ledger(path)
    for number, document in reversed(list(enumerate(documents))):
        await opened.add_config(f"v{number}", document)
        asked = record(f"d-{number}", received=float(number))
        await opened.append(replace(asked, snapshot=replace(asked.snapshot, config_version=f"v{number}")))
    await opened.aclose()
    return str(path)


async def test_prices_are_those_of_the_newest_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    newest = EXAMPLE.read_text().replace("  gpt: ", "  flagship: ").replace("[mini, gpt]", "[mini, flagship]")
    path = await ledger(tmp_path, EXAMPLE.read_text(), newest)
    assert main(["report", "--ledger", path]) == 0
    assert "Everything at flagship: $" in capsys.readouterr().out
    assert main(["report", "--ledger", path, "--against", "opus", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparison"]["model"] == "opus"
    assert main(["report", "--ledger", path, "--config", str(EXAMPLE)]) == 0
    assert "Everything at gpt: $" in capsys.readouterr().out


async def test_neither_keys_nor_policies_are_needed_for_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await ledger(tmp_path, EXAMPLE.read_text().replace("use: limits}", "use: uninstalled-since}"))
    assert main(["report", "--ledger", path]) == 0
    assert "Everything at gpt: $" in capsys.readouterr().out


async def test_a_configuration_of_another_release_costs_the_comparison_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await ledger(tmp_path, "engines: {}")
    assert main(["report", "--ledger", path]) == 0
    assert "Saving: unknown without prices" in capsys.readouterr().out
    assert main(["report", "--ledger", path, "--against", "opus"]) == 1
    assert "name one with --config" in capsys.readouterr().err
