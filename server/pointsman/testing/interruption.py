"""Asking a policy's asynchronous hooks, letting them finish or cutting them off, and looking at what is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pointsman.chain.calling import UNWATCHED, call_async
from pointsman.chain.loading import Chain, Hook
from pointsman.errors import PluginFailed
from pointsman.services import Ask, Services
from pointsman.stores.memory import MemoryStore
from pointsman.testing.fakes import FakeClock, Hold
from pointsman.testing.handed import FakeAsk, make_services

_TICKS = 10
_PATIENCE = 1.0
"""Seconds that a cancelled hook may take to clean up."""


class HeldStore(MemoryStore):
    """A store that never answers: whoever uses it can be cut off right there."""

    async def get(self, key: str) -> bytes | None:
        await Hold().pass_through()
        return None

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await Hold().pass_through()


def services(entry: str, ask: Ask | None = None) -> Services:
    """As a policy gets them."""
    return make_services(entry, ask=ask)


def held_services(entry: str, *, store: bool) -> Services:
    """The same, with a store that never answers, or only models that never do."""
    clock = FakeClock()
    ask = FakeAsk(Hold())
    return make_services(entry, ask=ask, store=HeldStore(clock) if store else None, clock=clock)


@asynccontextmanager
async def entered(chain: Chain) -> AsyncIterator[None]:
    """The chain's policies, those with a lifecycle entered as a server does it."""
    async with AsyncExitStack() as stack:
        for instance in chain.instances:
            if hasattr(instance, "__aenter__") and hasattr(instance, "__aexit__"):
                await stack.enter_async_context(instance)
        yield


async def finished(hook: Hook, *arguments: Any) -> Any:
    """The hook's answer; None where it failed or was late, which costs no more than the answer.

    AssertionError where it leaks what no policy may raise, a cancellation of its own above all, or leaves tasks behind.
    """
    before = asyncio.all_tasks()
    try:
        answer = await call_async(hook, UNWATCHED, *arguments)
    except PluginFailed as failure:
        cause = failure.__cause__
        assert cause is None or isinstance(cause, Exception), f"{hook.name} raised {cause!r}; raise an Exception"
        answer = None
    await _assert_nothing_left(hook, before)
    return answer


async def cut_off(hook: Hook, *arguments: Any) -> None:
    """Cancel the hook wherever it is after a few steps of the event loop, if it is not done by then."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(_awaited(hook, arguments))
    for _ in range(_TICKS):
        await asyncio.sleep(0)
    cut = task.cancel()
    await asyncio.wait({task}, timeout=_PATIENCE)
    assert task.done(), f"{hook.name} still runs {_PATIENCE:g} s after it was cancelled"
    assert not cut or task.cancelled(), f"{hook.name} swallowed its cancellation; let CancelledError go on"
    await _assert_nothing_left(hook, before)


async def _awaited(hook: Hook, arguments: tuple[Any, ...]) -> None:
    try:
        await hook.call(*arguments)
    # To fail is allowed; what must not be is looked at elsewhere.
    except Exception:  # noqa: BLE001
        return


async def _assert_nothing_left(hook: Hook, before: set[asyncio.Task[Any]]) -> None:
    for _ in range(_TICKS):
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    names = ", ".join(sorted(repr(task.get_coro()) for task in left))
    for task in left:
        task.cancel()
    assert not left, f"{hook.name} left tasks behind: {names}; start them in a task group"
