"""What a policy may use in its asynchronous hooks: a frozen set, scoped to its chain entry."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from pointsman.model.decision import Cause
from pointsman.ports import Clock, StateStore


class Lease(Struct, frozen=True):
    """Admission to one attempt. `token` is whatever the policy wants back when it settles."""

    # Only the policy that granted it reads it.
    token: Any = None


class Denial(Struct, frozen=True):
    """Why an attempt must not be made."""

    cause: Cause
    reason: str


class Store:
    """A policy's own values, kept under its entry's id: two entries of one policy never share state."""

    def __init__(self, state: StateStore, entry: str) -> None:
        self._state, self._prefix = state, f"{entry}:"

    async def get(self, key: str) -> bytes | None:
        return await self._state.get(self._prefix + key)

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds."""
        await self._state.put(self._prefix + key, value, ttl)

    async def add(self, key: str, amount: int, ttl: float) -> int:
        """Add to a counter, kept for `ttl` seconds from now, and return what it comes to."""
        return await self._state.add(self._prefix + key, amount, ttl)

    async def total(self, key: str) -> int:
        """What a counter stands at, 0 where there is none."""
        return await self._state.total(self._prefix + key)


class Services(Struct, frozen=True):
    """`entry` is the id of the chain entry that they belong to."""

    entry: str
    clock: Clock
    store: Store
