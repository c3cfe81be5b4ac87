"""The whole way: what is recorded and told, and that no fault of anybody leaves a caller without an answer."""

from __future__ import annotations

import asyncio
import re

import pytest
from tests.unit.engine.bench import Bench, down, failure, rows
from tests.unit.engine.policies import Assesses, Chooses, Excludes, Observes, always, entry, raising

from pointsman.engine.exchange import new_id
from pointsman.errors import LedgerUnavailable, Reason, RequestError
from pointsman.model.answer import FinishReason
from pointsman.model.decision import Assessment, Cause, Choice, Decision, Exclusion, Refusal
from pointsman.model.events import AttemptEnded, Decided, RequestEnded
from pointsman.model.request import Hints
from pointsman.testing import (
    ACCEPTED,
    FakeLedger,
    FakeProvider,
    Hold,
    RecordingSink,
    answering,
    make_request,
    make_rules,
)
from pointsman_policies import limits, tags


async def test_route_decides_records_and_runs_nothing() -> None:
    bench = Bench()
    completion = await bench.route()
    routed = completion.routed
    assert routed is not None
    assert (routed.decision.target, routed.rules) == ("flash", bench.engine.rules)
    (record,) = bench.ledger.records
    assert (record.method, record.decision_id, record.decision) == ("Route", routed.decision_id, routed.decision)
    assert (record.tier, record.provider, record.attempts) == ("small", "google", ())
    assert all(provider.calls == [] for provider in bench.providers.values())


async def test_route_tells_what_is_refused_by_its_id() -> None:
    bench = Bench(rules=make_rules(limits.plugin))
    completion = await bench.route(make_request(hints=Hints(max_cost_nano_usd=0)))
    refused = failure(completion)
    assert refused.reason is Reason.MAX_COST_UNSATISFIABLE
    assert refused.violations[0][0] == "limits"
    (record,) = bench.ledger.records
    assert record.decision_id == completion.decision_id
    assert (record.status, isinstance(record.decision, Refusal)) == ("MAX_COST_UNSATISFIABLE", True)


@pytest.mark.parametrize("streaming", [True, False])
async def test_the_record_of_an_answer(streaming: bool) -> None:
    bench = Bench({"google": FakeProvider(answering(down()))})
    request = make_request()
    completion = await (bench.stream(RecordingSink(), request=request) if streaming else bench.unary(request=request))
    (record,) = bench.ledger.records
    assert record.method == ("Complete" if streaming else "CompleteUnary")
    assert (record.status, record.finish, record.request) == ("OK", FinishReason.STOP, request)
    assert (record.attempts, record.cost) == (completion.attempts, completion.cost)
    assert completion.routed is not None
    assert record.decision == completion.routed.decision
    assert record.snapshot.config_version == "test"


async def test_the_record_of_a_failure() -> None:
    dead = FakeProvider(answering(down()))
    bench = Bench({"google": dead, "openai": dead, "anthropic": dead})
    error = failure(await bench.unary())
    (record,) = bench.ledger.records
    assert (record.status, record.message, record.finish) == ("ALL_PROVIDERS_DOWN", error.message, None)
    assert len(record.attempts) == 4


async def test_the_record_of_a_request_that_names_the_unknown() -> None:
    bench = Bench(rules=make_rules(tags.plugin))
    error = failure(await bench.unary(request=make_request(hints=Hints(task="cod"))))
    (record,) = bench.ledger.records
    assert (error.reason, record.status, record.decision) == (Reason.UNKNOWN_TASK, "UNKNOWN_TASK", None)


async def test_observers_are_told_in_order() -> None:
    told: list[object] = []
    bench = Bench({"google": FakeProvider(answering(down()))}, make_rules(entry(Observes(told.append))))
    completion = await bench.unary()
    assert [type(event) for event in bench.events] == [Decided, AttemptEnded, AttemptEnded, RequestEnded]
    assert told == bench.events
    assert [e.attempt for e in bench.events if isinstance(e, AttemptEnded)] == list(completion.attempts)


