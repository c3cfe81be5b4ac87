"""One row for each decision, printed as soon as it is known: a table that grows while it is read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import seconds, usd
from pointsman.cli.terminal import Terminal
from pointsman.cli.transcript import Transcript

_COLUMNS = (("request", 22), ("task", 9), ("mode", 8), ("decided by", 10), ("reason", 24), ("model", 14))
_NUMBERS = (("ttft", 7), ("cost", 9))


class Rows:
    """Every row is a table of one line, with the same widths; what is left of the terminal goes to the reason."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        fixed = sum(width + 1 for _, width in (*_COLUMNS, *_NUMBERS))
        self._more = max(0, terminal.out.width - fixed)

    def head(self) -> None:
        """The columns' names."""
        names = [name for name, _ in (*_COLUMNS, *_NUMBERS)]
        self._print([Text(name, style="bold") for name in names])

    def add(self, shows: str, transcript: Transcript) -> None:
        """The row of an answered request; the model is the one that served."""
        decision, usage, finish = transcript.decision, transcript.usage, transcript.finish
        if decision is None or usage is None or finish is None:
            return
        moved = finish.model != decision.model
        served = Text(f"{decision.model} → {finish.model}" if moved else finish.model, style="green")
        self._print(
            [
                Text(shows),
                Text(decision.task),
                Text(decision.mode),
                Text(decision.decided_by),
                Text(decision.reason),
                served,
                Text(seconds(finish.ttft)),
                Text(usd(usage.cost.total)),
            ]
        )

    def _print(self, cells: Sequence[Text]) -> None:
        row = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        for name, width in _COLUMNS:
            row.add_column(width=width + (self._more if name == "reason" else 0), overflow="fold")
        for _, width in _NUMBERS:
            row.add_column(width=width, justify="right", no_wrap=True)
        row.add_row(*cells)
        self._terminal.show(row)
