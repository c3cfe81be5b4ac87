"""An event loop whose time jumps to the next timer instead of waiting for it: minutes of timeouts take no time."""

from __future__ import annotations

import asyncio
import selectors

EPOCH = 1_700_000_000.0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For coroutines alone: time passes whenever none of them can go on, even while a thread works."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        return self.seconds


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout:
            self._loop.seconds += timeout
        return ready


class LoopClock:
    """Implements `ports.Clock` by the running loop's time."""

    def now(self) -> float:
        return EPOCH + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
