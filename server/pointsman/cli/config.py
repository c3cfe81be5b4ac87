"""Which configurations a server had, and going back to one of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import RenderableType
from rich.text import Text

from pointsman.cli import connecting
from pointsman.cli.reload import PATIENCE, change_lines, refused
from pointsman.cli.terminal import Terminal, printable, table
from pointsman.rpc.client.configuring import History
from pointsman.rpc.client.views import CallFailed

_LINES = 20
_COLUMNS = ("version", "active since", "by", "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # Here, too, so that it is understood after the subcommand, where everybody looks for it.
    shared = argparse.ArgumentParser(add_help=False)
    connecting.add_arguments(shared)
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    history = actions.add_parser("history", parents=[shared], help="which were active, the newest first")
    history.add_argument("--lines", type=int, default=_LINES, metavar="N", help="at most so many (%(default)s)")
    back = actions.add_parser("rollback", parents=[shared], help="activate one of them again")
    back.add_argument("version", nargs="?", default="", metavar="VERSION", help="unset: the one before")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    # Which was given after the subcommand, when the terminal had been made.
    terminal.json = options.json
    try:
        with connecting.connect(options) as client:
            if options.action == "history":
                _show(client.history(options.lines, PATIENCE), terminal)
            else:
                done = client.rollback(options.version, PATIENCE)
                if terminal.json:
                    terminal.dump({"change": done})
                terminal.show(*change_lines(done))
    except CallFailed as failed:
        return refused(failed, options.address, terminal)
    return 0


def _show(history: History, terminal: Terminal) -> None:
    if terminal.json:
        terminal.dump({"history": history})
    terminal.show(table("", _COLUMNS, _rows(history)))


def _rows(history: History) -> Iterator[Sequence[RenderableType]]:
    newest = True
    for past in history.activations:
        active = newest and past.version == history.active
        newest = newest and not active
        when = datetime.fromtimestamp(past.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        version = Text(printable(past.version), style="bold" if active else "")
        yield version, when, past.by.value, "active" if active else ""
