"""`--ledger`: which ledger a command reads."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pointsman.config.secrets import read_secret
from pointsman.errors import SecretMissing
from pointsman.ledger.place import Place, place_of


def add_ledger(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--ledger",
        type=ledger,
        default=Path("pointsman.db"),
        metavar="PLACE",
        help="a file, a postgresql:// URL, or a reference to one such as '${DATABASE_URL}', which no list of processes "
        "shows (%(default)s)",
    )


def ledger(text: str) -> Place:
    try:
        return place_of(read_secret(text, os.environ))
    except SecretMissing as missing:
        raise argparse.ArgumentTypeError(str(missing)) from None
