"""Idempotency: of several requests with one request_id, one runs, and the others get its answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from hashlib import blake2b
from time import monotonic
from typing import Any

import msgspec
from msgspec import Struct

from pointsman.doors.limits import KEPT_ANSWER_BYTES
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.ports import StateStore

log = logging.getLogger(__name__)

KEPT_SECONDS = 600.0
"""How long an answer is kept for repeats."""

_AFTER_THE_DEADLINE = 30.0
"""Seconds that a claim outlives its request's deadline: for a process that died, since all others give it back."""


class Asked(Struct, frozen=True):
    """A request with a request_id: `payload` is a digest of all that it says. `deadline` is monotonic seconds.

    `named` is what its callers know the request_id by.
    """

    key: str
    payload: bytes
    deadline: float
    named: str = "request_id"

    @classmethod
    def of(cls, request_id: str, scope: tuple[str, str], payload: Iterable[bytes], deadline: float) -> Asked:
        """`scope` is the tenant and the method, for which the id counts; `payload` is all that the request says."""
        digest = blake2b()
        for part in payload:
            # With its length, so that no two payloads look alike.
            digest.update(len(part).to_bytes(8))
            digest.update(part)
        named = "\n".join((*scope, request_id))
        # No chain entry's id begins like this, so that no policy's own value is ever under such a key.
        return cls(f"@once:{blake2b(named.encode(), digest_size=20).hexdigest()}", digest.digest(), deadline)


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
            raise InvalidRequest([(asked.named, problem)], Reason.REQUEST_ID_REUSED)
        if not kept.decision_id:
            raise RequestError(Reason.REQUEST_IN_PROGRESS, f"a request with this {asked.named} is still running")
        if not kept.messages:
            raise RequestError(
                Reason.FEATURE_DISABLED,
                f"this {asked.named} was answered with more than the {KEPT_ANSWER_BYTES:,} bytes that can be repeated",
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
