"""Stages that are judged: what is held back, what is shown, what is charged, and what is left when all say no."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from tests.unit.engine.bench import Bench, down, failure, rows
from tests.unit.engine.planners import ESCALATION, FAILOVER, Judge, Planning, accepting, alone, rejecting, together

from pointsman import Accepted, Rejected, hookimpl
from pointsman.errors import Reason
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.decision import Cause
from pointsman.model.plan import AttemptKind, PlannedAttempt, Stage
from pointsman.model.request import Hints, Params, Text
from pointsman.services import Denial
from pointsman.testing import FakeProvider, Hold, RecordingSink, answering, make_request, make_rules
from pointsman_policies import feasibility, limits

CASCADE = (alone("flash", gates=["good"]), alone("sonnet", ESCALATION))


def bench(
    *stages: Stage,
    gates: Mapping[str, object],
    best_effort: bool = False,
    policies: tuple[object, ...] = (),
    **providers: FakeProvider,
) -> Bench:
    rules = make_rules(Planning(*stages, best_effort=best_effort), *policies, gates=gates)  # type: ignore[arg-type]  # what is no gate, too
    return Bench(
        {"google": FakeProvider(answering("cheap")), "anthropic": FakeProvider(answering("strong"))} | providers, rules
    )


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_that_passes_is_the_answer(streaming: bool) -> None:
    gate = accepting(reason="long enough")
    cascade, sink = bench(*CASCADE, gates={"good": gate}), RecordingSink()
    completion = await (cascade.stream(sink) if streaming else cascade.unary())
    assert rows(completion) == [("flash", "served")]
    assert completion.attempts[0].gate == "good: long enough"
    assert gate.asked == [[("flash", "cheap")]]
    if streaming:
        assert (sink.text, sink.events) == ("cheap", ["decided", "started", "deltas"])


@pytest.mark.parametrize("streaming", [True, False])
async def test_one_that_does_not_is_followed_by_a_stronger(streaming: bool) -> None:
    cascade, sink = bench(*CASCADE, gates={"good": rejecting()}), RecordingSink()
    completion = await (cascade.stream(sink) if streaming else cascade.unary())
    assert rows(completion) == [("flash", "gated"), ("sonnet", "served")]
    cheap, strong = completion.attempts
    assert (cheap.gate, strong.kind) == ("good: too short", AttemptKind.ESCALATION)
    assert (completion.cost.answer, completion.cost.overhead) == (strong.cost_nano_usd, cheap.cost_nano_usd)
    assert cheap.cost_nano_usd > 0
    if streaming:
        assert (sink.text, sink.events) == ("strong", ["decided", "started", "gated", "started", "deltas"])


async def test_nothing_is_shown_before_the_gate_has_judged() -> None:
    hold = Hold()
    cheap = FakeProvider(answering("che", hold, "ap"))
    cascade, sink = bench(*CASCADE, gates={"good": accepting()}, google=cheap), RecordingSink()
    task = cascade.start(sink)
    await hold.reached()
    assert sink.events == ["decided", "started"]
    hold.release()
    await task
    assert sink.text == "cheap"


async def test_a_caller_that_can_start_over_sees_it_live() -> None:
    cascade, sink = bench(*CASCADE, gates={"good": rejecting()}), RecordingSink()
    completion = await cascade.stream(sink, cascade.terms(restart=True))
    assert rows(completion) == [("flash", "gated"), ("sonnet", "served")]
    assert sink.events == ["decided", "started", "deltas", "gated", "reset", "started", "deltas"]
    assert sink.resets == [(2, PlannedAttempt("sonnet", ESCALATION))]
    assert sink.text == "strong"


async def test_a_failure_escalates_too_and_asks_no_gate() -> None:
    gate = rejecting()
    cascade = bench(*CASCADE, gates={"good": gate}, google=FakeProvider(answering(down())))
    assert rows(await cascade.unary()) == [("flash", "failed"), ("sonnet", "served")]
    assert gate.asked == []


async def test_gates_are_asked_in_order_and_the_first_no_is_enough() -> None:
    first, second, third = accepting(reason="fine"), rejecting("wrong"), accepting()
    stages = (alone("flash", gates=["a", "b", "c"]), alone("sonnet", ESCALATION))
    completion = await bench(*stages, gates={"a": first, "b": second, "c": third}).unary()
    assert completion.attempts[0].gate == "b: wrong"
    assert third.asked == []


async def test_samples_are_judged_together_and_the_chosen_one_is_given() -> None:
    votes = FakeProvider(answering("7"), answering("8"), answering("8"))
    gate = Judge(lambda answers: Accepted("two of three", which=[answer.text for answer in answers].index("8")))
    sampled = bench(
        alone("flash", gates=["vote"], samples=3), alone("sonnet", ESCALATION), gates={"vote": gate}, google=votes
    )
    completion = await sampled.unary()
    assert sorted(text for _, text in gate.asked[0]) == ["7", "8", "8"]
    assert completion.served is not None
    assert completion.served.answer is not None
    assert completion.served.answer.parts == (Text("8"),)
    assert sorted(str(a.outcome) for a in completion.attempts) == ["lost", "lost", "served"]
    assert sorted(str(a.kind) for a in completion.attempts) == ["primary", "sample", "sample"]
    assert completion.cost.overhead > 0


async def test_two_that_agree() -> None:
    gate = Judge(lambda answers: Accepted("agree", 0) if len({a.text for a in answers}) == 1 else Accepted("differ", 1))
    agreeing = bench(together("flash", "sonnet", gates=["same"]), gates={"same": gate})
    sink = RecordingSink()
    assert rows(await agreeing.stream(sink)) == [("flash", "lost"), ("sonnet", "served")]
    assert sink.text == "strong"
    same = FakeProvider(answering("one"))
    agreeing = bench(together("flash", "sonnet", gates=["same"]), gates={"same": gate}, google=same, anthropic=same)
    assert rows(await agreeing.unary()) == [("flash", "served"), ("sonnet", "lost")]


async def test_those_that_answered_are_judged_though_others_failed() -> None:
    gate = accepting()
    agreeing = bench(
        together("flash", "sonnet", gates=["same"]), gates={"same": gate}, google=FakeProvider(answering(down()))
    )
    assert rows(await agreeing.unary()) == [("flash", "failed"), ("sonnet", "served")]
    assert gate.asked == [[("sonnet", "strong")]]


@pytest.mark.parametrize("streaming", [True, False])
async def test_with_nothing_after_the_gate_its_no_is_told(streaming: bool) -> None:
    cascade = bench(alone("flash", gates=["good"]), gates={"good": rejecting()})
    completion = await (cascade.stream(RecordingSink()) if streaming else cascade.unary())
    error = failure(completion)
    assert (error.reason, error.message, error.metadata) == (
        Reason.GATE_REJECTED,
        "no answer passed its gate: good: too short",
        {"gate": "good"},
    )


@pytest.mark.parametrize("restart", [True, False])
async def test_the_best_so_far_where_the_plan_says_so(restart: bool) -> None:
    strong = FakeProvider(answering(down()))
    cascade = bench(*CASCADE, gates={"good": rejecting()}, best_effort=True, anthropic=strong)
    sink = RecordingSink()
    completion = await cascade.stream(sink, cascade.terms(restart=restart, keep_answer=True))
    assert rows(completion) == [("flash", "served"), ("sonnet", "failed")]
    assert completion.error is None
    assert completion.attempts[0].gate == "good: too short"
    assert sink.text == "cheap"
    assert completion.cost.answer == completion.attempts[0].cost_nano_usd
    assert completion.served is not None
    assert completion.served.attempt.outcome is AttemptOutcome.SERVED
    without = bench(*CASCADE, gates={"good": rejecting()}, anthropic=strong)
    assert failure(await without.unary()).reason is Reason.ALL_PROVIDERS_DOWN


class NoEscalation:
    @hookimpl
    async def pointsman_admit_attempt(self, attempt: PlannedAttempt) -> Denial | None:
        return Denial(Cause.BUDGET, "no money") if attempt.kind is ESCALATION else None


async def test_a_denied_escalation_returns_the_best_so_far() -> None:
    cascade = bench(*CASCADE, gates={"good": rejecting()}, best_effort=True, policies=(NoEscalation(),))
    completion = await cascade.unary()
    assert rows(completion) == [("flash", "served")]
    assert completion.served is not None
    assert completion.served.answer is not None
    assert completion.served.answer.parts == (Text("cheap"),)


@pytest.mark.parametrize(("limit", "escalated"), [(15_031_000, True), (15_030_999, False)])
async def test_what_escalation_would_cost_counts_against_the_callers_limit(limit: int, escalated: bool) -> None:
    # The cheap answer took 20 + 10 tokens, 31,000 nano-USD; the strong one may take 15,000,000.
    cascade = bench(*CASCADE, gates={"good": rejecting()}, policies=(limits.plugin, feasibility.plugin))
    hints, params = Hints(max_cost_nano_usd=limit, input_tokens=0), Params(max_output_tokens=1000)
    completion = await cascade.unary(request=make_request(hints=hints, params=params))
    assert rows(completion) == ([("flash", "gated"), ("sonnet", "served")] if escalated else [("flash", "gated")])


class Failing:
    async def judge(self, *asked: object) -> Accepted:
        raise RuntimeError("sk-secret")


class Hanging:
    async def judge(self, *asked: object) -> Accepted:
        await asyncio.sleep(3600)
        return Accepted()


class Nonsense:
    async def judge(self, *asked: object) -> object:
        return Accepted(which=7)


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        (Failing(), "good: raised RuntimeError"),
        (Hanging(), "good: took longer than 5 s"),
        (Nonsense(), "good: chose an answer that is not there"),
        (Judge(lambda answers: None), "good: answered a NoneType, neither Accepted nor Rejected"),  # type: ignore[arg-type,return-value]
    ],
)
async def test_a_gate_that_fails_turns_down(gate: object, told: str) -> None:
    completion = await bench(*CASCADE, gates={"good": gate}).unary()
    assert rows(completion) == [("flash", "gated"), ("sonnet", "served")]
    assert completion.attempts[0].gate == told


async def test_a_caller_that_leaves_while_an_answer_is_judged() -> None:
    cascade = bench(*CASCADE, gates={"good": Hanging()})
    task = cascade.start(None)
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await cascade.engine.drain()
    (record,) = cascade.ledger.records
    assert [(a.target, str(a.outcome)) for a in record.attempts] == [("flash", "cancelled")]


async def test_the_deadline_holds_while_an_answer_is_judged() -> None:
    cascade = bench(*CASCADE, gates={"good": Hanging()})
    completion = await cascade.unary(cascade.terms(2))
    assert failure(completion).reason is Reason.DEADLINE_EXCEEDED
    assert rows(completion) == [("flash", "cancelled")]


async def test_a_gated_stage_in_the_middle() -> None:
    first, second = rejecting("no"), Judge(lambda a: Rejected("no") if a[0].target == "mini" else Accepted())
    stages = (alone("flash", gates=["a"]), alone("mini", ESCALATION, gates=["b"]), alone("sonnet", ESCALATION))
    completion = await bench(*stages, gates={"a": first, "b": second}).unary()
    assert rows(completion) == [("flash", "gated"), ("mini", "gated"), ("sonnet", "served")]


async def test_after_an_escalation_failover_goes_on() -> None:
    stages = (*CASCADE, alone("medium", FAILOVER))
    cascade = bench(*stages, gates={"good": rejecting()}, anthropic=FakeProvider(answering(down())))
    assert rows(await cascade.unary()) == [("flash", "gated"), ("sonnet", "failed"), ("medium", "served")]
