from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console
from tests.contract.ledger.records import attempt, record

from pointsman.cli import main
from pointsman.cli.report import ALERTED, NoSuchModel, one_model
from pointsman.cli.report_parts import report_parts
from pointsman.config.load import load
from pointsman.ledger.figures import (
    Cascade,
    Comparison,
    Group,
    Groups,
    Hedging,
    Percentiles,
    Period,
    Rate,
    Rates,
    Report,
    Scope,
    Spend,
    TierLatency,
)
from pointsman.ledger.opening import open_ledger
from pointsman.model.answer import Usage
from pointsman.model.catalogue import Catalogue

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(EXAMPLE, {}, simulated="http://127.0.0.1").catalogue


SIMPLE, UNNAMED = Group("simple", 3, 0.75, 1_000_000, 0, 4_000_000), Group("", 1, 0.25, 3_000_000, 0, 4_000_000)
FLAGGED = Rate("code", 200, 24, 0.12, 400, 20, 0.05, 1.4, alert=True)
STEADY = Rate("code", 200, 2, 0.01, 400, 4, 0.01, 0.0)


def made(comparison: Comparison | None, requests: int = 4, only_decided: int = 0) -> Report:
    return Report(
        period=Period(0.0, 1_800_000_000.0),
        scope=Scope(tenant="acme", feature=""),
        requests=requests,
        only_decided=only_decided,
        statuses=(Group("OK", 4, 1.0, 4_000_000),),
        tasks=(SIMPLE, UNNAMED),
        tiers=(SIMPLE,),
        models=(SIMPLE,),
        deciders=(SIMPLE,),
        decider_kinds=(SIMPLE,),
        tenants=Groups(1, (replace(SIMPLE, name="acme"),)),
        projects=Groups(1, (UNNAMED,)),
        features=Groups(12, (replace(SIMPLE, name="search"),), Group("", 1, 0.25, 5)),
        sessions=Groups(0, ()),
        time_zone="UTC",
        days=(replace(SIMPLE, name="2026-11-24"),),
        tokens=Usage(1000, 200, 300, 50, 20),
        rates=Rates(0.25, 0.125, 0.5, Period(-1.0, 0.0), (FLAGGED,), (STEADY,)),
        hedging=Hedging(2, 0.5, 1, 1_000_000, 0.25),
        cascade=Cascade(1, 0.25, 1, 1.0, 2_000_000),
        spend=Spend(3_000_000, 1_000_000, 0.5),
        comparison=comparison,
        latencies=(TierLatency("small", None, Percentiles(0.5, 1.5, 4)),),
    )


def shown(report: Report, width: int = 200) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        for part in report_parts(report):
            console.print(part)
    return capture.get()


def test_everybody_is_compared_with_the_dearest_that_is_configured(catalogue: Catalogue) -> None:
    chosen = one_model(catalogue, None)
    assert (chosen.model, chosen.price.output) == ("opus", 25_000_000_000)


def test_or_with_the_model_named(catalogue: Catalogue) -> None:
    assert one_model(catalogue, "gpt-5.4").model == "gpt"
    with pytest.raises(NoSuchModel, match="did you mean 'opus'"):
        one_model(catalogue, "opos")


def test_shares_are_drawn() -> None:
    text = shown(made(Comparison("gpt", 40_000_000, 36_000_000, 0.9, 37_000_000, 0.925)))
    assert f"75.0%   {'█' * 12} " in text
    assert "(none)" in text
    assert "Everything at gpt: $0.040000; routing saved $0.036000, 90.0%" in text
    assert "without overhead: $0.037000 saved, 92.5%" in text
    assert "Fallback rate: 25.0%; escalation rate: 12.5%; override rate: 50.0%" in text
    assert "50.0% of it estimated" in text
    assert "Until 2027-01-15 08:00 UTC, tenant acme, feature (none)" in text


def test_what_is_flagged_needs_no_colour() -> None:
    text = shown(made(None))
    assert "! 12.0%     5.0%        1.0%     1.0%" in text
    assert (
        "ALERT: code: fallback rate 12.0% is 140.0% above its baseline of 5.0% (24 of 200 requests, before 20" in text
    )
    assert "raced, 1 of 2 won by the hedge; the losers cost $0.001000, 25.0% of all" in text
    assert "25.0% of the requests were judged, 100.0% of them escalated; rejected answers cost $0.002000" in text


def test_labels_that_nobody_uses_are_left_out_and_long_tails_added_up() -> None:
    text = shown(made(None))
    assert "Features, the dearest of 12" in text
    assert "(11 others)" in text
    assert "Tenants\n" in text.replace(" ", "")
    assert "Projects" not in text
    assert "Sessions" not in text


