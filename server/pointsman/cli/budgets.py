"""How the budgets of a running server stand, and when they begin anew."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli import answers, connecting
from pointsman.cli.figures import percent, span, usd
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.rpc.client.views import BudgetView, CallFailed

_COLUMNS = ("*budget", ">used", ">of", ">held", ">anew in", "*steps")
_PATIENCE = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", default="", help="only those that count this tenant's requests alone")
    connecting.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    try:
        with connecting.connect(options) as client:
            found = client.budgets(options.tenant, _PATIENCE)
    except CallFailed as failed:
        return answers.refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"budgets": found})
    elif found:
        terminal.show(budgets_table(found, time.time()))
    else:
        whose = f"no budget counts the requests of tenant {options.tenant!r} alone; without --tenant all are shown"
        terminal.note(whose if options.tenant else "no budget is configured; docs/budgets.md says how to")
    return 0


def budgets_table(found: Sequence[BudgetView], now: float) -> Table:
    """One row each; what is held for running requests is used, too."""
    return table("", _COLUMNS, _rows(found, now))


def _rows(found: Sequence[BudgetView], now: float) -> Iterator[Sequence[RenderableType]]:
    for budget in found:
        used = budget.spent + budget.reserved
        share = used / budget.limit if budget.limit else 1.0
        yield (
            Text(printable(budget.scope), style="bold"),
            Text(
                f"{_amount(budget, used)} ({percent(share)})",
                style="red" if share >= 1 else "yellow" if share >= 0.8 else "green",
            ),
            _amount(budget, budget.limit),
            _amount(budget, budget.reserved) if budget.reserved else "-",
            span(max(0.0, budget.period_end - now)),
            ", ".join([f"{action} at {share:.0%}" for share, action in budget.steps]) or "refuse at 100%",
        )


def _amount(budget: BudgetView, amount: int) -> str:
    if budget.unit == "nano_usd":
        return usd(amount)
    return f"{amount:,} {budget.unit.removesuffix('s') if amount == 1 else budget.unit}"
