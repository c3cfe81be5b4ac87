"""Policies and gates with a lifecycle of their own: entered before the first request, left after the last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

from pointsman.chain.gates import LoadedGate
from pointsman.chain.loading import Chain
from pointsman.errors import PluginRefused


@asynccontextmanager
async def entered(chain: Chain, gates: Mapping[str, LoadedGate] = MappingProxyType({})) -> AsyncIterator[None]:
    """Enter whatever is an asynchronous context manager, in chain order, then the gates, and leave them in reverse.

    PluginRefused names the one that cannot be entered.
    """
    policies = [(entry.id, instance) for entry, instance in zip(chain.entries, chain.instances, strict=True)]
    async with AsyncExitStack() as stack:
        for name, instance in [*policies, *[(name, loaded.gate) for name, loaded in gates.items()]]:
            if not (hasattr(instance, "__aenter__") and hasattr(instance, "__aexit__")):
                continue
            try:
                await stack.enter_async_context(instance)
            # The plugin's own code: whatever it raises must name it.
            except Exception as error:
                raise PluginRefused(name, f"entering it raised {type(error).__name__}: {error}") from error
        yield
