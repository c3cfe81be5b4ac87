"""Which calls are under way: how many are let in, and waiting for or ending the last of them."""

from __future__ import annotations

import asyncio

from pointsman.errors import Reason, RequestError

OVERLOAD_DELAY = 0.5
"""Seconds after which a caller turned away for load may come again."""


class Traffic:
    """The registry of running calls, at most `limit`. grpc's own limit would turn health checks away too."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._calls: set[asyncio.Task[object]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    def __len__(self) -> int:
        return len(self._calls)

    def enter(self) -> asyncio.Task[object]:
        """Let the current task's call in, or raise OVERLOADED or SHUTTING_DOWN."""
        if self._draining:
            raise RequestError(Reason.SHUTTING_DOWN, "the server is shutting down; call again on a new connection")
        if len(self._calls) >= self.limit:
            raise RequestError(Reason.OVERLOADED, f"{self.limit} calls are running already", retry_delay=OVERLOAD_DELAY)
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        self._idle.clear()
        return task

    def leave(self, task: asyncio.Task[object]) -> None:
        self._calls.discard(task)
        if not self._calls:
            self._idle.set()

    def close(self) -> None:
        """Let nobody in any more."""
        self._draining = True

    async def drain(self, grace: float) -> None:
        """Wait `grace` seconds for the running calls, then end those that are left, telling them why."""
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            for task in self._calls:
                task.cancel(Reason.SHUTTING_DOWN)
            await self._idle.wait()


def uncancelled(cancelled: asyncio.CancelledError) -> RequestError:
    """What a call's outermost layer tells its caller: a cancellation goes on, unless shutting down caused it, or
    somebody leaked it. Those need an answer.
    """
    task = asyncio.current_task()
    assert task is not None
    if cancelled.args and cancelled.args[0] == Reason.SHUTTING_DOWN:
        # The caller is still there and wants a status; awaiting one needs a task that is not being cancelled.
        task.uncancel()
        return RequestError(Reason.SHUTTING_DOWN, "the server is shutting down")
    if task.cancelling():
        raise cancelled
    return RequestError(Reason.INTERNAL, "a fault of this server")
