"""Leases: asked for before every attempt, settled exactly once after it, whatever became of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.unit.engine.bench import Bench, down, failure, rows
from tests.unit.engine.policies import Admits, entry

from pointsman.chain.entry import OnError
from pointsman.errors import Reason
from pointsman.hookspecs import hookimpl
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.decision import Cause, Decision
from pointsman.services import Denial, Lease
from pointsman.testing import FakeProvider, Hold, RecordingSink, answering, make_rules

FULL = Denial(Cause.POLICY, "too many at once")


async def test_a_lease_comes_back_with_the_outcome() -> None:
    policy = Admits({"flash": Lease("ticket")})
    completion = await Bench(rules=make_rules(entry(policy))).unary()
    assert policy.settled == [("flash", completion.attempts[0], Lease("ticket"))]


async def test_each_attempt_has_its_own() -> None:
    policy = Admits()
    bench = Bench({"google": FakeProvider(answering(down()))}, make_rules(entry(policy)))
    await bench.stream(RecordingSink())
    assert [(t, o and o.outcome, lease) for t, o, lease in policy.settled] == [
        ("flash", AttemptOutcome.FAILED, Lease(1)),
        ("mini", AttemptOutcome.SERVED, Lease(2)),
    ]


async def test_a_denied_target_is_decided_again_without_it() -> None:
    policy = Admits({"flash": FULL})
    bench = Bench(rules=make_rules(entry(policy)))
    completion = await bench.unary()
    assert rows(completion) == [("mini", "served")]
    assert completion.attempts[0].number == 1
    (record,) = bench.ledger.records
    assert isinstance(record.decision, Decision)
    assert (record.decision.target, [d.target for d in record.snapshot.denials]) == ("mini", ["flash"])
    assert [(c.target, c.excluded_by, c.excluded_reason) for c in record.decision.excluded] == [
        ("flash", "admission", "too many at once")
    ]


async def test_a_reason_that_nobody_can_be_told_is_a_failure() -> None:
    bench = Bench(rules=make_rules(entry(Admits({"flash": Denial(Cause.POLICY, "\ud800")}))))
    await bench.unary()
    (record,) = bench.ledger.records
    assert isinstance(record.decision, Decision)
    assert "could not say" in record.decision.excluded[0].excluded_reason


async def test_every_policy_is_asked_and_settled_also_after_a_denial() -> None:
    first, second = Admits({"flash": FULL}), Admits()
    await Bench(rules=make_rules(entry(first, "first"), entry(second, "second"))).unary()
    assert first.asked == second.asked == ["flash", "mini"]
    assert [(target, outcome is None) for target, outcome, _ in first.settled] == [("flash", True), ("mini", False)]
    assert [(target, lease) for target, _, lease in second.settled] == [("flash", Lease(1)), ("mini", Lease(2))]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.POLICY, Reason.NO_CANDIDATE),
        (Cause.BUDGET, Reason.BUDGET_EXHAUSTED),
        (Cause.HEALTH, Reason.ALL_PROVIDERS_DOWN),
    ],
)
async def test_all_denied(cause: Cause, reason: Reason) -> None:
    rules = make_rules(entry(Admits({t: Denial(cause, "no") for t in ALL})))
    completion = await Bench(rules=rules).unary()
    assert (failure(completion).reason, completion.attempts) == (reason, ())


ALL = ["flash", "mini", "medium", "sonnet", "ultra", "opus"]


async def test_after_failures_denials_do_not_hide_what_failed() -> None:
    rules = make_rules(entry(Admits(dict.fromkeys(ALL[1:], FULL))))
    completion = await Bench({"google": FakeProvider(answering(down()))}, rules).unary()
    assert rows(completion) == [("flash", "failed")]
    assert failure(completion).reason is Reason.ALL_PROVIDERS_DOWN


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), BaseException("secret"), asyncio.CancelledError()], ids=lambda e: type(e).__name__
)
@pytest.mark.parametrize(("on_error", "served"), [(None, "mini"), (OnError.SKIP, "flash")])
async def test_a_policy_that_raises_denies(error: BaseException, on_error: OnError | None, served: str) -> None:
    policy = Admits({"flash": error})
    completion = await Bench(rules=make_rules(entry(policy, "mine", on_error))).unary()
    assert rows(completion) == [(served, "served")]


async def test_a_policy_that_must_not_fail_stops_the_request() -> None:
    policy = Admits({"flash": RuntimeError("secret")})
    completion = await Bench(rules=make_rules(entry(policy, "mine", OnError.FAIL))).unary()
    assert (rows(completion), failure(completion).reason) == ([], Reason.INTERNAL)
    assert failure(completion).message == "policy 'mine' failed in admit_attempt"


@pytest.mark.parametrize("answer", [True, "ticket", 1.5])
async def test_an_answer_that_is_neither_denies(answer: object) -> None:
    assert rows(await Bench(rules=make_rules(entry(Admits({"flash": answer})))).unary()) == [("mini", "served")]


async def test_a_policy_that_hangs_denies() -> None:
    class Hangs:
        @hookimpl
        async def pointsman_admit_attempt(self) -> None:
            await Hold().pass_through()

    rules = make_rules(replace(entry(Hangs()), timeout=0.5))
    completion = await Bench(rules=rules).unary()
    # One after the other, half a second each: six targets, six denials.
    assert (failure(completion).reason, completion.duration) == (Reason.NO_CANDIDATE, 3)


async def test_no_opinion_admits() -> None:
    policy = Admits({"flash": None})
    assert rows(await Bench(rules=make_rules(entry(policy))).unary()) == [("flash", "served")]
    assert [lease for _, _, lease in policy.settled] == [None]


async def test_a_policy_that_fails_to_settle_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Breaks:
        @hookimpl
        async def pointsman_settle_attempt(self) -> None:
            raise BaseException("secret")

    sound = Admits()
    completion = await Bench(rules=make_rules(entry(Breaks(), "broken"), entry(sound, "sound"))).unary()
    assert completion.error is None
    assert len(sound.settled) == 1
    assert "policy broken failed to settle: raised BaseException" in caplog.text
    assert "secret" not in caplog.text


async def test_a_shadow_is_not_asked() -> None:
    policy = Admits({"flash": FULL})
    assert rows(await Bench(rules=make_rules(entry(policy, shadow=True))).unary()) == [("flash", "served")]
    assert (policy.asked, policy.settled) == ([], [])
