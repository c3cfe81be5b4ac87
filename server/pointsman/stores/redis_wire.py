"""One connection to Redis that all requests share: commands go out as they come, answers arrive in the same order.

An eighth of the CPU time of a pooled client, and what one request wrote the next one reads, whoever waited for it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis

from pointsman.errors import StateLost
from pointsman.stores.redis_options import RedisAddress

CONNECT = 1.0
"""Seconds for a connection, with all that is said first."""

_TICKS = 4

Word = str | bytes | int
# Whatever Redis answers: bytes, int, None or a list of them.
Reply = Any


class Wire(asyncio.Protocol):
    """An open connection. Where an answer takes longer than `timeout` seconds, or is an error, it is closed.

    `lost` then says why and `on_lost` is told, before every call under way fails with StateLost.
    """

    def __init__(self, timeout: float) -> None:
        self._tick = timeout / _TICKS
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._calls: deque[asyncio.Future[Reply]] = deque()
        self._answered = 0
        # The count of answers when the oldest call was first found waiting, and for how many ticks it has been.
        self._stuck_at, self._stuck_for = -1, 0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.lost = ""
        self.on_lost: Callable[[str], None] | None = None

    def call(self, words: Sequence[Word]) -> asyncio.Future[Reply]:
        """Send a command now; its answer, when it comes. StateLost where the connection is gone."""
        if self._transport is None:
            raise StateLost(self.lost or "it is not connected")
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._calls.append(future)
        self._transport.write(hiredis.pack_command(tuple(words)))  # type: ignore[arg-type]  # its stub means tuple[…, ...]
        if self._timer is None:
            self._timer = self._loop.call_later(self._tick, self._look)
        return future

    def close(self, why: str = "it was closed") -> None:
        """Close at once; calls under way fail."""
        if self.lost:
            return
        self.lost = why
        if self.on_lost:
            self.on_lost(why)
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        if self._timer is not None:
            self._timer.cancel()
        calls, self._calls = self._calls, deque()
        for future in calls:
            if not future.done():
                future.set_exception(StateLost(why))
                # Nobody may be waiting any more.
                future.exception()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one by what it does, not by inheritance.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close("the connection broke")

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False and self._calls:
                if isinstance(reply, hiredis.ReplyError):
                    return self.close(f"it answered {_in_short(reply)}")
                self._answered += 1
                future = self._calls.popleft()
                if not future.done():
                    future.set_result(reply)
        except hiredis.ProtocolError:
            self.close("what it says is not Redis's protocol")
        return None

    def _look(self) -> None:
        """Has the oldest call waited too long? Counted in ticks: a busy event loop of ours is no silence of Redis."""
        self._timer = None
        if not self._calls:
            self._stuck_at = -1
            return
        self._stuck_for = self._stuck_for + 1 if self._stuck_at == self._answered else 0
        self._stuck_at = self._answered
        if self._stuck_for >= _TICKS - 1:
            self.close(f"no answer within {self._tick * _TICKS * 1000:g} ms")
        else:
            self._timer = self._loop.call_later(self._tick, self._look)


async def connect(address: RedisAddress, tls: ssl.SSLContext | None, timeout: float) -> Wire:
    """An open connection, authenticated and on its database; StateLost if that takes more than a second."""
    loop = asyncio.get_running_loop()
    wire = Wire(timeout)
    try:
        async with asyncio.timeout(CONNECT):
            if address.path:
                await loop.create_unix_connection(lambda: wire, address.path)
            else:
                await loop.create_connection(lambda: wire, address.host, address.port, ssl=tls)
            await _introduce(wire, address)
    except TimeoutError:
        wire.close()
        raise StateLost(f"no connection within {CONNECT:g} s") from None
    except OSError as error:
        raise StateLost(f"no connection: {error.strerror or type(error).__name__}") from None
    except BaseException:
        wire.close()
        raise
    return wire


async def _introduce(wire: Wire, address: RedisAddress) -> None:
    said: list[Sequence[Word]] = []
    if address.password:
        said.append(("AUTH", *filter(None, (address.username,)), address.password))
    if address.database:
        said.append(("SELECT", address.database))
    said.append(("PING",))
    for future in [wire.call(words) for words in said]:
        await future


def _in_short(error: Exception) -> str:
    """What kind of error; the rest of its text may quote arguments."""
    kind = str(error).partition(" ")[0]
    return kind if kind.isalpha() and kind.isupper() else "an error"
