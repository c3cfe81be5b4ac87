"""Row 53: the same request_id at the same time, again, and with another payload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.world import World

pytestmark = pytest.mark.anyio

QUESTION = Question(request_id="6b1f0f1e-0b0f-4a9e-8d6a-2f1d8c9a7e55")
both_ways = pytest.mark.parametrize("streamed", [True, False])


@both_ways
async def test_row_53_a_repeat_is_given_the_same_answer(start: Start, streamed: bool) -> None:
    world = await start(document())
    first = await world.caller.ask(QUESTION, streamed=streamed)
    call = world.caller.call(QUESTION, streamed=streamed)
    again = await call.reply()
    metadata = await call.leading_metadata() if streamed else dict(again.trailers)
    assert (first.code, again.code, metadata["x-pointsman-replayed"]) == (StatusCode.OK, StatusCode.OK, "true")
    assert metadata["x-pointsman-decision-id"] == again.decision_id == first.decision_id
    assert (again.text, again.usage, again.finish) == (first.text, first.usage, first.finish)
    assert list(events(again)) == list(events(first))
    assert [event.seq for event in again.events] == list(range(1, len(again.events) + 1))
    await check_charged(world, 1, repeats=1)


@both_ways
async def test_row_53_a_repeat_at_the_same_time_is_refused(start: Start, streamed: bool) -> None:
    world = await start(document("fault-slow=0.5"))
    call = world.caller.call(QUESTION, streamed=streamed)
    await world.simulator.until_active()
    for at_once in await world.caller.ask_both(QUESTION):
        if at_once.code is StatusCode.OK:
            continue  # ids are a method's own
        assert (at_once.code, at_once.reason) == (StatusCode.ABORTED, "REQUEST_IN_PROGRESS")
        assert at_once.retry_delay == 1.0
    assert (await call.reply()).code is StatusCode.OK
    await check_charged(world, 2, repeats=1)


@both_ways
async def test_row_53_another_payload_is_refused(start: Start, streamed: bool) -> None:
    world = await start(document())
    await world.caller.ask(QUESTION, streamed=streamed)
    other = await world.caller.ask(replace(QUESTION, text="something else"), streamed=streamed)
    assert (other.code, other.reason) == (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    await check_charged(world, 1, repeats=1)


@both_ways
async def test_row_53_what_failed_runs_again(start: Start, streamed: bool) -> None:
    world = await start(document("fault-http-503"))
    for _ in range(2):
        failed = await world.caller.ask(QUESTION, streamed=streamed)
        assert (failed.code, failed.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
    await check_charged(world, 2)


async def test_row_53_what_was_cancelled_runs_again(start: Start) -> None:
    world = await start(document("fault-slow=0.5"))
    call = world.caller.call(QUESTION, streamed=True)
    await world.simulator.until_active()
    call.cancel()
    await call.reply()
    await world.until_recorded(1)
    assert (await world.caller.ask(QUESTION, streamed=True)).code is StatusCode.OK
    await check_charged(world, 2)


def events(reply: Reply) -> Iterator[tuple[int, object]]:
    """The stream but for its numbers and signs of life, or the whole message."""
    for event in reply.events:
        kind = event.WhichOneof("event")
        if kind not in (None, "heartbeat"):
            yield event.part_index, getattr(event, kind)
    if reply.whole:
        yield 0, reply.whole


async def check_charged(world: World, calls: int, repeats: int = 0) -> None:
    """So many provider calls and rows, and `repeats` that have neither."""
    assert len(await world.simulator.ended()) == calls
    assert len(world.records()) == calls
    world.caller.asked -= repeats
    await world.check_afterwards()
