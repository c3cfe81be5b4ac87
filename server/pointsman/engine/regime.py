"""Rules and the providers that they name, for as long as a request lives by them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from pointsman.engine.rules import Rules
from pointsman.ports import Provider


class Regime:
    """What one configuration brings to the engine. A request enters it, and keeps to it whatever follows it.

    with regime:
        ...
    """

    __slots__ = ("_left", "_requests", "providers", "rules")

    def __init__(self, rules: Rules, providers: Mapping[str, Provider]) -> None:
        """`providers` by id."""
        self.rules, self.providers = rules, providers
        self._requests = 0
        self._left: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self._requests += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests -= 1
        if not self._requests and self._left:
            self._left.set()

    async def empty(self) -> None:
        """Return when the last request has left. For a regime that no new one enters."""
        if self._requests:
            self._left = asyncio.Event()
            await self._left.wait()
