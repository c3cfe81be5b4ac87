"""The link to Redis: up or down. A request never waits for it to come back; that is tried in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import random

from pointsman.errors import StateLost
from pointsman.stores.redis_options import RedisAddress
from pointsman.stores.redis_outbox import Outbox, Write
from pointsman.stores.redis_scripts import SCRIPTS
from pointsman.stores.redis_wire import Reply, Wire, Word, connect

log = logging.getLogger(__name__)

_FIRST, _MOST = 0.1, 2.0
"""Seconds between two tries to connect, doubled each time."""

_JITTER = 0.2


class Link:
    """`timeout`: seconds for an answer. `restore` is awaited on each new connection before it is used.

    It says how many writes it sent. `consequence` ends the log line that says that the link is down: one line a change.
    `epoch` is Redis's name for what it remembers, as far as we know.
    """

    def __init__(
        self, address: RedisAddress, timeout: float, restore: Callable[[Wire], Awaitable[int]], consequence: str
    ) -> None:
        self._address, self._timeout = address, timeout
        self._tls = address.tls_context()
        self._restore, self._consequence = restore, consequence
        self._why, self._down_since = "it has not been asked yet", time.monotonic()
        self._reviving: asyncio.Task[None] | None = None
        self._closed = False
        self.wire: Wire | None = None
        self.outbox = Outbox()
        self.epoch = b""

    @property
    def up(self) -> bool:
        return self.wire is not None

    async def start(self) -> None:
        """Connect, within a second; where that fails, go on trying behind the caller's back."""
        try:
            await self._open()
        except StateLost as lost:
            self._lose(lost.why)

    async def aclose(self) -> None:
        """Close, and try no more."""
        self._closed = True
        if self._reviving:
            self._reviving.cancel()
            await asyncio.wait([self._reviving])
        if self.wire:
            self.wire.close()

    def call(self, words: Sequence[Word]) -> Future[Reply]:
        """Send a command now; its answer, when it comes. StateLost at once where the link is down."""
        if self.wire is None:
            raise StateLost(self._why)
        return self.wire.call(words)

    def say(self, words: Sequence[Word]) -> Future[Reply] | None:
        """Send it now, or not at all."""
        with suppress(StateLost):
            return self.call(words)
        return None

    def write(self, write: Write) -> Future[Reply] | None:
        """Send it now, and have its answer; None: it waits until Redis is back."""
        if self.wire is None:
            self.outbox.keep(write)
            return None
        with suppress(StateLost):
            return self.outbox.send(self.wire, write)
        return None

    def forgotten(self) -> StateLost:
        """Redis was emptied under way: the connection is made anew, as when it is started again."""
        why = "it has lost what it knew"
        if self.wire is not None:
            self.wire.close(why)
        return StateLost(why)

    async def _open(self) -> int:
        wire = await connect(self._address, self._tls, self._timeout)
        try:
            for loaded in [wire.call(("SCRIPT", "LOAD", script.text)) for script in SCRIPTS]:
                await loaded
            restored = await self._restore(wire)
        except BaseException:
            wire.close()
            raise
        if wire.lost:
            raise StateLost(wire.lost)
        self.wire, wire.on_lost = wire, self._lose
        return restored

    def _lose(self, why: str) -> None:
        self.wire = None
        if self._closed:
            return
        self._why, self._down_since = why, time.monotonic()
        log.warning("the shared state at %s is not available: %s; %s", self._address.name, why, self._consequence)
        self._reviving = asyncio.create_task(self._revive())

    async def _revive(self) -> None:
        seconds = _FIRST
        while True:
            # No secret hangs on when it is tried.
            await asyncio.sleep(seconds * (1 - _JITTER * random()))  # noqa: S311
            seconds = min(seconds * 2, _MOST)
            try:
                restored = await self._open()
            except StateLost as lost:
                self._why = lost.why
                continue
            # The boundary of a task that nobody waits for: a fault of ours must not keep Redis away for good.
            except Exception as error:  # noqa: BLE001
                log.error("connecting to the shared state failed: %s", type(error).__name__)
                continue
            took = time.monotonic() - self._down_since
            log.warning(
                "the shared state at %s is available again after %.1f s; %d writes that waited were sent",
                self._address.name,
                took,
                restored,
            )
            return
