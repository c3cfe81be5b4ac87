"""Records on their way through the ledger's threads, and what these tell the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from queue import Empty, SimpleQueue

from msgspec import Struct

from pointsman.ledger.rows import Rows


class Entry(Struct, eq=False):
    """`size` is what it holds of the queue's memory; `done` and `settled` are for the event loop alone.

    `settled`: committed, spooled or refused, whether or not anybody still waits for `done`.
    """

    rows: Rows
    size: int
    done: asyncio.Future[None]
    settled: bool = False


class Signal(Enum):
    """What a queue holds beside entries."""

    STOP = 0
    # What was put before has gone to the spool; replay that.
    RECOVER = 1
    TIDY = 2


Item = Entry | Signal


def gather(queue: SimpleQueue[Item], first: Item, at_most: int) -> tuple[list[Entry], Signal | None]:
    """`first` and what has queued up behind it, up to a signal or a number."""
    batch: list[Entry] = []
    item = first
    while not isinstance(item, Signal):
        batch.append(item)
        if len(batch) == at_most:
            return batch, None
        try:
            item = queue.get_nowait()
        except Empty:
            return batch, None
    return batch, item


class Loop(Struct, frozen=True):
    """The event loop, seen by a thread."""

    loop: asyncio.AbstractEventLoop

    def tell(self, report: Callable[..., None], *what: str | Sequence[Entry]) -> None:
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(report, *what)

    @property
    def closed(self) -> bool:
        return self.loop.is_closed()
