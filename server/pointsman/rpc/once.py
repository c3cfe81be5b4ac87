"""Idempotency: of several requests with one request_id, one runs, and the others get its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from hashlib import blake2b
from time import monotonic
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.ports import StateStore
from pointsman.rpc.limits import KEPT_ANSWER_BYTES
from pointsman.v1 import router_service_pb2 as wire

log = logging.getLogger(__name__)

KEPT_SECONDS = 600.0
"""How long an answer is kept for repeats."""

_AFTER_THE_DEADLINE = 30.0
"""Seconds that a claim outlives its request's deadline: for a process that died, since all others give it back."""

Asking = wire.RouteRequest | wire.CompleteRequest | wire.CompleteUnaryRequest
M = TypeVar("M", wire.RouteResponse, wire.CompleteUnaryResponse)


class Asked(Struct, frozen=True):
    """A request with a request_id: `payload` is a digest of all that it says. `deadline` is monotonic seconds."""

    key: str
    payload: bytes
    deadline: float

    @classmethod
    def of(cls, request: Asking, tenant: str, session: str, deadline: float) -> Asked:
        """`session` is the one that the call's metadata names, which counts as part of the payload."""
        method = type(request).__name__
        scope = "\n".join((tenant, method, request.request_id))
        payload = blake2b(request.SerializeToString(deterministic=True), key=blake2b(session.encode()).digest())
        # No chain entry's id begins like this, so that no policy's own value is ever under such a key.
        return cls(f"@once:{blake2b(scope.encode(), digest_size=20).hexdigest()}", payload.digest(), deadline)


class Kept(Struct, frozen=True):
    """What lies in the store: of a request that is running no more than `payload`.

    `messages` are the answer, serialized, and none where it was too large; `decision_id` is there once it is over.
    """

    payload: bytes
    decision_id: str = ""
    messages: tuple[bytes, ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class Once:
    """Claims request ids and keeps answers, in the store that all replicas share."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    async def claim(self, asked: Asked) -> Kept | None:
        """None: it is for the caller to run it, and to `keep` or `release` what comes of it. Else the answer.

        RequestError REQUEST_IN_PROGRESS, REQUEST_ID_REUSED, or FEATURE_DISABLED for an answer that was too large.
        """
        seconds = max(0.0, asked.deadline - monotonic()) + _AFTER_THE_DEADLINE
        there = await self._store.claim(asked.key, _encode(Kept(asked.payload)), seconds)
        if there is None:
            return None
        kept = _decode(there)
        if kept.payload != asked.payload:
            problem = "came with another payload before; give every request an id of its own"
            raise InvalidRequest([("request_id", problem)], Reason.REQUEST_ID_REUSED)
        if not kept.decision_id:
            raise RequestError(Reason.REQUEST_IN_PROGRESS, "a request with this request_id is still running")
        if not kept.messages:
            raise RequestError(
                Reason.FEATURE_DISABLED,
                f"this request_id was answered with more than the {KEPT_ANSWER_BYTES:,} bytes that can be repeated",
                metadata={"decision_id": kept.decision_id},
            )
        return kept

    async def keep(self, asked: Asked, decision_id: str, messages: tuple[bytes, ...]) -> None:
        """Keep an answer, whatever becomes of its caller. Nobody has seen its end yet: a repeat comes after this."""
        small = sum(map(len, messages)) <= KEPT_ANSWER_BYTES
        kept = Kept(asked.payload, decision_id, messages if small else ())
        await asyncio.shield(self._start(self._store.put(asked.key, _encode(kept), KEPT_SECONDS)))

    def release(self, asked: Asked) -> None:
        """Let the next one run: this came to nothing."""
        self._start(self._store.forget(asked.key))

    async def settle(self) -> None:
        """Wait for what is still being kept or released."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def unary(self, asked: Asked, kind: type[M], answer: Callable[[], Awaitable[M]]) -> tuple[M, bool]:
        """The answer, and whether it is one that was given before."""
        kept = await self.claim(asked)
        if kept:
            return kind.FromString(kept.messages[0]), True
        try:
            response = await answer()
        except BaseException:
            self.release(asked)
            raise
        await self.keep(asked, response.decision.decision_id, (response.SerializeToString(),))
        return response, False

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(_told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _told(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    # A store that fails now must not cost the caller an answer that is there and paid for.
    except Exception as error:  # noqa: BLE001
        log.error("an answer cannot be kept for repeats, or a claim not given back: %s", type(error).__name__)


class Tape:
    """What of a stream is worth repeating: the decision, the deltas of its last generation, usage and finish."""

    def __init__(self, once: Once, asked: Asked) -> None:
        self._once, self._asked = once, asked
        self._decision_id = ""
        self._head: list[bytes] = []
        self._deltas: list[bytes] = []
        self._size = 0
        self.kept = False

    def add(self, message: wire.CompleteResponse) -> None:
        """An event that is being sent."""
        kind = message.WhichOneof("event")
        if kind == "decision":
            self._decision_id = message.decision.decision_id
            self._head.append(message.SerializeToString())
        elif kind == "reset":
            self._deltas.clear()
            self._size = 0
        elif kind in _DELTAS:
            data = message.SerializeToString()
            self._size += len(data)
            # Beyond that it will not be kept, and need not be held: one more than fits says so.
            if self._size - len(data) <= KEPT_ANSWER_BYTES:
                self._deltas.append(data)

    async def keep(self, last: list[wire.CompleteResponse]) -> None:
        """Keep the answer, before these last events of it are sent."""
        messages = (*self._head, *self._deltas, *(event.SerializeToString() for event in last))
        # Also where the caller goes away meanwhile: it is kept all the same.
        self.kept = True
        await self._once.keep(self._asked, self._decision_id, messages)


_DELTAS = frozenset({"text_delta", "reasoning_delta", "tool_call_delta"})
