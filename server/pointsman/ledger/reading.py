"""Asking a ledger, wherever it is: the one place where a query meets either database.

Queries are written once, in words that SQLite and PostgreSQL share: `COALESCE`, not `IFNULL`; `SUM` of a `CASE`, not
`TOTAL`; a name for every subquery; `"user"` in quotes, which PostgreSQL reads as its own otherwise. Values are bound,
as `?` or `:name`. Booleans are 0 or 1; sums of integers are integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pointsman.errors import LedgerUnavailable
from pointsman.ledger import schema
from pointsman.ledger.place import Place, Postgres

MISSING = "a ledger in PostgreSQL needs psycopg; install pointsman[postgres]"

PATIENCE = 600.0
"""Seconds for a query of a report, which over years may take its time; what a caller waits for has less."""


class Found(Protocol):
    """Rows as tuples, whose columns are as different as the questions."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Reader(Protocol):
    """One state of a ledger, however much is written meanwhile."""

    def execute(self, sql: str, bound: Mapping[str, Any] | Sequence[Any] = (), /) -> Found: ...


def reading(place: Place, timeout: float = PATIENCE) -> AbstractContextManager[Reader]:
    """Open a ledger for queries; in PostgreSQL, each has `timeout` seconds. LedgerUnavailable where it cannot be read.

    with reading(place) as reader:
        (requests,) = reader.execute("SELECT COUNT(*) FROM decisions").fetchone()
    """
    if not isinstance(place, Postgres):
        return schema.reading(place)
    try:
        from pointsman.ledger import postgres
    except ImportError as error:
        raise LedgerUnavailable(MISSING) from error
    return postgres.reading(place, timeout)
