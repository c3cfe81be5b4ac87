"""Rows 51, 52 and 56: answers in pieces, without usage, or from the second provider asked."""

from __future__ import annotations

import json

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire

from pointsman.model.attempt import CostSource
from pointsman.v1 import router_service_pb2

pytestmark = pytest.mark.anyio

TOOLS = ("get_weather", "get_time", "get_tides")


@every_wire
async def test_row_51_parallel_tool_calls_split_at_every_byte(start: Start, wire: str) -> None:
    world = await start(document("fault-split-every-byte", wire=wire))
    streamed, whole = await world.caller.ask_both(Question(tools=TOOLS))
    assert (streamed.code, whole.code) == (StatusCode.OK, StatusCode.OK)
    assert streamed.finish.reason == whole.finish.reason == router_service_pb2.FINISH_REASON_TOOL_CALLS
    calls = streamed_calls(streamed)
    assert list(calls) == list(range(len(TOOLS)))
    assert [name for name, _ in calls.values()] == list(TOOLS)
    assert all(isinstance(json.loads(arguments), dict) for _, arguments in calls.values())
    assert [part.tool_call.name for part in whole.whole.message.parts] == list(TOOLS) if whole.whole else False
    await world.check_afterwards()


@every_wire
async def test_row_52_an_answer_without_usage_is_estimated(start: Start, wire: str) -> None:
    world = await start(document("fault-no-usage", wire=wire))
    for reply in await world.caller.ask_both(Question()):
        assert reply.code is StatusCode.OK
        assert reply.usage.usage.estimated
        assert reply.usage.cost.estimated
        assert reply.usage.cost.total_nano_usd > 0
    for attempt in world.attempts():
        assert attempt.cost_source is CostSource.ESTIMATE
        assert attempt.usage.input_tokens > 0
        assert attempt.usage.output_tokens > 0
    await world.check_afterwards()


@every_wire
@pytest.mark.parametrize("events", [0, 1], ids=["bare-headers", "with-its-id"])
async def test_row_56_nothing_of_a_failed_provider_is_in_the_answer(start: Start, events: int, wire: str) -> None:
    world = await start(document(f"fault-close-after-headers={events}", wire=wire, fallback=True))
    for reply in await world.caller.ask_both(Question()):
        assert reply.code is StatusCode.OK
        assert reply.finish.served_by.provider == "second"
        _, served = reply.usage.attempts
        log = {call.id: call for call in await world.simulator.ended()}
        assert log[served.upstream_request_id].provider == "second"
        ids = [call.encode() for call, record in log.items() if record.provider == "first"]
        answer = b"".join(event.SerializeToString() for event in reply.events if not event.HasField("usage"))
        answer += reply.finish.SerializeToString() + (reply.whole.message.SerializeToString() if reply.whole else b"")
        assert not any(name in answer for name in ids)
        assert b"close-after-headers" not in reply.finish.SerializeToString()
        assert served.served_model == "sim-standby-sim"
    await world.check_afterwards()


def streamed_calls(reply: Reply) -> dict[int, tuple[str, str]]:
    """Name and arguments by part index, put together as callers do."""
    calls: dict[int, tuple[str, str]] = {}
    for event in reply.events:
        if event.HasField("tool_call_delta"):
            delta = event.tool_call_delta
            name, arguments = calls.get(event.part_index, ("", ""))
            calls[event.part_index] = (name + delta.name, arguments + delta.arguments_json_fragment)
    return calls
