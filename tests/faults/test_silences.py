"""Rows 5, 6 and 16: providers that accept a request and then say nothing, or next to nothing, until time is up."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import BASES, document, row

from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource

pytestmark = pytest.mark.anyio

# All at once, since only time tells a silence from a slow answer. By model; numbered by row.
SILENT = {
    "row-5-headers": "fault-hang-accept",
    "row-5-body": "fault-headers-then-silence",
    "row-6-pings": "fault-pings-forever=0.05",
    "row-6-roles": "fault-role-forever=0.05",
    "row-16-drip": "fault-drip",
}
# Pings of row 6 come before each of these, so a timer that they reset would never ring. The deadline is the server's
# own: a caller who waits longer is told of it, however busy the machine.
SOON = "2s"
DEADLINE = f"default_deadline: {SOON}, max_deadline: {SOON}"
LONG = 20.0


@pytest.fixture(params=BASES)
def text(request: pytest.FixtureRequest) -> str:
    """A configuration with all of them on one wire, each with a task that may fall back."""
    models = "".join(row(name, "first", upstream) for name, upstream in SILENT.items())
    tasks = "".join(f"  {name}: {{route: [{name}, standby], select: priority}}\n" for name in SILENT)
    return document(wire=request.param, models=models, fallback=True).replace("tasks:\n", f"tasks:\n{tasks}")


async def test_the_first_content_has_a_timer_of_its_own(start: Start, text: str) -> None:
    world = await start(text.replace("timeouts: {", "timeouts: {first_content: 1s"))
    asked = [Question(model=name, timeout=LONG) for name in SILENT]
    replies = await asyncio.gather(*(world.caller.ask(question, streamed=True) for question in asked))
    for name, reply in zip(SILENT, replies, strict=True):
        assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN"), name
        assert reply.kinds == ["decision", "usage"]
    await world.check_afterwards()


async def test_alone(start: Start, text: str) -> None:
    world = await start(text.replace("drain: 0s", f"drain: 0s, {DEADLINE}"))
    replies = await asyncio.gather(*(world.caller.ask_both(Question(model=name, timeout=LONG)) for name in SILENT))
    for name, pair in zip(SILENT, replies, strict=True):
        for reply in pair:
            assert (reply.code, reply.reason) == (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"), name
            assert reply.kinds in ([], ["decision", "usage"])
            assert [attempt.model for attempt in reply.failure.attempts] == [name]
        check_charged(world.attempts(name))
    await world.check_afterwards()


async def test_with_a_fallback(start: Start, text: str) -> None:
    world = await start(text.replace("drain: 0s", f"drain: 0s, {DEADLINE}"))
    replies = await asyncio.gather(*(world.caller.ask_both(Question(task=name, timeout=LONG)) for name in SILENT))
    for name, pair in zip(SILENT, replies, strict=True):
        for reply in pair:
            check_fell_back(reply, name)
        check_charged(world.attempts(name))
    await world.check_afterwards()


def check_fell_back(reply: Reply, name: str) -> None:
    assert reply.code is StatusCode.OK, reply.message
    assert reply.kinds in ([], ["decision", "text_delta", "usage", "finish"])
    assert [attempt.ref.model for attempt in reply.usage.attempts] == [name, "standby"]


def check_charged(attempts: list[Attempt]) -> None:
    """Whether it worked for us is unknown: the input is charged as estimated."""
    assert len(attempts) == 2
    for attempt in attempts:
        assert attempt.outcome is AttemptOutcome.FAILED
        assert attempt.cost_source is CostSource.ESTIMATE
        assert attempt.usage.input_tokens > 0
        # One is what a message of the `anthropic` wire says that has just begun.
        assert attempt.usage.output_tokens <= 1
        assert attempt.cost_nano_usd > 0
