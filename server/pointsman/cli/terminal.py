"""Where output goes: tables and text for people, or JSON for programs."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence

import msgspec
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.errors import Problem

# For what is no terminal, such as a file: wide enough that sentences in tables stay whole.
_WIDTH = 140
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Terminal:
    """Standard output and standard error. With `json`, standard output holds exactly one JSON document."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def show(self, *shown: RenderableType) -> None:
        """Print for people; nothing in JSON mode."""
        if not self.json:
            for item in shown:
                _print(self.out, item)

    def note(self, *shown: RenderableType) -> None:
        """Print beside the output, for people; nothing in JSON mode."""
        if not self.json:
            for item in shown:
                _print(self.err, item)

    # Whatever msgspec can encode: structs, dataclasses, mappings, sequences.
    def dump(self, value: object) -> None:
        """Print one JSON document."""
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
        sys.stdout.flush()

    def stream(self, text: str) -> None:
        """Write a piece of an answer at once, as it is; a terminal must not obey what a model writes."""
        sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()

    def error(self, message: str) -> None:
        """A failure in one sentence."""
        if self.json:
            self.dump({"error": {"message": message}})
        else:
            _print(self.err, printable(message))

    def problems(self, source: str, problems: Sequence[Problem]) -> None:
        """All problems of a configuration: on standard output as JSON, else one a line on standard error.

        Errors come last, where they are seen.
        """
        if self.json:
            self.dump({"problems": problems})
            return
        self.note(*(problem_line(source, problem) for problem in sorted(problems, key=_fatal)))


def _fatal(problem: Problem) -> bool:
    return problem.fatal


def problem_line(source: str, problem: Problem) -> Text:
    """`pointsman.yaml:12: error: tasks.code.route.eco: …`, which editors know how to follow."""
    where = f"{source}:{problem.line}" if problem.line else source
    kind, style = ("error", "bold red") if problem.fatal else ("warning", "yellow")
    path = "" if problem.path == source else f"{problem.path}: "
    return Text.assemble(f"{where}: ", (f"{kind}: ", style), printable(f"{path}{problem.message}"))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[RenderableType]]) -> Table:
    """A table. A column's name may start with ">", which aligns it right, or "*", which lets its text wrap."""
    made = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        name = column.lstrip(">*")
        made.add_column(name, justify="right" if column.startswith(">") else "left", overflow="fold")
        made.columns[-1].no_wrap = not column.startswith("*")
    for row in rows:
        made.add_row(*row)
    return made


def printable(text: str) -> str:
    """Escape what a terminal would obey."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def _print(console: Console, shown: RenderableType) -> None:
    # Sentences are left to the terminal to break, so that whoever searches a file finds them whole.
    console.print(shown, soft_wrap=isinstance(shown, str | Text))


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH
    return console
