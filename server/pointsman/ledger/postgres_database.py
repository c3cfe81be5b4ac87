"""A ledger in PostgreSQL, for the one thread that writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.database import Batch, Keep, Unavailable, Unstorable, insert
from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.place import Postgres
from pointsman.ledger.postgres import VERSION, Connection, NoAnswer, begin, connected, refuse_newer, unopened, version
from pointsman.ledger.retention import tidy

# Records go to the spool long before; this only ends what has no hope, a server that is stopped for instance.
_TIMEOUT = 5.0
_LOCK_TIMEOUT = 0.5
# Indexes over a large ledger take their time, and other replicas wait for the one that makes them.
_MIGRATING = 600.0
# Of migrations, among whatever else the database's users lock: "pointsman" in ASCII, shortened.
_MIGRATION_LOCK = 0x706F696E74736D6E

# Text is compared by its bytes, as in SQLite, whatever the database's own collation: ids are found by how they begin.
_WORDS = (
    (re.compile(r"\bREAL\b"), "DOUBLE PRECISION"),
    (re.compile(r"\bINTEGER\b"), "BIGINT"),
    (re.compile(r"\bTEXT\b"), 'TEXT COLLATE "C"'),
    (re.compile(r"strftime\('%s', 'now'\)"), "EXTRACT(EPOCH FROM now())"),
    (re.compile(r"\bWITHOUT ROWID\b"), ""),
)
# What no repetition cures. While a connection is made, libpq tells no code.
_HOPELESS = re.compile(r'password authentication failed|(role|database) ".*" does not exist|no pg_hba\.conf entry')


class PostgresDatabase:
    """Implements `database.Database`."""

    def __init__(self, place: Postgres) -> None:
        self._place = place
        self._connection: Connection | None = None

    def open(self) -> None:
        try:
            psycopg.conninfo.conninfo_to_dict(self._place.url)
        except psycopg.Error as error:
            raise unopened(self._place, error) from None
        try:
            self._connected()
        except psycopg.Error as error:
            if _HOPELESS.search(str(error)):
                raise unopened(self._place, error) from None
            raise Unavailable(self._place.masked(error)) from None

    def write(self, batch: Batch) -> None:
        with self._transaction() as connection:
            insert(connection.ask, batch)

    def tidy(self, keep: Keep) -> bool:
        with self._transaction() as connection:
            return tidy(connection.ask, keep)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = connected(self._place, _TIMEOUT)
            try:
                self._migrate(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            connection = self._begun()
            yield connection
            connection.execute("COMMIT")
        except (psycopg.DataError, psycopg.IntegrityError, ValueError, OverflowError) as error:
            self._roll_back()
            raise Unstorable(self._place.masked(error)) from None
        except (psycopg.Error, LedgerUnavailable) as error:
            # Nothing of it is known to work any more.
            self.close()
            raise Unavailable(self._place.masked(error)) from None

    def _begun(self) -> Connection:
        """A connection in a transaction."""
        idle = self._connection
        try:
            begin(connection := self._connected(), _TIMEOUT, patience=_LOCK_TIMEOUT)
        except psycopg.OperationalError as error:
            if idle is None or isinstance(error, NoAnswer):
                raise
            # Poolers, firewalls and restarts cut what is idle: that is no trouble before a new one fails too.
            self.close()
            begin(connection := self._connected(), _TIMEOUT, patience=_LOCK_TIMEOUT)
        return connection

    def _roll_back(self) -> None:
        try:
            if self._connection:
                self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    def _migrate(self, connection: Connection) -> None:
        found = version(connection)
        refuse_newer(found, self._place)
        if found == VERSION:
            return
        connection.timeout = _MIGRATING
        begin(connection, _MIGRATING)
        # Several replicas may start at once: the others wait here, and find it done.
        connection.execute(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        found = version(connection)
        refuse_newer(found, self._place)
        connection.execute("CREATE TABLE IF NOT EXISTS pointsman_schema (version BIGINT NOT NULL)")
        for statement in [statement for step in MIGRATIONS[found:] for statement in step]:
            connection.execute(in_its_words(statement))
        connection.execute("DELETE FROM pointsman_schema")
        connection.ask("INSERT INTO pointsman_schema VALUES (?)", (VERSION,))
        connection.execute("COMMIT")
        connection.timeout = _TIMEOUT


def in_its_words(statement: str) -> str:
    """A migration as PostgreSQL takes it."""
    for theirs, ours in _WORDS:
        statement = theirs.sub(ours, statement)
    return statement
