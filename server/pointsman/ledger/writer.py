"""The thread that owns the connection of a SQLite ledger: whatever has queued up becomes one transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.feedback import PUT_FEEDBACK, SUM_UP
from pointsman.ledger.rows import (
    ACTIVATION_COLUMNS,
    ATTEMPT_COLUMNS,
    CONFIG_COLUMNS,
    DECISION_COLUMNS,
    Row,
    Rows,
)
from pointsman.ledger.schema import open_for_writing

_log = logging.getLogger(__name__)

# Bounds how long one transaction keeps its first record waiting, and other processes out.
_BATCH = 1_000
# Where records came together the next ones wait for company, since a commit costs almost the same for one or ten: a
# millisecond for each that came, so that a few callers in step wait little, and a lone one never.
_LINGER, _LONGEST = 0.001, 0.008
_FIRST_DELAY, _LAST_DELAY = 0.02, 0.5
# Short: a wait inside SQLite can neither be ended nor explained from outside.
_BUSY_MILLISECONDS = 500


class _Table(Struct, frozen=True):
    """How rows of one table are inserted; `key` says which repetition is ignored."""

    name: str
    columns: tuple[str, ...]
    key: str

    def insert(self, rows: int) -> str:
        # Only a repeated key is ignored: OR IGNORE would drop rows that break a constraint, too, and say nothing.
        marks = f"({', '.join('?' * len(self.columns))})"
        values = ", ".join([marks] * rows)
        columns = ", ".join(self.columns)
        return f"INSERT INTO {self.name} ({columns}) VALUES {values} ON CONFLICT ({self.key}) DO NOTHING"  # noqa: S608


# Each execution gives the interpreter's lock away and has to win it back from the event loop, which costs more than the
# insertion itself: so several rows go into one. SQLite keeps the statements prepared, one for each number of rows.
_ROWS_AT_ONCE = 24
_DECISIONS, _ATTEMPTS, _CONFIGS, _ACTIVATIONS = (
    [table.insert(rows) for rows in range(1, _ROWS_AT_ONCE + 1)]
    for table in (
        _Table("decisions", DECISION_COLUMNS, "decision_id"),
        _Table("attempts", ATTEMPT_COLUMNS, "decision_id, number"),
        _Table("configs", CONFIG_COLUMNS, "version"),
        _Table("activations", ACTIVATION_COLUMNS, "activated, version"),
    )
)


class Entry(Struct, frozen=True):
    """Rows on their way. `size` is what they hold of the queue's memory, `done` is for the event loop alone."""

    rows: Rows
    size: int
    done: asyncio.Future[None]


class Reports(Struct, frozen=True):
    """What is called on the event loop, once a batch; a reason of "" is success. Nothing comes after `ended`."""

    opened: Callable[[str], None]
    settled: Callable[[Sequence[Entry], str], None]
    ended: Callable[[], None]


class Writer:
    """`put` and `stop` return at once. `patience`: seconds for opening, and for writing what is left after `stop`."""

    def __init__(self, path: Path, synchronous: str, patience: float, reports: Reports) -> None:
        self._path, self._synchronous, self._patience = path, synchronous, patience
        self._loop, self._reports = asyncio.get_running_loop(), reports
        self._queue: SimpleQueue[Entry | None] = SimpleQueue()
        self._stopping = False
        self._linger = 0.0
        self._give_up_at = float("inf")
        self._trouble = ""
        # No daemon: the interpreter must not end while a transaction is under way.
        self._thread = Thread(target=self._run, name="pointsman-ledger")

    @property
    def trouble(self) -> str:
        """Why rows are not being committed just now; "" while they are."""
        return self._trouble

    def start(self) -> None:
        self._thread.start()

    def put(self, entry: Entry) -> None:
        self._queue.put(entry)

    def stop(self) -> None:
        """End once everything put before is settled."""
        self._give_up_at = time.monotonic() + self._patience
        self._queue.put(None)

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            connection = open_for_writing(self._path, self._synchronous, self._patience)
        except LedgerUnavailable as error:
            self._tell(partial(self._reports.opened, str(error)))
            return
        self._tell(partial(self._reports.opened, ""))
        try:
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            while not self._stopping:
                if batch := self._next_batch():
                    self._linger = min(_LINGER * len(batch), _LONGEST) if len(batch) > 1 else 0.0
                    self._settle(connection, batch)
        finally:
            connection.close()
            self._tell(self._reports.ended)

    def _next_batch(self) -> list[Entry]:
        batch: list[Entry] = []
        entry = self._queue.get()
        if self._linger:
            time.sleep(self._linger)
        while entry is not None:
            batch.append(entry)
            if len(batch) == _BATCH:
                return batch
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return batch
        self._stopping = True
        return batch

    def _settle(self, connection: sqlite3.Connection, batch: Sequence[Entry]) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                _write(connection, batch)
            except sqlite3.OperationalError as error:
                self._note(str(error))
                if time.monotonic() >= self._give_up_at:
                    return self._tell(partial(self._reports.settled, batch, str(error)))
                time.sleep(delay)
                delay = min(2 * delay, _LAST_DELAY)
            # Not the database but a row: a number or a text that SQLite has no form for. The others must not suffer.
            except (sqlite3.Error, OverflowError, ValueError) as error:
                return self._refuse(connection, batch, str(error))
            else:
                self._note("")
                return self._tell(partial(self._reports.settled, batch, ""))

    def _refuse(self, connection: sqlite3.Connection, batch: Sequence[Entry], why: str) -> None:
        if len(batch) > 1:
            for entry in batch:
                self._settle(connection, (entry,))
        else:
            _log.error("ledger %s: a record cannot be stored: %s", self._path, why)
            self._tell(partial(self._reports.settled, batch, why))

    def _tell(self, report: Callable[[], None]) -> None:
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(report)

    def _note(self, trouble: str) -> None:
        # One line when it begins and one when it is over, not one for each retry.
        if trouble and not self._trouble:
            _log.warning("ledger %s: rows are waiting: %s", self._path, trouble)
        elif self._trouble and not trouble:
            _log.warning("ledger %s: rows are being committed again", self._path)
        self._trouble = trouble


def _write(connection: sqlite3.Connection, batch: Sequence[Entry]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _insert(connection, _CONFIGS, [row for entry in batch for row in entry.rows.configs])
        _insert(connection, _ACTIVATIONS, [row for entry in batch for row in entry.rows.activations])
        _insert(connection, _DECISIONS, [row for entry in batch for row in entry.rows.decisions])
        _insert(connection, _ATTEMPTS, [row for entry in batch for row in entry.rows.attempts])
        for entry in batch:
            for row in entry.rows.feedback:
                connection.execute(PUT_FEEDBACK, row)
            for decision_id in entry.rows.added_to:
                connection.execute(SUM_UP, (decision_id,))
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _insert(connection: sqlite3.Connection, statements: Sequence[str], rows: Sequence[Row]) -> None:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        connection.execute(statements[len(some) - 1], [value for row in some for value in row])
