"""Rows 21, 42 and 43: callers that are in a hurry, or send what is no request."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire
from tests.faults.world import World

pytestmark = pytest.mark.anyio

METHODS = ("Route", "Complete", "CompleteUnary")
both = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])


@every_wire
@both
@pytest.mark.parametrize("fallback", [True, False], ids=["fallback", "alone"])
async def test_row_21_a_deadline_shorter_than_the_provider(
    start: Start, streamed: bool, fallback: bool, wire: str
) -> None:
    world = await start(document("fault-slow=5", wire=wire, fallback=fallback))
    # Connecting may take longer than is left above the 250 ms that an attempt needs.
    await world.caller.channel.channel_ready()
    reply = await world.caller.ask(Question(timeout=0.3), streamed=streamed)
    assert reply.code is StatusCode.DEADLINE_EXCEEDED
    await world.check_afterwards()
    assert len(world.attempts()) <= 1
    assert world.attempts("standby") == []


@both
async def test_row_42_larger_than_our_limit(start: Start, streamed: bool) -> None:
    world = await start(document())
    reply = await world.caller.ask(Question("x" * (4 << 20)), streamed=streamed)
    assert (reply.code, reply.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_TOO_LARGE")
    await check_unasked(world, unrecorded=1)


@pytest.mark.parametrize("method", METHODS)
async def test_row_42_larger_than_the_transport_takes(start: Start, method: str) -> None:
    world = await start(document())
    reply = await sent_raw(world, method, bytes(33 << 20))
    assert (reply.code, reply.reason) == (StatusCode.RESOURCE_EXHAUSTED, "")
    await check_unasked(world)


@both
async def test_row_42_longer_than_any_window(start: Start, streamed: bool) -> None:
    world = await start(document())
    reply = await world.caller.ask(Question("tide " * 200_000), streamed=streamed)
    assert (reply.code, reply.reason) == (StatusCode.INVALID_ARGUMENT, "CONTEXT_TOO_LONG")
    assert reply.facts["largest_window"] == "100000"
    assert int(reply.facts["tokens"]) > 100_000
    await check_unasked(world)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff\xff", id="garbage"),
        pytest.param(b"\x12\x7f\x01", id="cut-off"),
        pytest.param(b"\x0a\x04\xc3\x28\xff\xfe", id="bad-utf-8"),
    ],
)
async def test_row_43_bytes_that_are_no_request(start: Start, method: str, data: bytes) -> None:
    world = await start(document())
    reply = await sent_raw(world, method, data)
    assert (reply.code, reply.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert f"{method}Request" in reply.message
    await check_unasked(world)


async def check_unasked(world: World, *, unrecorded: int = 0) -> None:
    assert await world.simulator.ended() == []
    assert len(world.records()) == world.caller.asked - unrecorded
    await world.check_afterwards(unrecorded=unrecorded)


async def sent_raw(world: World, method: str, data: bytes) -> Reply:
    """The reply to a request of these bytes."""
    path = f"/pointsman.v1.RouterService/{method}"
    # Without serialisers grpc's calls are of bytes, which its annotations do not say.
    channel: Any = world.caller.channel
    call = (channel.unary_stream if method == "Complete" else channel.unary_unary)(path)(data)
    code = await call.code()
    trailers = tuple((key, value) for key, value in await call.trailing_metadata())
    reply = Reply(code, (), None, await call.details(), trailers)
    world.caller.replies.append(reply)
    return reply
