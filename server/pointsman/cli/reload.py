"""Have a running server read its configuration file again, or say what that would do (--dry-run)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from rich.text import Text

from pointsman.cli import answers, connecting
from pointsman.cli.terminal import Terminal, printable
from pointsman.errors import Reason
from pointsman.model.activation import Reloaded
from pointsman.rpc.client.views import CallFailed

PATIENCE = 120.0
"""Seconds: importing and making policies takes as long as a start does."""

_REFUSED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only validate, and say what would change")
    parser.add_argument("--expect", default="", metavar="VERSION", help="only while this configuration is active")
    connecting.add_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    try:
        with connecting.connect(options) as client:
            done = client.reload(dry_run=options.dry_run, expected=options.expect, timeout=PATIENCE)
    except CallFailed as failed:
        return refused(failed, options.address, terminal)
    if terminal.json:
        terminal.dump({"change": done})
        return 0
    terminal.show(*change_lines(done, dry_run=options.dry_run))
    return 0


def refused(failed: CallFailed, address: str, terminal: Terminal) -> int:
    """Tell why nothing was changed; the exit status."""
    status = answers.refused(failed, address, terminal)
    return _REFUSED if failed.failure.reason == Reason.CONFIG_INVALID.value else status


def change_lines(done: Reloaded, *, dry_run: bool = False) -> Iterator[Text]:
    """What a reload or a rollback did, in sentences."""
    if not done.changed:
        yield Text(f"configuration {done.active} stays active: nothing in it has changed")
    elif dry_run:
        yield Text(f"configuration {done.active} would be active instead of {done.previous}")
    else:
        yield Text(f"configuration {done.active} is active, {done.previous} before")
    for warning in done.warnings:
        yield Text.assemble(("warning: ", "yellow"), printable(str(warning)))
    for setting in done.at_next_start:
        yield Text.assemble((f"{setting} has changed", "yellow"), ", which takes effect at the next start")
