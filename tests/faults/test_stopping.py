"""Rows 35 and 57: SIGTERM with streams in flight, and with a health watch open."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.faults.caller import Question
from tests.faults.documents import document
from tests.faults.process import Served, serving
from tests.faults.world import CANARIES, HEALTHY, PATIENCE, Simulator

from pointsman.ledger.recorded import find

# The event loop here is only the caller's: the server has its own.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


def check_no_secrets(served: Served) -> None:
    places = [served.log().encode(), *(path.read_bytes() for path in served.ledger.parent.glob("ledger.db*"))]
    assert not [canary for canary in CANARIES for data in places if canary.encode() in data]


async def test_row_35_running_requests_finish(simulator: Simulator, tmp_path: Path) -> None:
    text = document("fault-slow=1.5").replace("drain: 0s", "drain: 20s")
    async with serving(text, simulator, tmp_path) as served:
        calls = [served.caller.call(Question(), streamed=streamed) for streamed in (True, False) * 5]
        await simulator.until_active(len(calls))
        served.terminate()
        replies = await asyncio.gather(*(call.reply() for call in calls))
        assert {reply.code for reply in replies} == {StatusCode.OK}
        assert await served.exit_status() == 0
        assert served.statuses() == {reply.decision_id: "OK" for reply in replies}
        check_no_secrets(served)


async def test_row_35_at_the_end_of_grace_the_rest_is_told(simulator: Simulator, tmp_path: Path) -> None:
    stalling = document("fault-hang-accept").replace("upstream: sim-healthy", "upstream: fault-stall-after-20")
    stalling = stalling.replace("drain: 0s", "drain: 1s")
    async with serving(stalling, simulator, tmp_path) as served:
        silent = [served.caller.call(Question(), streamed=streamed) for streamed in (True, False)]
        begun = served.caller.call(HEALTHY, streamed=True)
        await begun.until_output()
        await simulator.until_active(3)
        served.terminate()
        for call in silent:
            reply = await call.reply()
            assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
        # Not UNAVAILABLE: retried, it would be glued to another answer.
        reply = await begun.reply()
        assert (reply.code, reply.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
        assert dict(reply.trailers)["grpc-retry-pushback-ms"] == "-1"
        assert await served.exit_status() == 0
        await simulator.until_idle()
        assert sorted(served.statuses().values()) == ["SHUTTING_DOWN", "SHUTTING_DOWN", "STREAM_INTERRUPTED"]
        recorded = [find(served.ledger, decision) for decision in served.statuses()]
        attempts = [attempt for found in recorded if found for attempt in found.record.attempts]
        assert sorted(attempt.upstream for attempt in attempts) == [*["fault-hang-accept"] * 2, "fault-stall-after-20"]
        check_no_secrets(served)


async def test_row_57_a_health_watch_does_not_hold_the_exit(simulator: Simulator, tmp_path: Path) -> None:
    text = document().replace("drain: 0s", "drain: 300s")
    async with serving(text, simulator, tmp_path) as served:
        # The health stubs are without types.
        health: Any = health_pb2_grpc.HealthStub(served.caller.channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        began = time.monotonic()
        served.terminate()
        async with asyncio.timeout(PATIENCE):
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            await watch.code()
        assert await served.exit_status() == 0
        assert time.monotonic() - began < 10
