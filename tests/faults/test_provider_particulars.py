"""What single rows about providers demand beside status, fallback and charge."""

from __future__ import annotations

import asyncio
import resource
import time
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import BASES, document, every_wire, row

from pointsman.model.attempt import AttemptOutcome, CostSource
from pointsman.v1 import router_service_pb2

pytestmark = pytest.mark.anyio

MIB = 1 << 20
A_CENT = 10_000_000
HEALTH = "  - {use: health}\n"


async def test_row_2_a_strict_caller_is_told_of_the_limit(start: Start) -> None:
    world = await start(document("fault-http-429=7", fallback=True))
    for reply in await world.caller.ask_both(Question(model="failing")):
        assert (reply.code, reply.reason) == (StatusCode.RESOURCE_EXHAUSTED, "PROVIDER_RATE_LIMITED")
        assert reply.retry_delay == 7.0
        assert dict(reply.trailers)["grpc-retry-pushback-ms"] == "7000"
        assert [attempt.upstream_status for attempt in reply.failure.attempts] == [429]
    await world.check_afterwards()


@pytest.mark.parametrize(
    ("upstream", "wire"), [*(("fault-http-429=1", wire) for wire in BASES), ("fault-http-429-date=1", "openai")]
)
async def test_row_2_a_limited_model_is_left_alone_until_then(start: Start, upstream: str, wire: str) -> None:
    world = await start(document(upstream, wire=wire, fallback=True, extra=HEALTH))
    first = await world.caller.ask(Question(), streamed=True)
    assert [attempt.ref.model for attempt in first.usage.attempts] == ["failing", "standby"]
    for reply in await world.caller.ask_both(Question()):
        assert [attempt.ref.model for attempt in reply.usage.attempts] == ["standby"]
    strict = await world.caller.ask(Question(model="failing"), streamed=False)
    assert (strict.code, strict.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
    assert (strict.retry_delay or 0) >= 1
    assert list(strict.failure.attempts) == []
    while len(world.attempts()) < 2:
        await world.caller.ask(Question(), streamed=False)
        await asyncio.sleep(0.02)
    before, after = world.attempts()
    assert after.started - (before.started + before.duration) >= 1.0
    await world.check_afterwards()


async def test_row_3_a_refused_key_is_not_tried_again(start: Start) -> None:
    text = document("fault-http-401", fallback=True, models=row("sibling", "first", "sim-sibling"))
    world = await start(text.replace("route: failing", "route: [failing, sibling, standby], select: priority"))
    for reply in await world.caller.ask_both(Question()):
        assert reply.code is StatusCode.OK
        assert [attempt.ref.provider for attempt in reply.usage.attempts] == ["first", "second"]
    await world.check_afterwards()


async def test_row_13_a_huge_line_is_not_held(start: Start) -> None:
    world = await start(document("fault-huge-line"))
    before = peak = resident()
    call = asyncio.create_task(world.caller.ask(Question(), streamed=True))
    while not call.done():
        await asyncio.sleep(0)
        peak = max(peak, resident())
    assert (await call).reason == "PROVIDER_PROTOCOL_ERROR"
    assert peak - before < 30 * MIB
    await world.check_afterwards()


async def test_row_14_the_page_is_not_logged(start: Start) -> None:
    world = await start(document("fault-html-200"))
    replies = await world.caller.ask_both(Question())
    seen = b"".join(part for reply in replies for part in reply.told()) + world.log.text.encode()
    assert b"log in" not in seen
    assert b"DOCTYPE" not in seen
    await world.check_afterwards()


@every_wire
async def test_a_model_that_ignores_its_limit_is_stopped(start: Start, wire: str) -> None:
    text = document("fault-runs-on", wire=wire, fallback=True)
    world = await start(text.replace("price: {input: 2,", "max_output: 1_000, price: {input: 2,"))
    reply = await world.caller.ask(Question(most=A_CENT), streamed=True)
    assert (reply.code, reply.finish.reason) == (StatusCode.OK, router_service_pb2.FINISH_REASON_COST_LIMIT)
    assert reply.kinds == ["decision", "text_delta", "usage", "finish"]
    assert [ended.ending for ended in await world.simulator.ended()] == ["client_closed"]
    (attempt,) = world.attempts()
    assert (attempt.outcome, attempt.cost_source) == (AttemptOutcome.SERVED, CostSource.ESTIMATE)
    assert attempt.usage.estimated
    # As much as was paid for, and what else had come with the last of it.
    assert A_CENT // 2 < attempt.cost_nano_usd < 10 * A_CENT
    await world.check_afterwards()


async def test_row_16_a_dripping_answer_costs_no_cpu(start: Start) -> None:
    world = await start(document("fault-drip=200"))
    worked, waited = time.process_time(), time.monotonic()
    for reply in await world.caller.ask_both(Question(timeout=2)):
        assert reply.code is StatusCode.DEADLINE_EXCEEDED
    assert time.process_time() - worked < (time.monotonic() - waited) / 2
    await world.check_afterwards()


async def test_row_16_a_slow_answer_is_an_answer(start: Start) -> None:
    world = await start(document("fault-drip=10000"))
    reply = await world.caller.ask(Question("What is 17 * 23?"), streamed=False)
    assert (reply.code, reply.text) == (StatusCode.OK, "17 * 23 = 391.")
    await world.check_afterwards()


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
