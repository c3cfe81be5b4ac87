"""Row 23: ten thousand streams at once. Who is let in is answered, everybody else is told so at once."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.world import until

from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

pytestmark = pytest.mark.anyio

CHANNELS, STREAMS, ADMITTED = 100, 100, 200
WAIT = 250.0
"""Seconds for the last of them to be looked at, on a machine that has much else to do."""

FEW = 10
"""Descriptors of other kinds, such as files that were opened on the way."""

# Each of a hundred channels has a connection of its own.
APART = (("grpc.use_local_subchannel_pool", 1),)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("anyio_backend", [pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop")])
async def test_row_23_ten_thousand_streams(start: Start) -> None:
    text = document("fault-slow=2").replace("drain: 0s", f"drain: 0s, max_concurrent_requests: {ADMITTED}")
    world = await start(text)
    request = Question(timeout=WAIT).to_wire(streamed=True)
    before = descriptors()
    told: Counter[str] = Counter()
    crowded = asyncio.Event()

    async def stream(stub: RouterServiceStub) -> None:
        try:
            last = [event async for event in stub.Complete(request, timeout=WAIT)][-1]
            told["OK" if last.HasField("finish") else "cut off"] += 1
        except grpc.aio.AioRpcError as error:
            pushback = dict(error.trailing_metadata() or ()).get("grpc-retry-pushback-ms")
            told[f"{error.code().name} {'pushback' if pushback else ''}"] += 1
            crowded.set()

    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(world.app.grpc_address, options=APART))
            for _ in range(CHANNELS)
        ]
        stubs = [RouterServiceStub(channel) for channel in channels]
        async with asyncio.TaskGroup() as group:
            for number in range(CHANNELS * STREAMS):
                group.create_task(stream(stubs[number % CHANNELS]))
            await crowded.wait()
            health = health_pb2_grpc.HealthStub(channels[0])
            answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=WAIT)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert told.keys() == {"OK", "UNAVAILABLE pushback"}
    assert told["OK"] >= ADMITTED
    assert told.total() == CHANNELS * STREAMS
    await world.simulator.until_idle()
    # Connections to the simulator stay in the pool, both ends of them here; those of callers are gone.
    await until(lambda: descriptors() <= before + 2 * ADMITTED + FEW)
    assert world.app.running == 0


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
