"""Opening a SQLite ledger: for the one who writes it, migrated first, and for those who read it meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.migrations import MIGRATIONS

VERSION = len(MIGRATIONS)

# What a reader kept the write-ahead log from being reset for is given back to the disk above this many bytes.
_LOG_LIMIT = 64 * 1024 * 1024


def open_for_writing(path: Path, synchronous: str, timeout: float) -> sqlite3.Connection:
    """A connection in WAL mode to the current schema; waits up to `timeout` seconds for other processes' locks."""
    try:
        # Readable by nobody else: records tell who asked for what.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise _unopened(path, error) from error
    try:
        _prepare(connection, path, synchronous)
    except sqlite3.Error as error:
        connection.close()
        raise _unopened(path, error) from error
    except LedgerUnavailable:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection that sees one state of the ledger throughout, however much is written meanwhile."""
    if not path.is_file():
        raise LedgerUnavailable(f"ledger {path}: no such file; name the one that `serve` writes")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise _unopened(path, error) from error
    try:
        connection.execute("BEGIN")
        _refuse_other_versions(connection, path)
        yield connection
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"ledger {path} cannot be read: {error}") from error
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path, synchronous: str) -> None:
    # Before anything is written: a newer version's file is left exactly as it is.
    _refuse_newer(_version(connection), path)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise LedgerUnavailable(
            f"ledger {path}: SQLite offers journal mode {mode!r} here instead of WAL; use a local disk"
        )
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT}")
    if _version(connection) < VERSION:
        _migrate(connection, path)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been first, while this one waited for the lock.
        version = _version(connection)
        _refuse_newer(version, path)
        for statement in [statement for step in MIGRATIONS[version:] for statement in step]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _refuse_newer(version: int, path: Path) -> None:
    if version > VERSION:
        raise LedgerUnavailable(
            f"ledger {path} has schema version {version}, and this Pointsman knows versions up to {VERSION}; "
            "use the release that wrote it or a later one, or another file"
        )


def _refuse_other_versions(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    _refuse_newer(version, path)
    if version < VERSION:
        raise LedgerUnavailable(
            f"ledger {path} has schema version {version}, and this Pointsman reads version {VERSION}; "
            "start `serve` on it once, which migrates it"
        )


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _unopened(path: Path, error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"ledger {path} cannot be opened: {error}; check the path, its permissions and the disk")
