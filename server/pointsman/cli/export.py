"""Everything recorded as JSON lines, for whatever else reads it."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime

from pointsman.cli.ledger_option import add_ledger
from pointsman.cli.terminal import Terminal
from pointsman.config.scalars import long_duration
from pointsman.ledger.export import export
from pointsman.ledger.figures import Period


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_ledger(parser)
    when = "such as 24h ago, as `24h`, or 2026-03-01 or 2026-03-01T12:00:00Z; UTC unless it says otherwise"
    parser.add_argument("--since", type=moment, default=0.0, metavar="TIME", help=f"received then or later, {when}")
    parser.add_argument("--until", type=moment, metavar="TIME", help="received before; unset: now")
    parser.add_argument(
        "--documents",
        action="store_true",
        help="with request, snapshot and decision, in the form that this release has",
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    period = Period(options.since, time.time() if options.until is None else options.until)
    out = sys.stdout.buffer
    for line in export(options.ledger, period, documents=options.documents):
        out.write(line + b"\n")
    out.flush()
    return 0


def moment(text: str) -> float:
    """Unix seconds of a moment, or of so long ago."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        try:
            return time.time() - long_duration(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} {error}, or a date such as 2026-03-01") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