def test_many_days_are_a_line() -> None:
    days = tuple([replace(SIMPLE, name=f"2026-11-{day:02}", cost_nano_usd=day % 8 * 10**9) for day in range(1, 21)])
    text = shown(replace(made(None), days=days))
    assert "▂▃▄▅▆▇█▁▂▃▄▅▆▇█▁▂▃▄▅" in text
    assert "2026-11-01 to 2026-11-20, between $0.00 and $7.00, $3.30 on average" in text


def test_tables_fit_80_columns() -> None:
    report = made(Comparison("gpt", 40_000_000, 36_000_000, 0.9, 37_000_000, 0.925))
    wide = Group("a-name-that-is-longer-than-most", 12_345_678, 1.0, 10**15, 0, 10**16)
    lines = shown(replace(report, tasks=(wide,), days=(wide,), deciders=(wide,)), width=80).splitlines()
    assert max(map(len, lines)) <= 80
    assert any("a-name-that" in line for line in lines)


def test_a_loss_is_not_called_a_saving() -> None:
    text = shown(made(Comparison("nano", 3_000_000, -1_000_000, -0.3, -500_000, -0.16)))
    assert "routing cost $0.001000 more" in text
    assert "without overhead: $0.000500 more, 16.0%" in text


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
    newest = EXAMPLE.read_text().replace("  opus:", "  flagship:")
    path = await ledger(tmp_path, EXAMPLE.read_text(), newest)
    assert main(["report", "--ledger", path]) == 0
    assert "Everything at flagship: $" in capsys.readouterr().out
    assert main(["report", "--ledger", path, "--against", "mini", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparison"]["model"] == "mini"
    assert main(["report", "--ledger", path, "--config", str(EXAMPLE)]) == 0
    assert "Everything at opus: $" in capsys.readouterr().out


async def test_neither_keys_nor_policies_are_needed_for_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await ledger(tmp_path, EXAMPLE.read_text().replace("use: limits}", "use: uninstalled-since}"))
    assert main(["report", "--ledger", path]) == 0
    assert "Everything at opus: $" in capsys.readouterr().out


async def test_a_configuration_of_another_release_costs_the_comparison_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = await ledger(tmp_path, "engines: {}")
    assert main(["report", "--ledger", path]) == 0
    assert "Saving: unknown without prices" in capsys.readouterr().out
    assert main(["report", "--ledger", path, "--against", "opus"]) == 1
    assert "name one with --config" in capsys.readouterr().err


async def test_a_period_is_ago_or_a_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = await ledger(tmp_path, EXAMPLE.read_text())
    assert main(["report", "--ledger", path, "--since", "24h"]) == 0
    assert "Nothing was recorded" in capsys.readouterr().out
    chosen = ["report", "--ledger", path, "--time-zone", "Asia/Tokyo", "--json"]
    assert main([*chosen, "--since", "1970-01-01T09:00", "--until", "1970-01-02", "--baseline", "2h"]) == 0
    told = json.loads(capsys.readouterr().out)
    # Tokyo is nine hours early.
    assert told["period"] == {"since": 0.0, "until": 15 * 3600.0}
    assert told["rates"]["baseline"] == {"since": -7200.0, "until": 0.0}
    assert [day["name"] for day in told["days"]] == ["1970-01-01"]


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--since", "yesterday"], 2, "or a date or time such as 2026-11-01T09:30"),
        (["--since", "1h", "--until", "2h"], 2, "--since is not before --until"),
        (["--alert"], 2, "--alert compares with what was before --since; name one"),
        (["--baseline", "1h"], 2, "--baseline compares with what was before --since; name one"),
        (["--baseline", "0s", "--since", "1h"], 2, "must be longer than nothing"),
        (["--time-zone", "Mars/Olympus"], 2, "use a name such as Europe/Berlin, or install tzdata"),
        (["--most", "0"], 2, "must be a number from 1 to 1000, not '0'"),
    ],
)
async def test_options_that_mean_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int, said: str
) -> None:
    path = await ledger(tmp_path, EXAMPLE.read_text())
    try:
        ended = main(["report", "--ledger", path, *options])
    except SystemExit as left:
        ended = int(left.code or 0)
    assert ended == status
    assert said in " ".join(capsys.readouterr().err.split())


async def test_an_alert_is_an_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger.db"
    opened = await open_ledger(path)
    for number in range(400):
        attempts = (attempt(1),) if number < 200 or number % 2 else ()
        await opened.append(record(f"d-{number}", *attempts, received=1000.0 + number))
    await opened.aclose()
    chosen = ["report", "--ledger", str(path), "--since", "1970-01-01T00:20", "--until", "1970-01-01T00:23:20"]
    assert main([*chosen, "--alert"]) == ALERTED
    assert "ALERT: simple: fallback rate 50.0% is above its baseline of 0.0%" in capsys.readouterr().out
    assert main(chosen) == 0
    assert main([*chosen, "--alert", "--task", "code"]) == 0
