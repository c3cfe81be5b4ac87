"""How the providers behind a running server are doing, and when what is down is tried again."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli import answers, connecting
from pointsman.cli.connecting import connect
from pointsman.cli.figures import percent, seconds
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.rpc.client.views import CallFailed, HealthView

_COLUMNS = ("provider, model", "state", ">failed", ">ttft p50", ">p95", ">again in", "*why")
_STYLES = {"up": "green", "degraded": "yellow", "down": "bold red", "probing": "yellow", "disabled": "dim"}
_PATIENCE = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("provider", nargs="*", metavar="PROVIDER", help="only these; none named: all")
    connecting.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    try:
        with connect(options) as client:
            found = client.health(options.provider, _PATIENCE)
    except CallFailed as failed:
        return answers.refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"health": found})
        return 0
    terminal.show(health_table(found))
    return 0


def health_table(found: Sequence[HealthView]) -> Table:
    """Each provider in a row of its own, above its models."""
    return table("", _COLUMNS, _rows(found, time.time()))


def _rows(found: Sequence[HealthView], now: float) -> Iterator[Sequence[RenderableType]]:
    for row in found:
        yield (
            f"  {row.model}" if row.model else Text(row.provider, style="bold"),
            Text(row.state, style=_STYLES.get(row.state, "")),
            f"{percent(row.error_ratio)} of {row.requests:,}" if row.requests else "-",
            seconds(row.ttft_p50),
            seconds(row.ttft_p95),
            "-" if row.next_probe is None else seconds(max(0.0, row.next_probe - now)),
            printable(row.reason),
        )
