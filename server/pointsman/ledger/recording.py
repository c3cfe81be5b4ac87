"""The ledger as the engine sees it: records go to the database, or to the spool while that takes too long."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Self

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.committer import Committer, Reports
from pointsman.ledger.database import Database, Keep
from pointsman.ledger.entry import Entry, Loop
from pointsman.ledger.feedback import feedback_row, find_feedback
from pointsman.ledger.history import find_activations
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.place import Place
from pointsman.ledger.recorded import find_config, find_exactly
from pointsman.ledger.rows import Rows, outcome_rows, rows_of
from pointsman.ledger.spool import Spool
from pointsman.ledger.spooler import Spooler
from pointsman.ledger.sums import sums
from pointsman.model.activation import Activation
from pointsman.model.attempt import Attempt
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.feedback import Feedback
from pointsman.model.record import Record, Recorded

_log = logging.getLogger(__name__)


_SLOW = "it is too slow"
# For what a caller waits for; a report has more.
_FINDING = 5.0
_TIDYING_EVERY = 600.0


class DatabaseLedger:
    """Implements `ports.Ledger`; made by `opening.open_ledger`, on the event loop that will use it.

    Without `aclose` its threads keep the interpreter from ending.
    """

    def __init__(self, place: Place, database: Database, spool: Spool, options: LedgerOptions) -> None:
        self._place, self._spool, self._options = place, spool, options
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[str] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._replayed: asyncio.Future[None] = self._loop.create_future()
        reports = Reports(self._on_opened, self._on_settled, self._on_troubled, self._on_recovered, self._on_committed)
        self._committer = Committer(str(place), database, spool, Loop(self._loop), reports)
        self._spooler = Spooler(spool, Loop(self._loop), self._on_spooled, self._on_ended)
        # Put and not settled, the oldest first, with the time of that; those that are settled leave from the front.
        self._pending: deque[tuple[float, Entry]] = deque()
        self._waiting = self._waiting_bytes = self._lost = 0
        self._spooling = self._refusing = self._closed = False
        self._trouble = ""
        self._timer: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, place: Place, database: Database, spool: Spool, options: LedgerOptions) -> Self:
        """Open the database, which is at `place`; LedgerUnavailable where that is no use."""
        ledger = cls(place, database, spool, options)
        ledger._spooler.start()
        ledger._committer.start()
        try:
            why = await ledger._opened
        except asyncio.CancelledError:
            ledger._committer.stop()
            raise
        if why:
            ledger._committer.join()
            ledger._spooler.stop()
            await ledger._ended
            raise LedgerUnavailable(why)
        if not spool.records:
            ledger._replayed.set_result(None)
        if options.keep_text is not None or options.keep_records is not None:
            ledger._tidy()
        return ledger

    @property
    def spooled(self) -> int:
        """Records that are in the spool and not yet in the database."""
        return self._spool.records

    async def caught_up(self) -> None:
        """Return once all that an earlier run left in the spool can be read back; LedgerUnavailable after `timeout`."""
        try:
            async with asyncio.timeout(self._options.timeout):
                await asyncio.shield(self._replayed)
        except TimeoutError:
            why = f"{self.spooled} records of an earlier run are still in the spool: {self._trouble or _SLOW}"
            raise LedgerUnavailable(f"ledger {self._place}: {why}") from None

    async def append(self, record: Record) -> None:
        """Return once the record is committed, or fsynced to the spool; one of the same id that is there stays.

        LedgerUnavailable where the spool is full or the queue, else after `timeout`: the record may be recorded all the
        same. It is, where there is room for it, if the caller is cancelled.
        """
        self._refuse_more()
        await self._keep(rows_of(record, keep_text=self._options.prompts == "text"))

    async def add_config(self, version: str, document: str) -> None:
        self._refuse_more()
        await self._keep(Rows(configs=((version, document),)))

    async def add_activation(self, activation: Activation) -> None:
        self._refuse_more()
        await self._keep(Rows(activations=((activation.at, activation.version, activation.by.value),)))

    async def add_outcome(self, decision_id: str, attempt: Attempt) -> None:
        self._refuse_more()
        await self._keep(outcome_rows(decision_id, attempt))

    async def add_feedback(self, feedback: Feedback) -> None:
        self._refuse_more()
        await self._keep(Rows(feedback=(feedback_row(feedback),)))

    async def find(self, decision_id: str) -> Recorded | None:
        return await asyncio.to_thread(find_exactly, self._place, decision_id, _FINDING)

    async def find_config(self, version: str) -> str | None:
        return await asyncio.to_thread(find_config, self._place, version, _FINDING)

    async def sums(self, dimensions: Sequence[Dimension], window: Window) -> Sequence[Sum]:
        await self.caught_up()
        return await asyncio.to_thread(sums, self._place, dimensions, window)

    async def feedback(self, decision_id: str) -> Sequence[Feedback]:
        return await asyncio.to_thread(find_feedback, self._place, decision_id, _FINDING)

    async def activations(self, limit: int) -> Sequence[Activation]:
        return await asyncio.to_thread(find_activations, self._place, limit, _FINDING)

    async def aclose(self) -> None:
        """Commit or spool what is pending and close. LedgerUnavailable says how many records could not be."""
        if not self._closed:
            self._closed = True
            self._committer.stop()
        await asyncio.shield(self._ended)
        if self._lost:
            raise LedgerUnavailable(
                f"ledger {self._place} was closed without its last {self._lost} records: {self._trouble or _SLOW}"
            )

    def _refuse_more(self) -> None:
        if self._closed:
            raise LedgerUnavailable(f"ledger {self._place} is closed")
        if self._waiting >= self._options.queue or self._waiting_bytes >= self._options.queue_bytes:
            raise LedgerUnavailable(
                f"ledger {self._place}: {self._waiting} records ({self._waiting_bytes} bytes) are waiting already: "
                f"{self._trouble or _SLOW}"
            )

    def _keep(self, rows: Rows) -> asyncio.Future[None]:
        entry = Entry(rows, rows.size(), self._loop.create_future())
        self._waiting += 1
        self._waiting_bytes += entry.size
        if self._spooling:
            self._spooler.put(entry)
        else:
            self._committer.put(entry)
        self._pending.append((self._loop.time(), entry))
        if self._timer is None:
            self._on_late()
        return entry.done

    def _on_late(self) -> None:
        """One timer for all, moved only when it rings: every request comes by here, and hardly a commit is late."""
        self._timer, now = None, self._loop.time()
        self._forget_settled()
        if self._pending and not self._spooling and now >= self._pending[0][0] + self._options.spool_after:
            self._start_spooling(f"nothing was committed for {self._options.spool_after:g} s")
        while self._pending and now >= self._pending[0][0] + self._options.timeout:
            _, entry = self._pending.popleft()
            self._settle((entry,), f"not recorded within {self._options.timeout:g} s: {self._trouble or _SLOW}")
        if self._pending:
            timeout, spool_after = self._options.timeout, self._options.spool_after
            patience = timeout if self._spooling else min(spool_after, timeout)
            self._timer = self._loop.call_at(self._pending[0][0] + patience, self._on_late)

    def _forget_settled(self) -> None:
        while self._pending and self._pending[0][1].settled:
            self._pending.popleft()

    def _start_spooling(self, why: str) -> None:
        self._spooling, self._trouble = True, why
        _log.warning("ledger %s: records go to the spool: %s", self._place, why)
        for _, entry in self._pending:
            if not entry.settled:
                self._spooler.put(entry)
        self._committer.recover()

    def _on_opened(self, why: str) -> None:
        if not self._opened.done():
            self._opened.set_result(why)

    def _on_troubled(self, why: str) -> None:
        if not self._spooling:
            self._start_spooling(why)

    def _on_recovered(self) -> None:
        if not self._replayed.done():
            self._replayed.set_result(None)
        if not self._spooling or self._closed:
            return
        self._spooling = self._refusing = False
        self._trouble = ""
        _log.warning("ledger %s: records are committed again", self._place)
        if self._spool.records:
            # Written while the last of the rest was replayed; what is on its way there is told of by `_on_spooled`.
            self._committer.recover()
        # Whoever comes now waits for a commit, and not as long as for the spool.
        if self._timer:
            self._timer.cancel()
        self._on_late()

    def _on_settled(self, batch: Sequence[Entry], why: str) -> None:
        self._settle(batch, why)
        self._forget_settled()

    def _on_spooled(self, batch: Sequence[Entry], why: str) -> None:
        # One line when it begins, not one for each record.
        if why and not self._refusing:
            self._refusing = True
            _log.error("ledger %s: answers are refused, because %s and the database is away", self._place, why)
        elif self._refusing and not why:
            self._refusing = False
            _log.warning("ledger %s: the spool takes records again", self._place)
        self._on_settled(batch, why and f"{why}; of the database: {self._trouble or _SLOW}")
        if not self._spooling and not self._closed:
            # Put there before the database was back.
            self._committer.recover()

    def _settle(self, batch: Sequence[Entry], why: str) -> None:
        for entry in batch:
            if entry.settled:
                continue
            entry.settled = True
            self._waiting -= 1
            self._waiting_bytes -= entry.size
            self._lost += bool(why and self._closed)
            if entry.done.done():
                continue
            if why:
                entry.done.set_exception(LedgerUnavailable(f"ledger {self._place}: {why}"))
            else:
                entry.done.set_result(None)

    def _tidy(self) -> None:
        """Now and then; the wall clock says what is old."""
        now, options = time.time(), self._options
        self._committer.tidy(
            Keep(
                None if options.keep_text is None else now - options.keep_text,
                None if options.keep_records is None else now - options.keep_records,
            )
        )
        self._tidying = self._loop.call_later(_TIDYING_EVERY, self._tidy)

    def _on_committed(self) -> None:
        """Nothing is committed any more: what is pending is in the spool, or on its way there."""
        self._closed = True
        self._spooler.stop()

    def _on_ended(self) -> None:
        for timer in (self._timer, self._tidying):
            if timer:
                timer.cancel()
        # Both have nothing left to do but to return.
        self._committer.join()
        self._spooler.join()
        if self._spool.records:
            stay = "ledger %s: %d records stay in spool %s, for the next start"
            _log.warning(stay, self._place, self._spool.records, self._spool.directory)
        self._spool.close()
        if not self._ended.done():
            self._ended.set_result(None)
