"""How much of budgets is used, as a gauge: read from the state at each scrape, which does not wait long for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from pointsman.errors import RequestError
from pointsman.telemetry.tallies import Labels

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a scrape waits; then it is shown what was read last."""


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
        try:
            async with asyncio.timeout(PATIENCE):
                self._ratios = await self._read()
        except RequestError:
            # A store that is away has said so itself, once.
            pass
        # Whatever keeps the state from being read, all other metrics are still there to be shown.
        except Exception as error:  # noqa: BLE001
            log.warning("budgets cannot be read for their metric: %s", type(error).__name__)
