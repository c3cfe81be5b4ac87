"""Policies with a lifecycle of their own: entered before the first request, left after the last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pointsman.chain.loading import Chain
from pointsman.errors import PluginRefused


@asynccontextmanager
async def entered(chain: Chain) -> AsyncIterator[None]:
    """Enter every policy that is an asynchronous context manager, in chain order, and leave them in reverse.

    PluginRefused names the one that cannot be entered.
    """
    async with AsyncExitStack() as stack:
        for entry, instance in zip(chain.entries, chain.instances, strict=True):
            if not (hasattr(instance, "__aenter__") and hasattr(instance, "__aexit__")):
                continue
            try:
                await stack.enter_async_context(instance)
            # The plugin's own code: whatever it raises must name it.
            except Exception as error:
                raise PluginRefused(entry.id, f"entering it raised {type(error).__name__}: {error}") from error
        yield
