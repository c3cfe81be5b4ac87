from __future__ import annotations

import msgspec
from rich.console import Console

from pointsman.cli.budgets import budgets_table
from pointsman.rpc.client.views import BudgetView

DAY = BudgetView(
    scope="acme/day",
    match={"tenant": "acme"},
    window="day",
    unit="nano_usd",
    limit=50 * 10**9,
    spent=40 * 10**9,
    reserved=10**9,
    period_start=0.0,
    period_end=86_400.0,
    steps=((0.8, "notice"), (1.0, "refuse")),
)
REQUESTS = BudgetView(
    scope="acme/requests",
    match={"tenant": "acme"},
    window="minute",
    unit="requests",
    limit=1000,
    spent=7,
    reserved=0,
    period_start=86_340.0,
    period_end=86_400.0,
    steps=(),
)


def test_a_row_each() -> None:
    console = Console(width=140, record=True, no_color=True)
    console.print(budgets_table([DAY, REQUESTS], 86_390.0))
    text = console.export_text()
    day, requests = [line for line in text.splitlines() if line.strip().startswith("acme/")]
    assert " ".join(day.split()[1:]) == "$41.00 (82.0%) $50.00 $1.00 10 s notice at 80%, refuse at 100%"
    assert "7 requests (0.7%)" in requests
    assert "1,000 requests" in requests
    assert "refuse at 100%" in requests


def test_eighty_columns_lose_nothing() -> None:
    console = Console(width=80, record=True, no_color=True)
    scope = "a-tenant-of-a-long-name/and-its-project/month"
    console.print(budgets_table([msgspec.structs.replace(DAY, scope=scope), REQUESTS], 0.0))
    rows = [line.split("  ")[0].strip() for line in console.export_text().splitlines()]
    assert scope + "acme/requests" in "".join(rows)


def test_one_is_singular() -> None:
    console = Console(width=140, record=True, no_color=True)
    console.print(budgets_table([msgspec.structs.replace(REQUESTS, spent=1)], 0.0))
    assert "1 request (" in console.export_text()
