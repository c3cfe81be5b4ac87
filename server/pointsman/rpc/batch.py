"""Many decisions in one call: bounded concurrency, and every item with an answer or an error of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from pointsman.doors.limits import BATCH, UNARY_RESPONSE_BYTES
from pointsman.engine.exchange import Completion
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.request import Request
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.failure_to_wire import told_to_wire
from pointsman.rpc.from_wire import Call
from pointsman.v1 import router_service_pb2 as wire

AT_ONCE = 16
"""Decisions under way at a time; each waits for its commit, and others' calls run in between."""

Read = Callable[[wire.RouteRequest], Call]
Route = Callable[[Request], Coroutine[Any, Any, Completion]]


async def route_batch(
    request: wire.RouteBatchRequest, read: Read, route: Route, expired: Callable[[], bool]
) -> wire.RouteBatchResponse:
    """Every item through `read` and `route`; those whose turn comes when the deadline has `expired` are not tried.

    InvalidRequest where there are no items, too many, or where their decisions are more than a response can hold.
    """
    if not 1 <= len(request.requests) <= BATCH:
        problem = f"has {len(request.requests):,} entries, and must have between 1 and {BATCH}"
        reason = Reason.REQUEST_TOO_LARGE if request.requests else Reason.INVALID_REQUEST
        raise InvalidRequest([("requests", problem)], reason)
    response = wire.RouteBatchResponse(items=[wire.RouteBatchItem() for _ in request.requests])
    work = zip(request.requests, response.items, strict=True)

    async def work_off(work: Iterator[tuple[wire.RouteRequest, wire.RouteBatchItem]]) -> None:
        # One iterator for all: whoever is free takes the next.
        for asked, item in work:
            await _answer(asked, item, read, route, expired)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_ONCE, len(request.requests))):
            group.create_task(work_off(work))
    if (size := response.ByteSize()) > UNARY_RESPONSE_BYTES:
        problem = (
            f"were decided and recorded, but the decisions take {size:,} bytes, and at most {UNARY_RESPONSE_BYTES:,} "
            "are sent; ask for less of a trace, or for fewer at once"
        )
        raise InvalidRequest([("requests", problem)], Reason.REQUEST_TOO_LARGE)
    return response


async def _answer(
    asked: wire.RouteRequest, item: wire.RouteBatchItem, read: Read, route: Route, expired: Callable[[], bool]
) -> None:
    try:
        if expired():
            raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed before its turn came")
        if asked.request_id:
            raise RequestError(Reason.FEATURE_DISABLED, "request_id is not offered in a batch; call Route instead")
        call = read(asked)
        completion = await route(call.request)
    except RequestError as error:
        told_to_wire(error, item.error)
        return
    if completion.error:
        told_to_wire(completion.error, item.error)
        item.error.metadata["decision_id"] = completion.decision_id
        return
    assert completion.routed
    decision_to_wire(completion.routed, call.trace_level, item.decision)