@pytest.mark.parametrize("error", [RuntimeError("secret"), BaseException("secret"), asyncio.CancelledError()])
async def test_an_observer_that_raises_hurts_nobody(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    told: list[object] = []
    rules = make_rules(entry(Observes(raising(error)), "broken"), entry(Observes(told.append), "sound"))
    completion = await Bench(rules=rules).unary()
    assert (completion.error, len(told)) == (None, 3)
    assert f"policy broken failed to observe Decided: {type(error).__name__}" in caplog.text
    assert "secret" not in caplog.text


async def test_a_quarantined_observer_is_told_nothing_more() -> None:
    told: list[object] = []
    bench = Bench(rules=make_rules(entry(Observes(told.append), "slow")))
    bench.watchdog.quarantined = frozenset({"slow"})
    await bench.unary()
    assert told == []


async def test_what_shadows_would_have_done_is_recorded_and_told() -> None:
    shadow = entry(Chooses(always(Choice(("opus",), "dearest"))), "shadow", shadow=True)
    bench = Bench(rules=make_rules(shadow))
    assert rows(await bench.unary()) == [("flash", "served")]
    (record,) = bench.ledger.records
    assert isinstance(record.shadow, Decision)
    assert record.shadow.target == "opus"
    decided = bench.events[0]
    assert isinstance(decided, Decided)
    assert decided.shadow == record.shadow


async def test_policies_are_timed_outside_the_decision() -> None:
    bench = Bench(rules=make_rules(entry(Assesses(always(Assessment("code"))), "words")))
    await bench.unary()
    (record,) = bench.ledger.records
    assert set(record.policy_micros) == {"words"}


async def test_the_answer_waits_for_its_record() -> None:
    commit, sink = Hold(), RecordingSink()
    bench = Bench(ledger=FakeLedger(hold=commit))
    task = bench.start(sink)
    await commit.reached()
    assert (sink.text, task.done()) == ("Hello", False)
    commit.release()
    assert (await task).error is None


async def test_an_answer_that_cannot_be_recorded_is_not_given() -> None:
    bench = Bench(ledger=FakeLedger(error=LedgerUnavailable("disk full")))
    error = failure(await bench.unary())
    assert (error.reason, error.retry_delay) == (Reason.LEDGER_UNAVAILABLE, 1.0)
    assert "disk" not in error.message
    ended = bench.events[-1]
    assert isinstance(ended, RequestEnded)
    assert ended.record.status == "LEDGER_UNAVAILABLE"


@pytest.mark.parametrize("error", [RuntimeError("secret"), asyncio.CancelledError()], ids=lambda e: type(e).__name__)
async def test_a_fault_of_the_ledger_is_told_like_any_other(error: BaseException) -> None:
    bench = Bench(ledger=FakeLedger(error=error))
    assert failure(await bench.unary()).reason is Reason.INTERNAL
    assert isinstance(bench.events[-1], RequestEnded)


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize(
    ("error", "outcome"), [(RuntimeError("secret"), "failed"), (asyncio.CancelledError(), "cancelled")]
)
async def test_a_bug_in_a_provider_leaves_its_row(
    error: BaseException, outcome: str, streaming: bool, accepted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    script = answering(*([ACCEPTED] if accepted else []), error)
    bench = Bench({"google": FakeProvider(script)})
    completion = await (bench.stream(RecordingSink()) if streaming else bench.unary())
    fault = failure(completion)
    assert (fault.reason, fault.metadata) == (Reason.INTERNAL, {"decision_id": completion.decision_id})
    assert rows(completion) == [("flash", outcome)]
    (record,) = bench.ledger.records
    assert (record.status, len(record.attempts)) == ("INTERNAL", 1)
    assert completion.decision_id in caplog.text
    assert "secret" not in caplog.text + fault.message


async def test_a_bug_in_a_sink_is_no_hang() -> None:
    class Broken(RecordingSink):
        async def decided(self, routed: object) -> None:
            raise asyncio.CancelledError

    assert failure(await Bench().stream(Broken())).reason is Reason.INTERNAL


async def test_nothing_is_charged_for_a_call_that_was_never_made() -> None:
    class Broken(RecordingSink):
        async def started(self, number: int, planned: object, dropped: object) -> None:
            raise RequestError(Reason.CALLER_CANCELLED, "the caller went away")

    bench = Bench()
    completion = await bench.stream(Broken())
    assert bench.providers["google"].calls == []
    assert completion.cost.total == 0


async def test_a_failing_veto_refuses_without_details() -> None:
    error = failure(await Bench(rules=make_rules(entry(Excludes(raising(ValueError("secret"))), "veto"))).unary())
    assert (error.reason, error.message) == (Reason.INTERNAL, "policy 'veto' failed in exclude_targets")
    assert error.violations == (("veto", "failed in exclude_targets"),)


async def test_a_refusal_names_every_policys_reason() -> None:
    vetoes = [entry(Excludes(always([Exclusion("flash", Cause.POLICY, "dull")])), "taste"), limits.plugin]
    error = failure(
        await Bench(rules=make_rules(*vetoes)).unary(request=make_request(hints=Hints(exclude_providers=PROVIDERS)))
    )
    assert error.violations[:2] == (
        ("taste", "flash: dull"),
        ("limits", "flash: the caller excludes provider google"),
    )


PROVIDERS = ("google", "openai", "anthropic")


async def test_running_requests_keep_their_rules() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold, down()))})
    task = bench.start(RecordingSink())
    await hold.reached()
    bench.adopt(make_rules(max_attempts=1))
    hold.release()
    assert rows(await task) == [("flash", "failed"), ("mini", "served")]


async def test_a_regime_is_over_when_its_last_request_has_ended() -> None:
    hold = Hold()
    bench = Bench({"google": FakeProvider(answering(hold, "Hello"))})
    task = bench.start(RecordingSink())
    await hold.reached()
    before = bench.adopt(make_rules(max_attempts=1))
    left = asyncio.create_task(bench.engine.left(before))
    later = bench.start(RecordingSink())
    await asyncio.sleep(0)
    assert not left.done()
    hold.release()
    await asyncio.gather(task, later)
    await left
    await bench.engine.left(before)


def test_ids_are_version_7_uuids_in_order_of_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", id) for id in ids)
    assert [id[:12] for id in ids] == sorted(id[:12] for id in ids)
