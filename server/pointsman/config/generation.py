"""One configuration with all that it has open: policies entered, providers connected, probes running."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from pointsman.chain.lifecycle import entered
from pointsman.config.connections import Connections, Opened
from pointsman.config.rules import Built, build_rules
from pointsman.config.settings import Config
from pointsman.engine.probing import Prober
from pointsman.ports import StateStore


@dataclass(frozen=True, slots=True)
class Generation:
    """Closed by whoever opened it, after the last request that keeps to it."""

    config: Config
    built: Built
    opened: Opened
    _stack: AsyncExitStack

    async def aclose(self) -> None:
        """Stop probing, close what no other configuration has open, leave the policies."""
        await self._stack.aclose()


async def open_generation(config: Config, connections: Connections, store: StateStore) -> Generation:
    """Make and enter the policies, and open the providers. PluginRefused or ConfigInvalid: nothing is open then."""
    # Off the event loop, at a start too: importing and making policies takes as long as it takes.
    built = await asyncio.to_thread(build_rules, config)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(entered(built.chain, built.rules.gates))
        opened = connections.open(config.providers)
        stack.push_async_callback(connections.close, opened)
        probes = {name: account.probe for name, account in config.providers.items() if account.probe}
        if probes:
            prober = Prober(opened.providers, probes, store, config.catalogue)
            await stack.enter_async_context(prober.running())
        return Generation(config, built, opened, stack.pop_all())
