"""How much of budgets is used, as a gauge: read from the state now and then, since a scrape cannot wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from pointsman.errors import RequestError
from pointsman.telemetry.tallies import Labels

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two readings."""


class BudgetGauge:
    """`read` gives the used shares by the names of budgets; only configured names, never a caller's."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, float]]]) -> None:
        self._read = read
        self._ratios: Mapping[str, float] = {}

    def values(self) -> Mapping[Labels, float]:
        """As they were read last."""
        return {(scope,): ratio for scope, ratio in self._ratios.items()}

    async def refresh(self) -> None:
        """Read them now."""
        self._ratios = await self._read()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read them again and again until left."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        while True:
            try:
                await self.refresh()
            except RequestError:
                # A store that is away has said so itself, once.
                pass
            # The boundary of the task: a store that is away for a while must not end the readings for good.
            except Exception as error:  # noqa: BLE001
                log.warning("budgets cannot be read for their metric: %s", type(error).__name__)
            await asyncio.sleep(EVERY)
