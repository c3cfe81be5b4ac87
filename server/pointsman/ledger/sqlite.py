"""The ledger of one process in a SQLite file: group commit on a thread of its own, nothing on the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.recorded import find_config, find_exactly
from pointsman.ledger.rows import Rows, rows_of
from pointsman.ledger.sums import sums
from pointsman.ledger.writer import Entry, Reports, Writer
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.record import Record, Recorded


class SqliteOptions(Struct, frozen=True, kw_only=True):
    """How to write.

    `synchronous`: what is acknowledged survives the death of the process with "normal", and a power cut only with
    "full". `prompts`: "text" keeps prompts as they are, "none" only their shape and hash. `queue` records, and
    `queue_bytes` of them, may wait while the disk is full or another process holds the file. `timeout`: seconds that
    an `append` waits for its commit, and that opening and closing wait for the file.
    """

    synchronous: Literal["normal", "full"] = "normal"
    prompts: Literal["none", "text"] = "none"
    queue: int = 10_000
    queue_bytes: int = 256 * 1024 * 1024
    timeout: float = 10.0


_SLOW = "the disk is too slow"
_DEFAULTS = SqliteOptions()


class SqliteLedger:
    """Implements `ports.Ledger`; made by `open`, on the event loop that will use it.

        ledger = await SqliteLedger.open(Path("pointsman.db"))
        await ledger.append(record)
        await ledger.aclose()

    Without `aclose` its thread keeps the interpreter from ending.
    """

    def __init__(self, path: Path, options: SqliteOptions) -> None:
        self._path, self._options = path, options
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[str] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        reports = Reports(opened=self._on_opened, settled=self._on_settled, ended=self._on_ended)
        self._writer = Writer(path, options.synchronous, options.timeout, reports)
        self._waiting = self._waiting_bytes = self._lost = 0
        self._due: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path, options: SqliteOptions = _DEFAULTS) -> Self:
        """Open or create the file, migrating it. LedgerUnavailable where that fails or a newer release wrote it."""
        ledger = cls(path, options)
        ledger._writer.start()
        try:
            why = await ledger._opened
        except asyncio.CancelledError:
            ledger._writer.stop()
            raise
        if why:
            ledger._writer.join()
            raise LedgerUnavailable(why)
        return ledger

    async def append(self, record: Record) -> None:
        """Return once the record is committed; a record of the same id that is there already stays as it is.

        LedgerUnavailable at once where the queue is full, else after `timeout`: the record still is in the queue then,
        and is committed when that becomes possible. So it is when the caller is cancelled.
        """
        self._refuse_more()
        await self._keep(rows_of(record, keep_text=self._options.prompts == "text"))

    async def add_config(self, version: str, document: str) -> None:
        self._refuse_more()
        await self._keep(Rows(configs=((version, document),)))

    async def find(self, decision_id: str) -> Recorded | None:
        return await asyncio.to_thread(find_exactly, self._path, decision_id)

    async def find_config(self, version: str) -> str | None:
        return await asyncio.to_thread(find_config, self._path, version)

    async def sums(self, dimensions: Sequence[Dimension], window: Window) -> Sequence[Sum]:
        return await asyncio.to_thread(sums, self._path, dimensions, window)

    async def aclose(self) -> None:
        """Commit what is pending and close. LedgerUnavailable says how many records could not be, within `timeout`."""
        if not self._closed:
            self._closed = True
            self._writer.stop()
        await asyncio.shield(self._ended)
        self._writer.join()
        if self._lost:
            raise LedgerUnavailable(
                f"ledger {self._path} was closed without its last {self._lost} records: {self._writer.trouble}"
            )

    def _refuse_more(self) -> None:
        if self._closed:
            raise LedgerUnavailable(f"ledger {self._path} is closed")
        if self._waiting >= self._options.queue or self._waiting_bytes >= self._options.queue_bytes:
            raise LedgerUnavailable(
                f"ledger {self._path}: {self._waiting} records ({self._waiting_bytes} bytes) are waiting already: "
                f"{self._writer.trouble or _SLOW}"
            )

    def _keep(self, rows: Rows) -> asyncio.Future[None]:
        entry = Entry(rows, rows.size(), self._loop.create_future())
        self._waiting += 1
        self._waiting_bytes += entry.size
        self._writer.put(entry)
        self._due.append((self._loop.time() + self._options.timeout, entry.done))
        if self._timer is None:
            self._on_late()
        return entry.done

    def _on_late(self) -> None:
        """One timer for all, moved only when it rings: every request comes by here, and hardly a commit is late."""
        self._timer, now = None, self._loop.time()
        while self._due:
            due, done = self._due[0]
            if not done.done():
                if due > now:
                    self._timer = self._loop.call_at(due, self._on_late)
                    return
                why = f"not committed within {self._options.timeout:g} s: {self._writer.trouble or _SLOW}"
                done.set_exception(LedgerUnavailable(f"ledger {self._path}: {why}"))
            self._due.popleft()

    def _on_opened(self, why: str) -> None:
        if not self._opened.done():
            self._opened.set_result(why)

    def _on_settled(self, batch: Sequence[Entry], why: str) -> None:
        for entry in batch:
            self._waiting -= 1
            self._waiting_bytes -= entry.size
            self._lost += bool(why and self._closed)
            if entry.done.done():
                continue
            if why:
                entry.done.set_exception(LedgerUnavailable(f"ledger {self._path}: {why}"))
            else:
                entry.done.set_result(None)
        while self._due and self._due[0][1].done():
            self._due.popleft()

    def _on_ended(self) -> None:
        self._closed = True
        if self._timer:
            self._timer.cancel()
        if not self._ended.done():
            self._ended.set_result(None)
