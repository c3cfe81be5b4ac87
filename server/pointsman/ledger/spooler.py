"""The thread that writes to the spool: whatever has queued up becomes one write and one fsync."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread

import msgspec

from pointsman.ledger.entry import Entry, Item, Loop, Signal, gather
from pointsman.ledger.rows import UNENCODABLE
from pointsman.ledger.spool import Spool

_BATCH = 1_000


class Spooler:
    """`settled` and `ended` are called on the event loop; a reason of "" is success, nothing comes after `ended`."""

    def __init__(
        self, spool: Spool, loop: Loop, settled: Callable[[Sequence[Entry], str], None], ended: Callable[[], None]
    ) -> None:
        self._spool, self._loop, self._settled, self._ended = spool, loop, settled, ended
        self._queue: SimpleQueue[Item] = SimpleQueue()
        # No daemon: the interpreter must not end while a record is being written.
        self._thread = Thread(target=self._run, name="pointsman-spool")

    def start(self) -> None:
        self._thread.start()

    def put(self, entry: Entry) -> None:
        self._queue.put(entry)

    def stop(self) -> None:
        """End once everything put before is settled."""
        self._queue.put(Signal.STOP)

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        signal: Signal | None = None
        while signal is None:
            batch, signal = gather(self._queue, self._queue.get(), _BATCH)
            if batch:
                self._keep(batch)
        self._loop.tell(self._ended)

    def _keep(self, batch: Sequence[Entry]) -> None:
        entries, payloads = list[Entry](), list[bytes]()
        for entry in batch:
            try:
                payloads.append(msgspec.msgpack.encode(entry.rows))
            except UNENCODABLE as error:
                self._loop.tell(self._settled, (entry,), f"a record cannot be stored: {error}")
            else:
                entries.append(entry)
        try:
            kept = self._spool.append(payloads)
        except OSError as error:
            self._loop.tell(self._settled, entries, f"the spool cannot be written: {error.strerror}")
            return
        if kept:
            self._loop.tell(self._settled, entries[:kept], "")
        if kept < len(entries):
            self._loop.tell(self._settled, entries[kept:], "the spool is full")
