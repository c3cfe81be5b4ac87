"""Rows 1 to 3 and 8 to 15: what a provider does wrong, with and without another one to go to."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire
from tests.faults.world import World

from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller is told. `delay` is the RetryInfo in seconds, None: there is none."""

    code: StatusCode
    reason: str
    delay: float | None = None


DOWN = Told(StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN", 1.0)
LIMITED = Told(StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN", 7.0)
KEY = Told(StatusCode.INTERNAL, "PROVIDER_AUTH_FAILED")
GARBAGE = Told(StatusCode.INTERNAL, "PROVIDER_PROTOCOL_ERROR")
EMPTY = Told(StatusCode.FAILED_PRECONDITION, "EMPTY_ANSWER")
CUT = Told(StatusCode.ABORTED, "STREAM_INTERRUPTED")


@dataclass(frozen=True, slots=True)
class Fault:
    """One injection of a row: what callers are told where no other provider is left; `streamed` None: as `whole`.

    `cost` is where the failed attempt's cost comes from.
    """

    row: int
    upstream: str
    whole: Told
    streamed: Told | None = None
    cost: CostSource = CostSource.ESTIMATE

    def told(self, *, streamed: bool) -> Told:
        return self.streamed or self.whole if streamed else self.whole


FAULTS = (
    Fault(1, "fault-http-500", DOWN, cost=CostSource.NONE),
    Fault(2, "fault-http-429=7", LIMITED, cost=CostSource.NONE),
    Fault(2, "fault-http-429-date=7", LIMITED, cost=CostSource.NONE),
    Fault(3, "fault-http-401", KEY, cost=CostSource.NONE),
    Fault(8, "fault-reset-mid-stream", DOWN, CUT),
    Fault(9, "fault-eof-mid-stream", GARBAGE, CUT),
    Fault(10, "fault-error-event-first", DOWN),
    Fault(11, "fault-malformed-line-first", GARBAGE),
    Fault(11, "fault-malformed-line", GARBAGE, CUT),
    Fault(12, "fault-short-body=1000000", DOWN),
    Fault(12, "fault-short-body=2000", DOWN, CUT),
    Fault(13, "fault-huge-line", GARBAGE),
    Fault(14, "fault-html-200", GARBAGE),
    Fault(15, "fault-empty-length", EMPTY, cost=CostSource.PRICE),
)
every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.row}-{fault.upstream[6:]}")


@every_wire
@every_fault
async def test_alone(start: Start, fault: Fault, wire: str) -> None:
    world = await start(document(fault.upstream, wire=wire))
    streamed, whole = await world.caller.ask_both(Question())
    check_told(streamed, fault.told(streamed=True))
    check_told(whole, fault.told(streamed=False))
    attempts = world.attempts()
    assert len(attempts) == 2
    for attempt in attempts:
        check_charged(attempt, fault)
    await world.check_afterwards()


@every_wire
@every_fault
async def test_with_a_fallback(start: Start, fault: Fault, wire: str) -> None:
    world = await start(document(fault.upstream, wire=wire, fallback=True))
    streamed, whole = await world.caller.ask_both(Question())
    if fault.told(streamed=True) is CUT:
        # The caller has the beginning of one model's answer: it must never be given the end of another's.
        check_told(streamed, CUT)
        check_fell_back(whole, world, fallbacks=1)
    else:
        assert streamed.kinds == ["decision", "text_delta", "usage", "finish"]
        check_fell_back(streamed, world, fallbacks=2)
        check_fell_back(whole, world, fallbacks=2)
        assert streamed.text == whole.text
    await world.check_afterwards()


def check_told(reply: Reply, told: Told) -> None:
    assert (reply.code, reply.reason) == (told.code, told.reason), reply.message
    if told.delay is None:
        assert reply.retry_delay is None
    else:
        assert reply.retry_delay == pytest.approx(told.delay, abs=1.5 if told is LIMITED else 0)
    assert reply.failure.decision_id == reply.decision_id
    assert [attempt.provider for attempt in reply.failure.attempts] == ["first"]
    assert reply.failure.output_started is (told is CUT)
    if reply.events:
        check_broken_off(reply, told)
    if told is EMPTY:
        assert int(reply.facts["min_output_tokens"]) >= 512


def check_broken_off(reply: Reply, told: Told) -> None:
    """A stream that failed: usage comes last, and output only where it began before the fault."""
    output = ["text_delta"] if told is CUT else []
    assert reply.kinds == ["decision", *output, "usage"]
    assert [event.seq for event in reply.events] == list(range(1, len(reply.events) + 1))
    assert {event.generation for event in reply.events} == {1}
    assert len(reply.usage.attempts) == 1
    if told is CUT:
        assert reply.text
        assert reply.facts["output_started"] == "true"


def check_charged(attempt: Attempt, fault: Fault) -> None:
    assert attempt.outcome is AttemptOutcome.FAILED
    assert attempt.cost_source is fault.cost
    assert bool(attempt.cost_nano_usd) == (fault.cost is not CostSource.NONE)
    assert bool(attempt.usage.input_tokens) == (fault.cost is not CostSource.NONE)
    if fault.cost is CostSource.PRICE:
        assert attempt.usage.reasoning_tokens > 0


def check_fell_back(reply: Reply, world: World, *, fallbacks: int) -> None:
    assert reply.code is StatusCode.OK, reply.message
    assert reply.finish.served_by.model == "standby"
    assert [attempt.ref.model for attempt in reply.usage.attempts] == ["failing", "standby"]
    assert reply.text.endswith(".")
    assert len(world.attempts("standby")) == fallbacks
