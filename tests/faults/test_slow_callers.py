"""Row 22: callers that read one message and then no more are cut off, told so, and hold up nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Caller, Question
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire
from tests.faults.peers import torrent
from tests.faults.process import serving
from tests.faults.world import HEALTHY, PATIENCE, Simulator, World

pytestmark = pytest.mark.anyio

SOON = "between_chunks: 1s"
AT_ONCE = "  - {use: hedging, with: {modes: {balanced: {delay: 0s, extra_spend: 100%}}}}\n"
CASCADE = "  - {use: cascade, with: {tasks: {risky: {gate: good, steps: [standby]}}}}\n"
GATES = "gates: {good: {use: finished}}\n"
ENDLESS = "fault-runs-on"
# More than the windows of a connection take, and held until it is whole.
LARGE = "fault-runs-on=60000"

MIB = 1 << 20
STREAMS = 12


@every_wire
async def test_a_stream(start: Start, wire: str) -> None:
    world = await start(document(ENDLESS, wire=wire, fallback=True, timeouts=SOON))
    await stops_reading(world)
    assert outcomes(world) == [("failing", "cancelled")]
    await check_closed(world)
    await world.check_afterwards()


async def test_a_hedged_stream(start: Start) -> None:
    text = document(f"sim:{ENDLESS}", fallback=True, timeouts=SOON, behind=AT_ONCE)
    world = await start(text.replace("sim-standby", ENDLESS))
    await stops_reading(world)
    assert sorted(outcome for _, outcome in outcomes(world)) == ["cancelled", "lost"]
    await check_closed(world)
    await world.check_afterwards()


async def test_a_gated_stream(start: Start) -> None:
    # The same limit holds for the provider, who has to say so much that a busy machine takes its time.
    world = await start(document(LARGE, fallback=True, timeouts="between_chunks: 3s", behind=CASCADE) + GATES)
    await stops_reading(world, "3 s")
    assert outcomes(world) == [("failing", "cancelled")]
    await world.check_afterwards()


async def stops_reading(world: World, patience: str = "1 s") -> None:
    """Read the decision and no more, while other calls on the same channel go on being served."""
    call = world.caller.call(Question(), streamed=True)
    await call.read()
    while len(world.records()) < world.caller.asked:
        assert (await world.caller.ask(HEALTHY, streamed=True)).code is StatusCode.OK
        await asyncio.sleep(0.05)
    reply = await call.reply()
    assert (reply.code, reply.reason) == (StatusCode.ABORTED, "SLOW_CONSUMER")
    assert reply.message == f"the caller took nothing for {patience}"


async def check_closed(world: World) -> None:
    ended = await world.simulator.ended()
    assert {call.ending for call in ended if call.provider != "third"} == {"client_closed"}


def outcomes(world: World) -> list[tuple[str, str]]:
    """Each attempt of the call that was cut off."""
    (cut,) = [record for record in world.records() if record.status == "SLOW_CONSUMER"]
    return [(attempt.target, str(attempt.outcome)) for attempt in cut.attempts]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_a_stream_that_nobody_reads_holds(simulator: Simulator, tmp_path: Path) -> None:
    """In a process of its own, where nothing else is measured, and with windows as wide as they grow by default."""
    async with torrent() as url:
        text = document(timeouts=SOON).replace("SIMULATOR/first", url)
        async with serving(text, simulator, tmp_path) as served, asyncio.timeout(PATIENCE):
            assert (await served.caller.ask(HEALTHY, streamed=True)).code is StatusCode.OK
            callers = [Caller(served.caller.address, wide=True) for _ in range(STREAMS)]
            before = peak = served.resident()
            calls = [caller.call(Question(), streamed=True) for caller in callers]
            while list(served.statuses().values()).count("SLOW_CONSUMER") < STREAMS:
                await asyncio.sleep(0.01)
                peak = max(peak, served.resident())
            assert (peak - before) / STREAMS < 8 * MIB
            for caller, call in zip(callers, calls, strict=True):
                assert (await call.reply()).reason == "SLOW_CONSUMER"
                await caller.close()
