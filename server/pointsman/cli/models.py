"""The models of a running server that our key may use: where they are, and what they cost."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli import answers, connecting
from pointsman.cli.connecting import connect
from pointsman.cli.terminal import Terminal, table
from pointsman.rpc.client.views import CallFailed, ModelView

_COLUMNS = ("model", "provider", "tier", ">input", ">cached", ">output", ">context", "enabled")
_NANO = 1_000_000_000
_PATIENCE = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", default="", metavar="NAME", help="only those of this provider")
    parser.add_argument("--tier", default="", metavar="NAME", help="only those of this tier")
    connecting.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    try:
        with connect(options) as client:
            found = client.models(options.provider, options.tier, _PATIENCE)
    except CallFailed as failed:
        return answers.refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"models": found})
        return 0
    terminal.show(models_table(found))
    terminal.note("Prices are USD per million tokens.")
    return 0


def models_table(found: Sequence[ModelView]) -> Table:
    """A model in each row."""
    return table("", _COLUMNS, map(_row, found))


def _row(model: ModelView) -> Sequence[RenderableType]:
    return (
        Text(model.model, style="bold" if model.enabled else "dim"),
        model.provider,
        model.tier,
        _price(model.input),
        _price(model.cached_input),
        _price(model.output),
        f"{model.context:,}" if model.context else "-",
        Text("yes", style="green") if model.enabled else Text("no key", style="dim"),
    )


def _price(nano_usd: int) -> str:
    # As the configuration has it, where `usd` would have six digits of it.
    return f"${nano_usd / _NANO:,.10g}"
