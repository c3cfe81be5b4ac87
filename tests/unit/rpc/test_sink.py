from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, cast

import pytest
from tests.unit.rpc.calls import complete

from pointsman.engine.exchange import Routed
from pointsman.model.answer import TextDelta
from pointsman.rpc.from_wire import Call, StreamOptions, call_from_wire
from pointsman.rpc.sink import Context, StreamSink
from pointsman.v1.router_service_pb2 import NOTICE_KIND_BUDGET_WARNING, CompleteResponse, RouteNotice

pytestmark = pytest.mark.anyio

HEARTBEAT = 0.01
DELTA = (TextDelta(0, "x"),)


class Caller:
    """A context that keeps what is written; after `stall` no write ends."""

    def __init__(self) -> None:
        self.written: list[CompleteResponse] = []
        self.writing = 0
        self.stalled = asyncio.Event()
        self._stall = False

    def stall(self) -> None:
        self._stall = True

    async def send_initial_metadata(self, metadata: Any) -> None: ...

    async def write(self, message: CompleteResponse) -> None:
        assert not self.writing, "two writes at once"
        self.writing += 1
        self.written.append(message)
        if self._stall:
            self.stalled.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        self.writing -= 1


@pytest.fixture
def call() -> Call:
    call = call_from_wire(complete())
    return Call(call.request, call.trace_level, StreamOptions(heartbeat=HEARTBEAT))


async def test_numbers_go_out_in_order_when_output_meets_a_heartbeat(call: Call, routed: Routed) -> None:
    caller = Caller()
    sink = StreamSink(cast(Context, caller), call, monotonic)
    await sink.decided(routed)
    for _ in range(100):
        # As long as the silence before a heartbeat: both are due at once, in either order.
        await asyncio.sleep(HEARTBEAT)
        await sink.deltas(DELTA)
    sink.close()
    assert any(event.HasField("heartbeat") for event in caller.written)
    assert [event.seq for event in caller.written] == list(range(1, len(caller.written) + 1))


async def test_a_caller_who_takes_nothing_costs_no_work(call: Call, routed: Routed) -> None:
    caller = Caller()
    asked = 0

    def clock() -> float:
        nonlocal asked
        asked += 1
        return monotonic()

    sink = StreamSink(cast(Context, caller), call, clock)
    await sink.decided(routed)
    caller.stall()
    writing = asyncio.create_task(sink.deltas(DELTA))
    await caller.stalled.wait()
    asked = 0
    await asyncio.sleep(20 * HEARTBEAT)
    assert asked < 100
    sink.close()
    writing.cancel()


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_budget_that_runs_low_is_a_notice(call: Call, routed: Routed, wanted: bool) -> None:
    caller = Caller()
    noticed = Call(call.request, call.trace_level, StreamOptions(include_notices=wanted))
    sink = StreamSink(cast(Context, caller), noticed, monotonic)
    await sink.decided(routed)
    await sink.warned("budget acme/day is 81% used")
    sink.close()
    notices = [event.notice for event in caller.written if event.HasField("notice")]
    expected = [RouteNotice(kind=NOTICE_KIND_BUDGET_WARNING, message="budget acme/day is 81% used")]
    assert notices == (expected if wanted else [])
