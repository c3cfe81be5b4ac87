"""Where and how the ledger is written; the URL of a database by reference, since it holds a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.config.positions import Source
from pointsman.config.references import mapping
from pointsman.config.scalars import parse_reference
from pointsman.config.schema.ledger import Ledger
from pointsman.config.secrets import read_secret
from pointsman.errors import Problem, SecretMissing
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.place import Postgres, place_of


@dataclass(frozen=True, slots=True)
class Database:
    """`url` is "" where there is none, or no good one; the problems say so."""

    url: str = field(default="", repr=False)
    problems: tuple[Problem, ...] = ()


def find_database(source: Source, environ: Mapping[str, str]) -> Database:
    """Resolve `ledger.url`. That it is missing is fatal only to who opens the ledger: others can do without."""
    reference, path = mapping(mapping(source.data).get("ledger")).get("url"), ("ledger", "url")
    if not isinstance(reference, str) or not parse_reference(reference):
        return Database()
    try:
        url = read_secret(reference, environ)
    except SecretMissing as missing:
        return Database(problems=(source.problem(path, f"{missing}; to serve, set it", fatal=missing.unusable),))
    if not isinstance(place_of(url), Postgres):
        message = f"what {reference} stands for does not begin with postgresql://; put the whole URL there"
        return Database(problems=(source.problem(path, message),))
    return Database(url)


def ledger_options(settings: Ledger) -> LedgerOptions:
    """How a ledger is to be written, as its section of the configuration says."""
    return LedgerOptions(
        synchronous=settings.synchronous,
        prompts=settings.prompts,
        spool=None if settings.spool.path is None else Path(settings.spool.path),
        spool_bytes=settings.spool.max_bytes,
        spool_after=settings.spool.after,
        keep_text=settings.keep.text,
        keep_records=settings.keep.records,
    )
