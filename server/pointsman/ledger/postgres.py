"""Connections to PostgreSQL: none waits without end, none tells its password, and both databases answer alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Dumper, Loader

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.place import Postgres

VERSION = len(MIGRATIONS)

# What the URL says itself goes before. A peer that is silent on an open connection is given up by the client, which
# these cannot do for a server that is merely stopped: its kernel goes on answering.
_DEFAULTS = {"connect_timeout": "5", "application_name": "pointsman", "keepalives_idle": "30", "keepalives_count": "3"}

_MARK = re.compile(r"\?|(?<!:):([a-z_]+)")


class NoAnswer(psycopg.OperationalError):
    """The server has not answered in time; the connection is closed."""


class Connection(psycopg.Connection[Any]):
    """One that gives up after `timeout` seconds without an answer, and is closed then."""

    timeout: float = 5.0

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, self.timeout if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            # What the server makes of the statement is unknown.
            self.pgconn.finish()
            raise NoAnswer(f"no answer within {self.timeout:g} s") from error

    def ask(self, sql: str, bound: Mapping[str, Any] | Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Execute a statement written for both databases."""
        numbered, names = _numbered(sql)
        return self.execute(numbered, [bound[name] for name in names] if isinstance(bound, Mapping) else bound)


class Reader:
    """Implements `reading.Reader`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, bound: Mapping[str, Any] | Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        return self._connection.ask(sql, bound)


def connected(place: Postgres, timeout: float) -> Connection:
    """A new connection; psycopg.Error where there is none to be had within `connect_timeout`, 5 s."""
    given = psycopg.conninfo.conninfo_to_dict(place.url)
    missing = {name: value for name, value in _DEFAULTS.items() if name not in given}
    # Statements are not prepared: poolers between us and the database may not keep them.
    conninfo = psycopg.conninfo.make_conninfo(place.url, **missing)
    connection = Connection.connect(conninfo, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.RawCursor)
    connection.timeout = timeout
    for kind in (bool, int):
        connection.adapters.register_dumper(kind, _Whole)
    connection.adapters.register_dumper(float, _Float)
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_loader("numeric", _Numeric)
    return connection


@contextmanager
def reading(place: Postgres, timeout: float) -> Iterator[Reader]:
    """A connection that sees one state of the ledger throughout and changes nothing."""
    try:
        connection = connected(place, timeout)
    except psycopg.Error as error:
        raise unopened(place, error) from None
    try:
        begin(connection, timeout, "ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _refuse_other_versions(version(connection), place)
        yield Reader(connection)
    except psycopg.Error as error:
        raise LedgerUnavailable(f"ledger {place} cannot be read: {place.masked(error)}") from None
    finally:
        connection.close()


def begin(connection: Connection, timeout: float, how: str = "", *, patience: float | None = None) -> None:
    """Begin a transaction; the server ends a statement after `timeout` seconds, or `patience` waiting for a lock.

    `how` is what SQL says after BEGIN. Without `patience`, a lock may take all the time.
    """
    # In one message and for this transaction only, so that it costs no round trip and means the same behind a pooler.
    limits = (("statement_timeout", timeout), ("lock_timeout", patience or timeout))
    settings = "; ".join([f"SET LOCAL {name} = {max(1, int(seconds * 1000))}" for name, seconds in limits])
    connection.execute(f"BEGIN {how}; {settings}")


def version(connection: Connection) -> int:
    """The schema's version; 0 where there is none yet."""
    (there,) = connection.execute("SELECT to_regclass('pointsman_schema') IS NOT NULL").fetchone() or (False,)
    if not there:
        return 0
    (found,) = connection.execute("SELECT COALESCE(MAX(version), 0) FROM pointsman_schema").fetchone() or (0,)
    return int(found)


def unopened(place: Postgres, error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(
        f"ledger {place} cannot be opened: {place.masked(error)}; check its URL, that the server runs and lets this "
        "user in"
    )


def _refuse_other_versions(found: int, place: Postgres) -> None:
    refuse_newer(found, place)
    if found < VERSION:
        raise LedgerUnavailable(
            f"ledger {place} has schema version {found}, and this Pointsman reads version {VERSION}; "
            "start `serve` on it once, which migrates it"
        )


def refuse_newer(found: int, place: Postgres) -> None:
    if found > VERSION:
        raise LedgerUnavailable(
            f"ledger {place} has schema version {found}, and this Pointsman knows versions up to {VERSION}; "
            "use the release that wrote it or a later one, or another database"
        )


@lru_cache(maxsize=1000)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """`$1`, `$2` … for each `?` and `:name`, and the names in that order."""
    # psycopg's own marks would be looked for once more in every statement: half of what an insertion costs.
    numbers, names = count(1), tuple(_MARK.findall(sql))
    return _MARK.sub(lambda _: f"${next(numbers)}", sql), names


class _Untyped(Dumper):
    """The server takes the type from the column: told one by each value, it would plan a statement for every mix."""

    oid = 0

    def dump(self, obj: Any) -> Buffer | None:
        return str(obj).encode()


class _Whole(_Untyped):
    """Booleans are 0 or 1, as in SQLite."""

    def dump(self, obj: int) -> Buffer | None:
        return b"%d" % obj


class _Float(_Untyped):
    def dump(self, obj: float) -> Buffer | None:
        return repr(obj).encode()


class _Text(_Untyped):
    """PostgreSQL stores every character but NUL, which must not cost the record."""

    def dump(self, obj: str) -> Buffer | None:
        return obj.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()


class _Numeric(Loader):
    """What PostgreSQL makes of a sum of integers."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text else int(text)
