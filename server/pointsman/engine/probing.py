"""Probing: asking providers that are down whether they are back, so that no caller's request has to find out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from pointsman.errors import ProviderError
from pointsman.model.snapshot import Health, HealthState
from pointsman.ports import Limits, Provider, StateStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """How often a provider is asked while something of it is down, and how long it may take; seconds."""

    every: float
    timeout: float


class Prober:
    """Probes by provider id. What the provider itself said, such as a Retry-After, is waited out without asking."""

    def __init__(self, providers: Mapping[str, Provider], probes: Mapping[str, Probe], store: StateStore) -> None:
        self._providers, self._probes, self._store = providers, probes, store

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Probe until left."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self) -> None:
        async with anyio.create_task_group() as group:
            for provider in self._probes:
                group.start_soon(self._watch, provider)

    async def _watch(self, provider: str) -> None:
        while True:
            await anyio.sleep(self._probes[provider].every)
            try:
                await self._look(provider)
            # The boundary of a task that nobody waits for: a fault in one look must not end all of them.
            except Exception as error:  # noqa: BLE001
                log.error("probing %s failed: %s", provider, type(error).__name__)

    async def _look(self, provider: str) -> None:
        vitals = await self._store.vitals()
        down = any(v.provider == provider and _worth_asking(v.health) for v in vitals)
        if down and await self._answers(provider):
            self._store.probed(provider)

    async def _answers(self, provider: str) -> bool:
        seconds = self._probes[provider].timeout
        try:
            await self._providers[provider].probe(Limits(seconds, seconds, seconds, seconds))
        except ProviderError:
            return False
        return True


def _worth_asking(health: Health) -> bool:
    return health.state is HealthState.DOWN and not health.told
