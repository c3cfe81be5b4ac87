"""Answers of gRPC calls that are kept, and given again to whoever repeats the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pointsman.doors.limits import KEPT_ANSWER_BYTES
from pointsman.doors.once import Asked, Once
from pointsman.v1 import router_service_pb2 as wire

Asking = wire.RouteRequest | wire.CompleteRequest | wire.CompleteUnaryRequest
M = TypeVar("M", wire.RouteResponse, wire.CompleteUnaryResponse)


def asked_of(request: Asking, tenant: str, session: str, deadline: float) -> Asked:
    """`session` is the one that the call's metadata names, which counts as part of the payload."""
    scope = (tenant, type(request).__name__)
    return Asked.of(
        request.request_id, scope, (session.encode(), request.SerializeToString(deterministic=True)), deadline
    )


async def unary(once: Once, asked: Asked, kind: type[M], answer: Callable[[], Awaitable[M]]) -> tuple[M, bool]:
    """The answer, and whether it is one that was given before."""
    kept = await once.claim(asked)
    if kept:
        return kind.FromString(kept.messages[0]), True
    try:
        response = await answer()
    except BaseException:
        once.release(asked)
        raise
    await once.keep(asked, response.decision.decision_id, (response.SerializeToString(),))
    return response, False


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
