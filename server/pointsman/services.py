"""What a policy may use in its asynchronous hooks: a frozen set, scoped to its chain entry."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct

from pointsman.errors import AskFailed
from pointsman.model.answer import Answer
from pointsman.model.decision import Cause
from pointsman.model.request import Request
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

    async def total(self, *keys: str) -> int:
        """What counters stand at together, 0 where there are none."""
        return await self._state.total(*[self._prefix + key for key in keys])


async def _refuse(model: str, request: Request, *, max_cost_nano_usd: int | None = None) -> Answer:
    raise AskFailed(model, "models are asked only while signals are gathered or answers judged")


class Ask(Protocol):
    """Asks one of the configured models, at the expense of the request that it is about.

    answer = await services.ask("nano", Request(messages=(Message(Role.USER, (Text("Is this spam? …"),)),)))
    """

    async def __call__(self, model: str, request: Request, *, max_cost_nano_usd: int | None = None) -> Answer:
        """The whole answer of `model`, an id or alias.

        Of `request` the messages, tools, format and parameters are sent, and nothing of the caller's hints. Set
        `params.max_output_tokens`: the whole of it counts against `max_cost_nano_usd` (None: no limit of yours) and
        against the caller's own limit, and nothing is asked where it could cost more. Nor is a model that a veto keeps
        from the caller's request.

        Raises AskFailed, and nothing else. Cancelled, it has closed the provider's connection. What it cost is
        recorded as an attempt of kind ASSIST and belongs to the overhead of the request, whatever came of it.
        """


class Services(Struct, frozen=True):
    """`entry` is the id of the chain entry that they belong to.

    `ask` works while signals are gathered and while answers are judged. In admission and settlement it raises
    AskFailed: the one must not keep an attempt waiting, and what the other spends would come too late for the request's
    bill.
    """

    entry: str
    clock: Clock
    store: Store
    ask: Ask = _refuse
