from __future__ import annotations

import asyncio
from typing import cast

import pytest

from pointsman.errors import StateLost
from pointsman.stores.redis_outbox import Outbox, Write
from pointsman.stores.redis_wire import Wire, Word

pytestmark = pytest.mark.anyio


class FakeWire:
    """Answers the first `answers` commands, and is lost with the next."""

    def __init__(self, answers: int = 1000) -> None:
        self.said: list[list[Word]] = []
        self._answers = answers

    def call(self, words: list[Word]) -> asyncio.Future[object]:
        if len(self.said) == self._answers:
            raise StateLost("lost")
        self.said.append(list(words))
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        future.set_result(None)
        return future


def wire(fake: FakeWire) -> Wire:
    return cast(Wire, fake)


def counted(key: str, amount: int) -> Write:
    return Write(["ADD", key, 0, amount], number_at=2, lapses=True, counter=key, amount_at=3)


def settled(lease: str) -> Write:
    return Write(["SETTLE", lease, 0], number_at=2)


async def test_what_waits_is_sent_in_order_and_once() -> None:
    outbox, first, second = Outbox(), FakeWire(answers=2), FakeWire()
    for lease in ("a", "b", "c", "d"):
        outbox.keep(settled(lease))
    with pytest.raises(StateLost):
        await outbox.replay(wire(first))
    await asyncio.sleep(0)
    assert len(outbox) == 2
    assert await outbox.replay(wire(second)) == 2
    assert first.said + second.said == [["SETTLE", lease, n] for n, lease in enumerate("abcd", 1)]
    assert not outbox


async def test_counters_that_wait_are_added_up() -> None:
    outbox, fake = Outbox(), FakeWire()
    for key, amount in (("spent", 5), ("extra", 1), ("spent", 7), ("spent", -2)):
        outbox.keep(counted(key, amount))
    assert await outbox.replay(wire(fake)) == 2
    assert fake.said == [["ADD", "spent", 1, 10], ["ADD", "extra", 2, 1]]
    outbox.keep(counted("spent", 3))
    await outbox.replay(wire(fake))
    assert fake.said[-1] == ["ADD", "spent", 3, 3]


async def test_one_that_was_sent_and_not_answered_is_never_added_to() -> None:
    outbox = Outbox()
    with pytest.raises(StateLost):
        outbox.send(wire(FakeWire(answers=0)), counted("spent", 5))
    outbox.keep(counted("spent", 7))
    fake = FakeWire()
    await outbox.replay(wire(fake))
    assert fake.said == [["ADD", "spent", 1, 5], ["ADD", "spent", 2, 7]]


async def test_for_want_of_room_what_may_lapse_goes_and_money_stays(caplog: pytest.LogCaptureFixture) -> None:
    outbox, fake = Outbox(capacity=3), FakeWire()
    outbox.keep(settled("a"))
    for number in range(5):
        outbox.keep(Write(["PIN", str(number)], lapses=True))
    outbox.keep(settled("b"))
    await outbox.replay(wire(fake))
    assert [words[:2] for words in fake.said] == [["SETTLE", "a"], ["PIN", "3"], ["PIN", "4"], ["SETTLE", "b"]]
    assert len([record for record in caplog.records if "are given up" in record.getMessage()]) == 1
