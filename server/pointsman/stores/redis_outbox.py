"""Writes that have to arrive: each is kept until Redis has answered it, and sent again where it did not."""

from __future__ import annotations

import logging
from asyncio import Future
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from pointsman.stores.redis_wire import Reply, Wire, Word

log = logging.getLogger(__name__)

_AT_ONCE = 500


@dataclass(slots=True, eq=False)
class Write:
    """A command, without the number that the outbox gives it, which comes at `number_at` where Redis asks for it.

    One that `lapses` may be given up for want of room. Of one that counts, `counter` is the key and `amount_at` where
    the amount is: while it waits, others are added to it.
    """

    words: list[Word]
    number_at: int | None = None
    lapses: bool = False
    counter: str = ""
    amount_at: int = 0


class Outbox:
    """In order of what was written first. Above `capacity` the oldest of those that may lapse goes, which is said."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._writes: OrderedDict[int, Write] = OrderedDict()
        # Counters whose write waits and was never sent.
        self._counters: dict[str, Write] = {}
        self._capacity, self._number, self._lapsed = capacity, 0, False

    def __len__(self) -> int:
        return len(self._writes)

    def send(self, wire: Wire, write: Write) -> Future[Reply]:
        """Send it now, and again if the answer does not come. StateLost where it can only wait."""
        return self._send(wire, self._enter(write))

    def keep(self, write: Write) -> None:
        """Send it when Redis is back."""
        if write.counter and (waiting := self._counters.get(write.counter)):
            amount = int(waiting.words[write.amount_at]) + int(write.words[write.amount_at])
            waiting.words[write.amount_at] = amount
            return
        self._enter(write)
        if write.counter:
            self._counters[write.counter] = write
        if write.lapses and len(self._writes) > self._capacity:
            self._lapse()

    async def replay(self, wire: Wire) -> int:
        """Send all that waits, what comes in meanwhile too; how many that was. StateLost: the rest goes on waiting."""
        self._counters.clear()
        count = 0
        while waiting := list(self._writes)[:_AT_ONCE]:
            answers = [self._send(wire, number) for number in waiting]
            for answer in answers:
                await answer
            # Their callbacks take them out, and may not have run yet.
            for number in waiting:
                self._writes.pop(number, None)
            self._counters.clear()
            count += len(waiting)
        return count

    def _enter(self, write: Write) -> int:
        self._number += 1
        if write.number_at is not None:
            write.words[write.number_at] = self._number
        self._writes[self._number] = write
        return self._number

    def _send(self, wire: Wire, number: int) -> Future[Reply]:
        answer = wire.call(self._writes[number].words)
        answer.add_done_callback(partial(self._answered, number))
        return answer

    def _answered(self, number: int, answer: Future[Reply]) -> None:
        if answer.exception() is None:
            self._writes.pop(number, None)

    def _lapse(self) -> None:
        number = next((number for number, write in self._writes.items() if write.lapses), None)
        if number is None:
            return
        gone = self._writes.pop(number)
        self._counters.pop(gone.counter, None)
        if not self._lapsed:
            self._lapsed = True
            log.warning("more than %d writes wait for the shared state: pins and counters are given up", self._capacity)
