"""One row for each decision, printed as soon as it is known: a table that grows while it is read."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import seconds, usd
from pointsman.cli.terminal import Terminal
from pointsman.cli.transcript import Transcript

_WIDTHS = {"task": 9, "mode": 8, "decided by": 10, "model": 14, "ttft": 7, "cost": 9}
_NUMBERS = ("ttft", "cost")
_REQUEST, _REASON = 22, 24


class Rows:
    """Every row is a table of one line with the same widths; where there is no room, reasons get lines of their own."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        left = terminal.out.width - sum(_WIDTHS.values()) - len(_WIDTHS) - 2
        self._wide = left >= _REQUEST + _REASON
        if self._wide:
            self._widths = {"request": _REQUEST, **_WIDTHS, "reason": left - _REQUEST}
        else:
            self._widths = {"request": max(8, left), **_WIDTHS}

    def head(self) -> None:
        """The columns' names."""
        self._print({name: Text(name, style="bold") for name in (*self._widths, "reason")})

    def add(self, shows: str, transcript: Transcript) -> None:
        """The row of an answered request; the model is the one that served."""
        decision, usage, finish = transcript.decision, transcript.usage, transcript.finish
        if decision is None or usage is None or finish is None:
            return
        moved = finish.model != decision.model
        self._print(
            {
                "request": Text(shows),
                "task": Text(decision.task),
                "mode": Text(decision.mode),
                "decided by": Text(decision.decided_by),
                "reason": Text(decision.reason, style="" if self._wide else "dim"),
                "model": Text(f"{decision.model} → {finish.model}" if moved else finish.model, style="green"),
                "ttft": Text(seconds(finish.ttft)),
                "cost": Text(usd(usage.cost.total)),
            }
        )

    def _print(self, cells: Mapping[str, Text]) -> None:
        row = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        for name, width in self._widths.items():
            number = name in _NUMBERS
            row.add_column(width=width, justify="right" if number else "left", no_wrap=number, overflow="fold")
        row.add_row(*(cells[name] for name in self._widths))
        self._terminal.show(row)
        if not self._wide:
            self._terminal.show(Text("  ") + cells["reason"])
