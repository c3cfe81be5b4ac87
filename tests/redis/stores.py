"""Stores over a real Redis, by the machine's own clock, and waiting for what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

from tests.redis.server import RedisServer

from pointsman.ports import Clock
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.redis import RedisStore
from pointsman.stores.redis_options import RedisOptions, WhenDown, parse_address

PATIENCE = 20.0
"""Seconds: only a test that fails waits so long."""

UNHURRIED = 5.0
"""Seconds for an answer, where a machine that is busy must not make Redis look away; less where it is paused."""


@asynccontextmanager
async def opened(
    server: RedisServer,
    clock: Clock | None = None,
    *,
    when_down: WhenDown = WhenDown.REFUSE,
    timeout: float = 0.25,
    health: HealthBook | None = None,
) -> AsyncIterator[RedisStore]:
    """A store as one process has it; its budgets are shared by two while Redis is away."""
    clock = clock or SystemClock()
    options = RedisOptions(parse_address(server.url), timeout=timeout, when_down=when_down, share=2)
    book = health or HealthBook(clock, Random(), BreakerSettings())  # noqa: S311 - jitter
    async with RedisStore(options, clock, book) as store:
        yield store


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition that nothing announces."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - as the docstring says
            await asyncio.sleep(0.005)
