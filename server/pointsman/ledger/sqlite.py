"""A ledger in a SQLite file, for the one thread that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pointsman.ledger.database import Batch, Keep, Unavailable, Unstorable, insertions
from pointsman.ledger.retention import tidy
from pointsman.ledger.schema import VERSION, open_for_writing

# Short: a wait inside SQLite can neither be ended nor explained from outside.
_BUSY_MILLISECONDS = 500
# Opening happens once, and a new file may be in the middle of a migration by another process.
_OPENING = 10.0


class SqliteDatabase:
    """Implements `database.Database`. `synchronous` is SQLite's own: "normal" or "full"."""

    def __init__(self, path: Path, synchronous: str = "normal") -> None:
        self._path, self._synchronous = path, synchronous
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        self._connection = open_for_writing(self._path, self._synchronous, _OPENING)
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")

    def write(self, batch: Batch) -> None:
        # Only what is written shows that something can be.
        statements = list(insertions(batch)) or [(f"PRAGMA user_version = {VERSION}", ())]
        # One is a transaction by itself. Beginning and ending one would cost as much again: whoever executes anything
        # gives the interpreter's lock away three times, and has to win it back from the event loop.
        with self._connected() if len(statements) == 1 else self._transaction() as connection:
            for statement, values in statements:
                connection.execute(statement, values)

    def tidy(self, keep: Keep) -> bool:
        with self._transaction() as connection:
            # What is blanked must not stay in pages that are free now.
            connection.execute("PRAGMA secure_delete = ON")
            return tidy(connection.execute, keep)

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk has rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Each statement is a transaction by itself, unless one is begun."""
        assert self._connection is not None
        try:
            yield self._connection
        except (sqlite3.DataError, sqlite3.IntegrityError, OverflowError, ValueError) as error:
            raise Unstorable(str(error)) from error
        except sqlite3.Error as error:
            # What cannot be added up cannot be later either, and must not keep all others waiting.
            if str(error) == "integer overflow":
                raise Unstorable(str(error)) from error
            raise Unavailable(str(error)) from error
