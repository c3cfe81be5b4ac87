"""Deadlines and silences, on a loop whose time jumps from timer to timer."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.engine.bench import Bench, down, failure, rows

from pointsman.errors import Reason
from pointsman.model.answer import ReasoningDelta
from pointsman.testing import ACCEPTED, FakeProvider, Hold, RecordingSink, answering, make_rules


def hanging(*before: str) -> FakeProvider:
    return FakeProvider(answering(ACCEPTED, *before, Hold()))


@pytest.mark.parametrize(("streaming", "seconds"), [(True, 20), (False, 30)])
async def test_a_silent_provider_leaves_time_while_another_could_answer(streaming: bool, seconds: float) -> None:
    bench, sink = Bench({"google": hanging()}), RecordingSink()
    completion = await (bench.stream(sink, bench.terms(40)) if streaming else bench.unary(bench.terms(40)))
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    assert (completion.attempts[0].duration, completion.duration) == (seconds, seconds)
    assert completion.attempts[0].error_message == "google sent no content in time"


async def test_each_time_half_of_the_rest() -> None:
    silent = hanging()
    bench = Bench({"google": silent, "openai": silent})
    completion = await bench.stream(RecordingSink(), bench.terms(40))
    assert [attempt.duration for attempt in completion.attempts] == [20, 10, 5, 0]
    assert rows(completion)[-1] == ("sonnet", "served")


async def test_the_last_one_gets_all_of_it() -> None:
    bench = Bench({"google": hanging()}, make_rules(max_attempts=1))
    completion = await bench.stream(RecordingSink(), bench.terms(40))
    assert failure(completion).reason is Reason.DEADLINE_EXCEEDED
    assert (completion.duration, rows(completion)) == (40, [("flash", "failed")])


async def test_before_the_provider_accepted_it_is_the_same() -> None:
    bench = Bench({"google": FakeProvider(answering(Hold()))})
    completion = await bench.stream(RecordingSink(), bench.terms(40))
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]


async def test_content_lifts_the_first_limit() -> None:
    bench, sink = Bench({"google": hanging("Hel")}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(100))
    # 30 seconds between two pieces of content, wherever the deadline is.
    assert failure(completion).reason is Reason.STREAM_INTERRUPTED
    assert failure(completion).message == "the answer of flash broke off: google sent no further content in time"
    assert completion.duration == pytest.approx(30, abs=1)


async def test_withheld_reasoning_is_content_too() -> None:
    hold = Hold()
    script = answering(ReasoningDelta(0, "Hm."), hold, "Hello")
    bench, sink = Bench({"google": FakeProvider(script)}), RecordingSink()
    task = bench.start(sink)
    await hold.reached()
    await asyncio.sleep(29)
    hold.release()
    completion = await task
    assert (rows(completion), sink.text) == ([("flash", "served")], "Hello")
    assert (completion.attempts[0].ttft, completion.ttft) == (0, 29)


async def test_every_piece_of_content_starts_the_silence_anew() -> None:
    holds = [Hold() for _ in range(4)]
    bench = Bench({"google": FakeProvider(answering("a", holds[0], "b", holds[1], "c", holds[2], "d", holds[3], "e"))})
    sink = RecordingSink()
    task = asyncio.create_task(bench.stream(sink, bench.terms(600)))
    for hold in holds:
        await hold.reached()
        await asyncio.sleep(28)
        hold.release()
    await task
    assert sink.text == "abcde"


async def test_the_deadline_ends_a_stream_that_goes_on() -> None:
    bench, sink = Bench({"google": hanging("Hel")}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(10))
    assert failure(completion).reason is Reason.DEADLINE_EXCEEDED
    assert (completion.duration, sink.text) == (10, "Hel")


async def test_the_deadline_is_not_a_reason_to_start_over() -> None:
    bench, sink = Bench({"google": hanging("Hel")}), RecordingSink()
    completion = await bench.stream(sink, bench.terms(10, restart=True))
    assert (failure(completion).reason, sink.resets) == (Reason.DEADLINE_EXCEEDED, [])


async def test_no_attempt_is_started_with_too_little_time() -> None:
    bench = Bench()
    completion = await bench.unary(bench.terms(0.249))
    assert failure(completion).reason is Reason.DEADLINE_TOO_SHORT
    assert failure(completion).metadata == {"needed_ms": "250"}
    assert (bench.providers["google"].calls, completion.attempts) == ([], ())
    assert rows(await bench.unary(bench.terms(0.25))) == [("flash", "served")]


async def test_there_is_no_late_retry() -> None:
    bench = Bench({"google": FakeProvider(answering(Hold()))})
    completion = await bench.stream(RecordingSink(), bench.terms(0.3))
    assert failure(completion).reason is Reason.DEADLINE_EXCEEDED
    assert completion.duration == pytest.approx(0.3)
    assert len(completion.attempts) == 1


async def test_an_attempt_that_left_too_little_time_for_another_is_what_failed() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold, down("HTTP 503")))})
    task = asyncio.create_task(bench.unary(bench.terms(0.4)))
    await hold.reached()
    await asyncio.sleep(0.2)
    hold.release()
    completion = await task
    assert failure(completion).reason is Reason.ALL_PROVIDERS_DOWN
    assert rows(completion) == [("flash", "failed")]


async def test_a_caller_that_takes_nothing() -> None:
    bench, sink = Bench(), RecordingSink(hold=Hold())
    completion = await bench.stream(sink, bench.terms(100))
    assert failure(completion).reason is Reason.SLOW_CONSUMER
    assert rows(completion) == [("flash", "cancelled")]
    assert completion.output_started
    assert bench.providers["google"].open_streams == 0


async def test_a_slow_caller_at_its_deadline() -> None:
    bench, sink = Bench(), RecordingSink(hold=Hold())
    assert failure(await bench.stream(sink, bench.terms(10))).reason is Reason.DEADLINE_EXCEEDED


async def test_times_to_first_token() -> None:
    hold = Hold()
    bench = Bench(
        {"google": FakeProvider(answering(ACCEPTED, hold, down(), "")), "openai": FakeProvider(answering("Hi"))}
    )
    task = bench.start(RecordingSink())
    await hold.reached()
    await asyncio.sleep(2)
    hold.release()
    completion = await task
    assert [attempt.ttft for attempt in completion.attempts] == [None, 0]
    assert completion.ttft == 2
