"""Batches: who gets which answer, how many at a time, and what fails the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from google.protobuf.json_format import ParseDict
from msgspec.structs import replace
from tests.unit.rpc.calls import HELLO

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.attempt import Cost
from pointsman.model.caller import ANYBODY
from pointsman.model.request import Request
from pointsman.rpc.batch import AT_ONCE, route_batch
from pointsman.rpc.from_wire import Call, call_from_wire
from pointsman.v1 import errors_pb2
from pointsman.v1.router_service_pb2 import RouteBatchRequest, RouteRequest

NEVER = bool


class Router:
    """Routes to whatever the request's task is; "down" is an error. `most` were under way at a time."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed
        self.asked: list[str] = []
        self.sessions: set[str] = set()
        self.most = self._running = 0

    async def __call__(self, request: Request) -> Completion:
        self._running += 1
        self.most = max(self.most, self._running)
        self.asked.append(request.hints.task)
        self.sessions.add(request.hints.session_id)
        await asyncio.sleep(0)
        self._running -= 1
        task = request.hints.task
        if task == "down":
            error = RequestError(Reason.ALL_PROVIDERS_DOWN, "all down", retry_delay=2.0)
            return Completion("id-down", None, (), Cost(), 0.0, error=error)
        assessed = replace(self._routed.decision.assessed, task=task)
        decision = replace(self._routed.decision, assessed=assessed)
        return Completion(f"id-{task}", replace(self._routed, decision=decision), (), Cost(), 0.0)


def reading(session: str = "") -> Callable[[RouteRequest], Call]:
    """As a door reads items whose metadata names a session."""
    return lambda asked: call_from_wire(asked, ANYBODY, session)


def batch(*tasks: str) -> RouteBatchRequest:
    return RouteBatchRequest(requests=[item(task) for task in tasks])


def item(task: str) -> RouteRequest:
    return ParseDict({"input": {"messages": [HELLO]}, "hints": {"task": task}}, RouteRequest())


async def test_every_item_has_its_own_answer_in_order(routed: Routed) -> None:
    asked = batch("a", "b", "down", "c")
    asked.requests[1].ClearField("input")
    response = await route_batch(asked, reading("s-1"), Router(routed), NEVER)
    kinds = [item.WhichOneof("result") for item in response.items]
    assert kinds == ["decision", "error", "error", "decision"]
    assert [item.decision.task.task for item in response.items if item.HasField("decision")] == ["a", "c"]
    malformed, down = response.items[1].error, response.items[2].error
    assert (malformed.code, malformed.reason) == (3, errors_pb2.ERROR_REASON_INVALID_REQUEST)
    assert (down.code, down.reason, down.message) == (14, errors_pb2.ERROR_REASON_ALL_PROVIDERS_DOWN, "all down")
    assert (down.retry_delay.seconds, dict(down.metadata)) == (2, {"decision_id": "id-down"})


async def test_the_session_of_the_metadata_is_everybodys(routed: Routed) -> None:
    router = Router(routed)
    asked = batch("a", "b")
    asked.requests[1].hints.session_id = "own"
    await route_batch(asked, reading("s-1"), router, NEVER)
    assert router.sessions == {"s-1", "own"}


async def test_only_so_many_are_under_way_at_a_time(routed: Routed) -> None:
    router = Router(routed)
    response = await route_batch(batch(*map(str, range(256))), reading(), router, NEVER)
    assert (router.most, len(router.asked)) == (AT_ONCE, 256)
    assert [item.decision.task.task for item in response.items] == [str(number) for number in range(256)]


async def test_after_the_deadline_nobody_is_asked_any_more(routed: Routed) -> None:
    router = Router(routed)
    response = await route_batch(
        batch(*map(str, range(50))), reading(), router, expired=lambda: len(router.asked) >= 20
    )
    assert len(router.asked) == 20
    late = [item.error.reason for item in response.items if item.HasField("error")]
    assert late == [errors_pb2.ERROR_REASON_DEADLINE_EXCEEDED] * 30


@pytest.mark.parametrize(("count", "reason"), [(0, Reason.INVALID_REQUEST), (257, Reason.REQUEST_TOO_LARGE)])
async def test_none_and_too_many(routed: Routed, count: int, reason: Reason) -> None:
    router = Router(routed)
    with pytest.raises(InvalidRequest, match="between 1 and 256") as refused:
        await route_batch(batch(*["a"] * count), reading(), router, NEVER)
    assert (refused.value.reason, router.asked) == (reason, [])


async def test_more_than_a_response_can_hold(routed: Routed) -> None:
    long = replace(routed, decision=replace(routed.decision, reason="x" * 100_000))
    with pytest.raises(InvalidRequest, match="ask for less of a trace, or for fewer at once"):
        await route_batch(batch(*["a"] * 50), reading(), Router(long), NEVER)


async def test_request_ids_are_refused_item_by_item(routed: Routed) -> None:
    asked = batch("a", "b")
    asked.requests[0].request_id = "r-1"
    response = await route_batch(asked, reading(), Router(routed), NEVER)
    assert response.items[0].error.reason == errors_pb2.ERROR_REASON_FEATURE_DISABLED
    assert response.items[1].HasField("decision")


async def test_cancelled_it_cancels_them_all(routed: Routed) -> None:
    started, ended = asyncio.Event(), list[str]()

    async def hang(request: Request) -> Completion:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(request.hints.task)
        raise AssertionError

    call = asyncio.create_task(route_batch(batch("a", "b"), reading(), hang, NEVER))
    await started.wait()
    await asyncio.sleep(0)
    call.cancel(Reason.SHUTTING_DOWN)
    with pytest.raises(asyncio.CancelledError, match="SHUTTING_DOWN"):
        await call
    assert sorted(ended) == ["a", "b"]
