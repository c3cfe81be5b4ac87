"""The URL of the ledger's database, by reference: it holds a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pointsman.config.positions import Source
from pointsman.config.references import mapping
from pointsman.config.scalars import parse_reference
from pointsman.config.secrets import read_secret
from pointsman.errors import Problem, SecretMissing
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
