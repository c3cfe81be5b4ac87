"""One configuration with all that it has open: policies entered, providers connected, probes running."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from pointsman.chain.lifecycle import entered
from pointsman.config.connections import Connections, Opened
from pointsman.config.rules import Built, build_rules
from pointsman.config.settings import Config
from pointsman.engine.probing import Prober
from pointsman.ports import StateStore


@dataclass(frozen=True, slots=True)
class Generation:
    """Closed by whoever opened it, after the last request that keeps to it.

    What is entered and left lives in a task of its own, since a task group must be left where it was entered, and a
    reload and the end of a server are different tasks.
    """

    config: Config
    built: Built
    opened: Opened
    _closing: asyncio.Event
    _life: asyncio.Task[None]

    async def aclose(self) -> None:
        """Stop probing, close what no other configuration has open, leave the policies. Raises what they raise."""
        self._closing.set()
        await self._life


async def open_generation(config: Config, connections: Connections, store: StateStore) -> Generation:
    """Make and enter the policies, and open the providers. PluginRefused or ConfigInvalid: nothing is open then."""
    # Off the event loop, at a start too: importing and making policies takes as long as it takes.
    built = await asyncio.to_thread(build_rules, config)
    ready: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
    closing = asyncio.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(entered(built.chain, built.rules.gates))
            opened = connections.open(config.providers)
            stack.push_async_callback(connections.close, opened)
            probes = {name: account.probe for name, account in config.providers.items() if account.probe}
            if probes:
                prober = Prober(opened.providers, probes, store)
                await stack.enter_async_context(prober.running())
            ready.set_result(opened)
            await closing.wait()

    life = asyncio.create_task(live(), name=f"configuration {config.version}")
    # Whichever comes first; a failure is raised below.
    either: list[asyncio.Future[Any]] = [life, ready]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        life.cancel()
        await asyncio.wait([life])
        raise
    if not ready.done():
        ready.cancel()
        # It ended before it was ready: this raises why.
        await life
    return Generation(config, built, ready.result(), closing, life)
