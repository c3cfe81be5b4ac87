"""A caller that goes away: everything is cancelled with it, and still recorded and settled."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.engine.bench import Bench, failure
from tests.unit.engine.policies import Admits, Gathers, entry

from pointsman.errors import Reason
from pointsman.model.answer import Ending, FinishReason, Usage
from pointsman.model.attempt import AttemptOutcome, CostSource
from pointsman.model.events import AttemptEnded, RequestEnded
from pointsman.model.record import Record
from pointsman.testing import ACCEPTED, FakeLedger, FakeProvider, Hold, RecordingSink, answering, make_rules


async def cancelled(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def record_of(bench: Bench) -> Record:
    """The one record, and the event that tells of it."""
    await bench.engine.drain()
    (record,) = bench.ledger.records
    assert [event.record.decision_id for event in bench.events if isinstance(event, RequestEnded)] == [
        record.decision_id
    ]
    return record


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("streaming", [True, False])
async def test_before_the_first_token(streaming: bool, accepted: bool) -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(*([ACCEPTED] if accepted else []), hold))})
    task = bench.start(RecordingSink() if streaming else None)
    await hold.reached()
    await cancelled(task)
    record = await record_of(bench)
    assert (record.status, record.finish) == ("CALLER_CANCELLED", None)
    (attempt,) = record.attempts
    assert (attempt.outcome, attempt.error_reason) == (AttemptOutcome.CANCELLED, "")
    assert (attempt.cost_source, attempt.usage.output_tokens) == (CostSource.ESTIMATE, 0)
    assert attempt.usage.input_tokens > 0
    assert bench.providers["google"].open_streams == 0
    assert [event.attempt for event in bench.events if isinstance(event, AttemptEnded)] == [attempt]


async def test_after_tokens_what_was_relayed_is_charged() -> None:
    hold = Hold()
    bench, sink = Bench({"google": FakeProvider(answering("Hello there", hold))}), RecordingSink()
    task = bench.start(sink)
    await hold.reached()
    await cancelled(task)
    record = await record_of(bench)
    (attempt,) = record.attempts
    assert (attempt.usage.output_tokens, attempt.usage.estimated) == (3, True)
    assert (record.cost.answer, record.cost.overhead) == (0, attempt.cost_nano_usd)
    assert attempt.cost_nano_usd > 0
    assert (attempt.ttft, record.ttft) == (0, 0)


async def test_after_tokens_what_the_provider_said_of_usage_is_kept() -> None:
    hold, so_far = Hold(), Ending(reason=FinishReason.OTHER, usage=Usage(1000, 1), upstream_request_id="req-1")
    bench = Bench({"google": FakeProvider(answering(so_far, "Hel", hold))})
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    (attempt,) = (await record_of(bench)).attempts
    assert (attempt.usage, attempt.cost_source) == (Usage(1000, 1), CostSource.PRICE)
    assert attempt.upstream_request_id == "req-1"


async def test_nothing_else_is_tried() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold))})
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    await bench.engine.drain()
    assert bench.providers["openai"].calls == []


async def test_while_a_slow_caller_is_written_to() -> None:
    hold = Hold()
    bench = Bench()
    task = bench.start(RecordingSink(hold=hold))
    await hold.reached()
    await cancelled(task)
    assert (await record_of(bench)).status == "CALLER_CANCELLED"
    assert bench.providers["google"].open_streams == 0


async def test_while_signals_are_gathered() -> None:
    hold = Hold()

    async def ask(*arguments: object) -> None:
        await hold.pass_through()

    bench = Bench(rules=make_rules(entry(Gathers(ask))))
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    record = await record_of(bench)
    assert (record.status, record.decision, record.attempts) == ("CALLER_CANCELLED", None, ())


async def test_leases_are_given_back_once() -> None:
    hold, policy = Hold(), Admits()
    bench = Bench({"google": FakeProvider(answering(hold))}, make_rules(entry(policy)))
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    await bench.engine.drain()
    ((target, outcome, lease),) = policy.settled
    assert (target, lease is not None) == ("flash", True)
    assert outcome is not None
    assert outcome.outcome is AttemptOutcome.CANCELLED


async def test_leases_are_given_back_while_the_next_policy_is_asked() -> None:
    hold, first = Hold(), Admits()
    second = Admits(wait=hold.pass_through)
    bench = Bench(rules=make_rules(entry(first, "first"), entry(second, "second")))
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    await bench.engine.drain()
    assert [(target, outcome, lease is not None) for target, outcome, lease in first.settled] == [("flash", None, True)]
    assert second.settled == [("flash", None, None)]
    assert bench.providers["google"].calls == []


async def test_the_caller_does_not_wait_for_the_ledger() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold))}, ledger=FakeLedger(hold=Hold()))
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    assert bench.ledger.hold is not None
    bench.ledger.hold.release()
    assert (await record_of(bench)).status == "CALLER_CANCELLED"


async def test_while_the_answer_is_committed_it_is_recorded_as_given() -> None:
    commit = Hold()
    bench = Bench(ledger=FakeLedger(hold=commit))
    task = bench.start(RecordingSink())
    await commit.reached()
    await cancelled(task)
    commit.release()
    record = await record_of(bench)
    assert (record.status, record.finish) == ("OK", FinishReason.STOP)


async def test_a_shutdown_says_so() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold))})
    task = bench.start(RecordingSink())
    await hold.reached()
    task.cancel(Reason.SHUTTING_DOWN)
    completion = await task
    # The caller is still there: what was spent until then is told, and so that a retry would pay for it again.
    assert (failure(completion).reason, len(completion.attempts)) == (Reason.SHUTTING_DOWN, 1)
    assert (await record_of(bench)).status == "SHUTTING_DOWN"


async def test_a_shutdown_after_output_is_an_interruption() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering("Hel", hold))})
    task = bench.start(RecordingSink())
    await hold.reached()
    task.cancel(Reason.SHUTTING_DOWN)
    assert failure(await task).reason is Reason.STREAM_INTERRUPTED
    assert (await record_of(bench)).status == "STREAM_INTERRUPTED"


async def test_the_next_request_is_served() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold), answering("Hello"))})
    task = bench.start(RecordingSink())
    await hold.reached()
    await cancelled(task)
    assert (await bench.unary()).error is None
