"""Rows 7 to 9 and 11: a provider that fails once output has begun, for callers who can and cannot start over."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire, row
from tests.faults.world import HEALTHY, World

pytestmark = pytest.mark.anyio

RESTARTABLE = Question(restart=True)
BREAKS = ("fault-reset-mid-stream", "fault-eof-mid-stream", "fault-error-event-mid", "fault-malformed-line")
# More than the silence between two tokens that is a failure.
LONG, SILENCE = 45.0, "between_chunks: 2s"


@every_wire
@pytest.mark.parametrize("upstream", BREAKS)
async def test_a_caller_who_can_start_over_gets_the_whole_other_answer(start: Start, upstream: str, wire: str) -> None:
    world = await start(document(upstream, wire=wire, fallback=True))
    reply = await world.caller.ask(RESTARTABLE, streamed=True)
    await check_started_over(reply, world)
    await world.check_afterwards()


@pytest.mark.parametrize("upstream", BREAKS)
async def test_starting_over_needs_another_candidate(start: Start, upstream: str) -> None:
    world = await start(document(upstream))
    reply = await world.caller.ask(RESTARTABLE, streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert reply.kinds == ["decision", "text_delta", "usage"]
    await world.check_afterwards()


async def test_an_answer_that_nobody_completes_is_aborted(start: Start) -> None:
    # The beginning was voided, yet it was sent: retried as UNAVAILABLE, it would be glued to another answer.
    world = await start(document("fault-reset-mid-stream", models=row("standby", "second", "fault-http-500")))
    reply = await world.caller.ask(RESTARTABLE, streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert reply.kinds == ["decision", "text_delta", "reset", "usage"]
    assert [attempt.provider for attempt in reply.failure.attempts] == ["first", "second"]
    assert reply.failure.output_started
    await world.check_afterwards()


@every_wire
async def test_row_7_the_deadline_ends_a_silence(start: Start, wire: str) -> None:
    # The server's own: a caller who waits longer is told of it, however busy the machine.
    text = document("fault-stall-after-20", wire=wire)
    world = await start(text.replace("drain: 0s", "drain: 0s, default_deadline: 1500ms, max_deadline: 1500ms"))
    reply = await world.caller.ask(Question(timeout=LONG), streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert reply.kinds == ["decision", "text_delta", "usage"]
    await world.check_afterwards()


@every_wire
async def test_row_7_silence_between_tokens_is_a_failure(start: Start, wire: str) -> None:
    world = await start(document("fault-stall-after-20", wire=wire, fallback=True, timeouts=SILENCE))
    restarted, streamed, whole = await asyncio.gather(
        world.caller.ask(Question(restart=True, timeout=LONG), streamed=True),
        world.caller.ask(Question(model="failing", timeout=LONG), streamed=True),
        world.caller.ask(Question(model="failing", timeout=LONG), streamed=False),
    )
    await check_started_over(restarted, world)
    assert (streamed.code, streamed.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert streamed.kinds == ["decision", "text_delta", "usage"]
    assert all(attempt.usage.output_tokens > 0 for attempt in streamed.usage.attempts)
    assert (whole.code, whole.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
    await world.check_afterwards()


async def check_started_over(reply: Reply, world: World) -> None:
    """The reset stands between two answers, and what is told of the second is all of it."""
    assert reply.code is StatusCode.OK, reply.message
    assert reply.kinds == ["decision", "text_delta", "reset", "text_delta", "usage", "finish"]
    assert [event.seq for event in reply.events] == list(range(1, len(reply.events) + 1))
    reset = next(event for event in reply.events if event.HasField("reset"))
    assert reset.reset.next.model == reply.finish.served_by.model == "standby"
    before = [event for event in reply.events if event.seq < reset.seq]
    after = [event for event in reply.events if event.seq >= reset.seq]
    assert ({e.generation for e in before}, {e.generation for e in after}) == ({1}, {2})
    assert reply.text == (await world.caller.ask(HEALTHY, streamed=True)).text
