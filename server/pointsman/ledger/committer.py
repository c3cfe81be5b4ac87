"""The thread that owns the database: whatever has queued up becomes one transaction, then what the spool holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread

from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.database import Batch, Database, Keep, Unavailable, Unstorable
from pointsman.ledger.entry import Entry, Item, Loop, Signal, gather
from pointsman.ledger.segment import Frame, encoded, read
from pointsman.ledger.spool import Spool

_log = logging.getLogger(__name__)

# Bounds how long one transaction keeps its first record waiting, and other processes out.
_BATCH = 1_000
# Where records came together the next ones wait for company, since a commit costs almost the same for one or ten: a
# millisecond for each that came, so that a few callers in step wait little, and a lone one never.
_LINGER, _LONGEST = 0.001, 0.008
_FIRST_DELAY, _LAST_DELAY = 0.05, 2.0
# How often to look whether the event loop is still there, while it is to say that the spool has everything.
_LOOKING = 1.0


class Reports(Struct, frozen=True):
    """What is called on the event loop; a reason of "" is success. Nothing comes after `ended`.

    `troubled`: entries that were put and are not settled have to go to the spool, and RECOVER must be sent then.
    `recovered`: the spool is replayed but for what came meanwhile.
    """

    opened: Callable[[str], None]
    settled: Callable[[Sequence[Entry], str], None]
    troubled: Callable[[str], None]
    recovered: Callable[[], None]
    ended: Callable[[], None]


class Committer:
    """`put` and `stop` return at once. `name` is the ledger's, for the log; `keep` says what may be thrown away now."""

    def __init__(self, name: str, database: Database, spool: Spool, loop: Loop, reports: Reports) -> None:
        self._name, self._database, self._spool = name, database, spool
        self._loop, self._reports = loop, reports
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._ending = False
        self._stop = Event()
        self._linger = 0.0
        self._keep = Keep()
        # No daemon: the interpreter must not end while a transaction is under way.
        self._thread = Thread(target=self._run, name="pointsman-ledger")

    def start(self) -> None:
        self._thread.start()

    def put(self, entry: Entry) -> None:
        self._queue.put(entry)

    def recover(self) -> None:
        """Replay the spool, now or once the database is back."""
        self._queue.put(Signal.RECOVER)

    def tidy(self, keep: Keep) -> None:
        """Blank and delete what is too old, a few rows between one transaction and the next."""
        self._keep = keep
        self._queue.put(Signal.TIDY)

    def stop(self) -> None:
        """End once everything put before is settled; what is in the spool may stay there."""
        self._stop.set()
        self._queue.put(Signal.STOP)

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            self._database.open()
        except LedgerUnavailable as error:
            self._database.close()
            return self._loop.tell(self._reports.opened, str(error))
        except Unavailable as error:
            self._loop.tell(self._reports.opened, "")
            self._fail(str(error))
        else:
            self._loop.tell(self._reports.opened, "")
        try:
            if self._spool.records:
                self._recover()
            while not self._ending:
                self._step()
        finally:
            self._database.close()
            self._loop.tell(self._reports.ended)

    def _step(self) -> None:
        item = self._queue.get()
        if self._linger:
            time.sleep(self._linger)
        batch, signal = gather(self._queue, item, _BATCH)
        self._linger = min(_LINGER * len(batch), _LONGEST) if len(batch) > 1 else 0.0
        if signal is Signal.STOP:
            self._ending = True
        if batch:
            self._commit(batch)
        if signal is Signal.RECOVER:
            self._recover()
        elif signal is Signal.TIDY:
            self._tidy()

    def _commit(self, batch: Sequence[Entry]) -> None:
        try:
            self._database.write(Batch.of([entry.rows for entry in batch]))
        except Unavailable as error:
            self._fail(str(error))
        except Unstorable as error:
            self._refuse(batch, str(error))
        else:
            self._loop.tell(self._reports.settled, batch, "")

    def _refuse(self, batch: Sequence[Entry], why: str) -> None:
        # The others must not suffer.
        if len(batch) > 1:
            for entry in batch:
                self._commit((entry,))
        else:
            _log.error("ledger %s: a record cannot be stored: %s; %s", self._name, why, self._set_aside(batch[0]))
            self._loop.tell(self._reports.settled, batch, why)

    def _set_aside(self, entry: Entry) -> str:
        try:
            return f"it is in {self._spool.set_aside(encoded(entry.rows))}"
        except OSError as error:
            return f"it is lost: {error}"

    def _fail(self, why: str) -> None:
        """Let go of all entries, which the event loop hands to the spool, and go on from there."""
        self._loop.tell(self._reports.troubled, why)
        while True:
            try:
                item = self._queue.get(timeout=_LOOKING)
            except Empty:
                if not self._loop.closed:
                    continue
                self._ending = True
                return None
            if item is Signal.RECOVER:
                return self._recover()
            if item is Signal.STOP:
                self._ending = True

    def _recover(self) -> None:
        delay = _FIRST_DELAY
        while True:
            try:
                self._replay()
            except (Unavailable, OSError):
                if self._stop.wait(delay):
                    return None
                delay = min(2 * delay, _LAST_DELAY)
            else:
                return self._loop.tell(self._reports.recovered)

    def _replay(self) -> None:
        while segments := self._spool.take():
            for segment in segments:
                for frames in read(segment, _BATCH):
                    self._restore(frames)
                    if self._stop.is_set():
                        return
                self._spool.drop(segment)
            # What came meanwhile is little: it can wait until new records are committed directly.
            if len(segments) == 1:
                return
        self._database.write(Batch())

    def _restore(self, frames: Sequence[Frame]) -> None:
        try:
            self._database.write(Batch.of([frame.rows for frame in frames], frames[0].columns))
        except Unstorable as error:
            if len(frames) > 1:
                for frame in frames:
                    self._restore((frame,))
                return
            kept = self._spool.set_aside(frames[0])
            _log.error("ledger %s: a record of the spool cannot be stored: %s; it is in %s", self._name, error, kept)

    def _tidy(self) -> None:
        try:
            # Behind whatever has queued up meanwhile.
            if self._database.tidy(self._keep):
                self._queue.put(Signal.TIDY)
        except (Unavailable, Unstorable) as error:
            _log.warning("ledger %s: old records are deleted later: %s", self._name, error)
