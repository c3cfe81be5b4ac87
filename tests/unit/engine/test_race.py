"""Several attempts at once: who wins, who is given up, and what is left of the others."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.engine.bench import Bench, broken, down, failure, refusing, rows
from tests.unit.engine.planners import FAILOVER, Planning, alone, hedged

from pointsman import hookimpl
from pointsman.engine.retries import Retries
from pointsman.errors import Reason, RequestError
from pointsman.model.answer import ReasoningDelta, TextDelta
from pointsman.model.attempt import CostSource
from pointsman.model.decision import Cause
from pointsman.model.plan import AttemptKind, PlannedAttempt, Stage
from pointsman.model.request import Text
from pointsman.services import Denial
from pointsman.testing import ACCEPTED, FakeProvider, Hold, RecordingSink, answering, make_rules
from pointsman_policies import feasibility


def bench(
    *stages: Stage, retries: Retries | None = None, policies: tuple[object, ...] = (), **providers: FakeProvider
) -> Bench:
    rules = make_rules(Planning(*stages), *policies, retries=retries or Retries())
    return Bench(providers, rules)


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_hedge_wins_where_the_first_is_silent(streaming: bool) -> None:
    silent = FakeProvider(answering(ACCEPTED, Hold(), "late"))
    raced = bench(hedged("flash", "sonnet", 0.5), google=silent)
    sink = RecordingSink()
    completion = await (raced.stream(sink) if streaming else raced.unary())
    assert rows(completion) == [("flash", "lost"), ("sonnet", "served")]
    lost, served = completion.attempts
    assert (lost.number, served.number, served.kind) == (1, 2, AttemptKind.HEDGE)
    assert served.started - lost.started == pytest.approx(0.5)
    assert silent.open_streams == 0
    assert lost.cost_source is CostSource.ESTIMATE
    assert (completion.cost.answer, completion.cost.overhead) == (served.cost_nano_usd, lost.cost_nano_usd)
    if streaming:
        assert (sink.text, sink.events) == ("Hello", ["decided", "started", "started", "won", "deltas"])
    else:
        assert completion.served is not None
        assert completion.served.answer is not None
        assert completion.served.answer.parts == (Text("Hello"),)


async def test_no_hedge_starts_where_the_first_answers_in_time() -> None:
    raced, sink = bench(hedged("flash", "sonnet", 0.5)), RecordingSink()
    completion = await raced.stream(sink)
    assert rows(completion) == [("flash", "served")]
    assert raced.providers["anthropic"].calls == []
    assert sink.events == ["decided", "started", "deltas"]


async def test_the_winner_stays_the_winner_though_it_stops_for_long() -> None:
    hold = Hold()
    first = FakeProvider(answering("Hel", hold, "lo"))
    raced, sink = bench(hedged("flash", "sonnet", 0.5), google=first), RecordingSink()
    task = raced.start(sink)
    await hold.reached()
    await asyncio.sleep(5)
    hold.release()
    assert rows(await task) == [("flash", "served")]
    assert sink.text == "Hello"


async def test_withheld_reasoning_wins_a_race_too() -> None:
    hold = Hold()
    thinking = FakeProvider(answering(ReasoningDelta(0, "Hm."), hold, TextDelta(1, "Hello")))
    raced, sink = bench(hedged("flash", "sonnet", 0.5), google=thinking), RecordingSink()
    task = raced.start(sink)
    await asyncio.sleep(5)
    hold.release()
    assert rows(await task) == [("flash", "served")]


async def test_at_once_in_sport() -> None:
    both = bench(hedged("flash", "sonnet"), google=FakeProvider(answering(ACCEPTED, Hold())))
    completion = await both.stream(RecordingSink())
    assert rows(completion) == [("flash", "lost"), ("sonnet", "served")]
    assert completion.attempts[0].started == completion.attempts[1].started


async def test_the_hedge_starts_at_once_when_the_first_fails() -> None:
    raced = bench(hedged("flash", "sonnet", 30), google=FakeProvider(answering(down())))
    completion = await raced.stream(RecordingSink())
    assert rows(completion) == [("flash", "failed"), ("sonnet", "served")]
    assert completion.attempts[1].started - completion.attempts[0].started < 1


async def test_both_fail_and_the_next_stage_goes_on() -> None:
    failing = FakeProvider(answering(down()))
    raced = bench(hedged("flash", "sonnet", 0.1), alone("mini", FAILOVER), google=failing, anthropic=failing)
    assert rows(await raced.stream(RecordingSink())) == [("flash", "failed"), ("sonnet", "failed"), ("mini", "served")]


async def test_a_hedge_that_never_started_is_still_there_to_fail_over_to() -> None:
    denied = bench(
        hedged("flash", "sonnet", 0.5),
        alone("sonnet", FAILOVER),
        retries=Retries(floor=0, share=0),
        google=FakeProvider(answering(ACCEPTED, Hold(), "never")),
    )
    task = denied.start(RecordingSink())
    completion = await task
    # Its first content is due at half of the deadline, since there is somebody else to ask.
    assert rows(completion) == [("flash", "failed"), ("sonnet", "served")]
    assert completion.attempts[1].kind is AttemptKind.FAILOVER


async def test_one_that_was_tried_is_not_tried_again() -> None:
    failing = FakeProvider(answering(down()))
    raced = bench(hedged("flash", "sonnet", 0.1), alone("sonnet", FAILOVER), google=failing, anthropic=failing)
    completion = await raced.unary()
    assert rows(completion) == [("flash", "failed"), ("sonnet", "failed")]
    assert failure(completion).reason is Reason.ALL_PROVIDERS_DOWN


async def test_what_nobody_could_do_better_starts_no_hedge() -> None:
    raced = bench(hedged("flash", "sonnet", 5), google=FakeProvider(answering(refusing())))
    completion = await raced.stream(RecordingSink())
    assert failure(completion).reason is Reason.PROVIDER_REFUSED
    assert rows(completion) == [("flash", "failed")]


async def test_a_winner_that_breaks_off_is_an_interruption_of_its_own() -> None:
    first = FakeProvider(answering(ACCEPTED, Hold(), "late"))
    second = FakeProvider(answering("Hel", broken()))
    raced, sink = bench(hedged("flash", "sonnet", 0.5), google=first, anthropic=second), RecordingSink()
    error = failure(await raced.stream(sink))
    assert (error.reason, error.message) == (
        Reason.STREAM_INTERRUPTED,
        "the answer of sonnet broke off: connection reset",
    )
    assert sink.text == "Hel"


async def test_a_denied_hedge_is_skipped() -> None:
    class NoHedges:
        @hookimpl
        async def pointsman_admit_attempt(self, attempt: PlannedAttempt) -> Denial | None:
            return Denial(Cause.BUDGET, "no money") if attempt.kind is AttemptKind.HEDGE else None

    hold = Hold()
    raced = bench(
        hedged("flash", "sonnet", 0.5),
        policies=(NoHedges(),),
        google=FakeProvider(answering(ACCEPTED, hold, "Hello")),
    )
    task = raced.start(RecordingSink())
    await asyncio.sleep(2)
    hold.release()
    assert rows(await task) == [("flash", "served")]
    assert raced.providers["anthropic"].calls == []


async def test_a_cancelled_caller_cancels_both() -> None:
    first, second = (FakeProvider(answering(ACCEPTED, Hold())) for _ in range(2))
    raced = bench(hedged("flash", "sonnet"), google=first, anthropic=second)
    task = raced.start(RecordingSink())
    await asyncio.sleep(1)
    assert (first.open_streams, second.open_streams) == (1, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await raced.engine.drain()
    assert (first.open_streams, second.open_streams) == (0, 0)
    (record,) = raced.ledger.records
    assert sorted((a.target, str(a.outcome)) for a in record.attempts) == [
        ("flash", "cancelled"),
        ("sonnet", "cancelled"),
    ]


async def test_a_caller_that_takes_nothing_ends_both() -> None:
    silent = FakeProvider(answering(ACCEPTED, Hold()))
    raced = bench(hedged("flash", "sonnet", 0.5), google=silent)
    completion = await raced.stream(RecordingSink(Hold()))
    assert failure(completion).reason is Reason.SLOW_CONSUMER
    assert rows(completion) == [("flash", "lost"), ("sonnet", "cancelled")]


async def test_a_fault_of_ours_in_a_race_keeps_every_row() -> None:
    class Broken(RecordingSink):
        async def deltas(self, deltas: object) -> None:
            raise RequestError(Reason.CALLER_CANCELLED, "gone")

    raced = bench(hedged("flash", "sonnet"), google=FakeProvider(answering(ACCEPTED, Hold())))
    completion = await raced.stream(Broken())
    assert failure(completion).reason is Reason.CALLER_CANCELLED
    assert rows(completion) == [("flash", "lost"), ("sonnet", "cancelled")]


async def test_the_losers_estimate_is_bounded_by_what_it_had_sent() -> None:
    first = FakeProvider(answering(ACCEPTED, Hold()))
    raced = bench(hedged("flash", "sonnet", 0.2), policies=(feasibility.plugin,), google=first)
    lost = (await raced.unary()).attempts[0]
    assert (lost.usage.output_tokens, lost.usage.estimated) == (0, True)
    assert lost.usage.input_tokens > 0


async def test_a_caller_who_leaves_as_a_race_is_decided_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    slow, quick = Hold(), Hold()
    google, anthropic = FakeProvider(answering(ACCEPTED, slow)), FakeProvider(answering(ACCEPTED, quick, "Hi", Hold()))
    raced = bench(hedged("flash", "sonnet", 0.5), google=google, anthropic=anthropic)
    task = raced.start(RecordingSink())
    await slow.reached()
    await quick.reached()
    # Both in one round of the event loop: the winner gives the other lane up just as the whole race is cancelled.
    quick.release()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await raced.engine.drain()
    assert raced.ledger.records[0].status == Reason.CALLER_CANCELLED
    assert "fault" not in caplog.text


async def test_a_shutdown_as_a_race_is_decided_says_so() -> None:
    slow, quick = Hold(), Hold()
    google, anthropic = FakeProvider(answering(ACCEPTED, slow)), FakeProvider(answering(ACCEPTED, quick, "Hi", Hold()))
    raced = bench(hedged("flash", "sonnet", 0.5), google=google, anthropic=anthropic)
    task = raced.start(RecordingSink())
    await slow.reached()
    await quick.reached()
    quick.release()
    task.cancel(Reason.SHUTTING_DOWN)
    assert "the server shut down" in failure(await task).message
