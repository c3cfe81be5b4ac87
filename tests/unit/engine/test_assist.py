"""Policies ask models while signals are gathered: what it costs is on the bill, whatever comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from msgspec.structs import replace as changed
from tests.unit.engine.bench import Bench, down, failure
from tests.unit.engine.policies import Excludes, Gathers, always, entry, raising

from pointsman.chain.entry import Entry, OnError
from pointsman.chain.plugin import register
from pointsman.engine.rules import Compliance
from pointsman.errors import AskFailed, ProviderError, Reason
from pointsman.hookspecs import hookimpl
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource
from pointsman.model.decision import Assessed, Cause, Exclusion, PolicyKind
from pointsman.model.events import AttemptEnded
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Hints, Message, Params, Request, Role, Text
from pointsman.services import Services
from pointsman.testing import (
    FakeProvider,
    Hold,
    RecordingSink,
    answering,
    fake_provider,
    make_catalogue,
    make_entry,
    make_request,
    make_rules,
)
from pointsman_policies import limits

QUESTION = Request(messages=(Message(Role.USER, (Text("Which of them?"),)),), params=Params(max_output_tokens=10))
Ask = Callable[[Services], Awaitable[object]]


def asking(ask: Ask, id: str = "curious", timeout: float = 1.0) -> Entry:
    async def gather(request: Request, prior: Assessed, services: Services) -> object:
        try:
            return await ask(services)
        except AskFailed as failed:
            return {"failed": failed.why}

    return replace(entry(Gathers(gather), id), timeout=timeout)


async def sonnet(services: Services) -> str:
    return told(await services.ask("claude", QUESTION))


def told(answer: Answer) -> str:
    return "".join(part.text for part in answer.parts if isinstance(part, Text))


def questions(bench: Bench) -> list[Attempt]:
    (record,) = bench.ledger.records
    return [attempt for attempt in record.attempts if attempt.kind is AttemptKind.ASSIST]


def signals(bench: Bench) -> object:
    (record,) = bench.ledger.records
    return record.snapshot.signals


async def test_the_answer_is_the_models_and_the_cost_is_overhead() -> None:
    bench = Bench({"anthropic": fake_provider("that one")}, make_rules(asking(sonnet)))
    completion = await bench.stream(RecordingSink())
    assert signals(bench) == {"curious": "that one"}
    question, answer = completion.attempts
    assert (question.number, question.kind, question.target) == (1, AttemptKind.ASSIST, "sonnet")
    assert (question.outcome, question.usage) == (AttemptOutcome.SERVED, Usage(20, 10))
    assert (answer.number, answer.kind, answer.target) == (2, AttemptKind.PRIMARY, "flash")
    assert completion.cost == Cost(answer.cost_nano_usd, question.cost_nano_usd)
    assert question.cost_nano_usd == 20 * 3000 + 10 * 15_000
    assert completion.served is not None
    assert completion.served.attempt == answer
    assert bench.ledger.records[0].snapshot.spent_nano_usd == question.cost_nano_usd


async def test_the_model_gets_the_question_alone() -> None:
    bench = Bench(rules=make_rules(make_entry(limits.plugin), asking(sonnet)))
    await bench.unary(request=make_request("A secret.", hints=Hints(exclude_providers=("google",))))
    (call,) = bench.providers["anthropic"].calls
    assert call.request.messages == QUESTION.messages
    assert (call.request.hints, call.request.facts.input_tokens > 0) == (Hints(), True)
    assert (call.shaped.max_output_tokens, call.shaped.system_prompt) == (10, "")


async def test_a_decision_alone_is_charged_and_recorded_as_well() -> None:
    bench = Bench(rules=make_rules(asking(sonnet)))
    completion = await bench.route()
    assert [attempt.kind for attempt in completion.attempts] == [AttemptKind.ASSIST]
    assert completion.cost.answer == 0
    assert completion.cost.overhead > 0
    assert questions(bench) == list(completion.attempts)


async def test_observers_are_told_of_it_and_the_store_learns_from_it() -> None:
    bench = Bench({"anthropic": FakeProvider(answering("x", ending=ending(400, 1)))}, make_rules(asking(long)))
    await bench.route()
    assert [event.attempt for event in bench.events if isinstance(event, AttemptEnded)] == questions(bench)
    assert (await bench.store.read()).token_ratios["sonnet"] != 1


async def long(services: Services) -> str:
    words = Message(Role.USER, (Text("word " * 200),))
    return told(await services.ask("sonnet", changed(QUESTION, messages=(words,))))


def ending(input_tokens: int, output_tokens: int) -> Ending:
    return Ending(reason=FinishReason.STOP, usage=Usage(input_tokens, output_tokens))


async def test_several_at_once_have_numbers_of_their_own() -> None:
    first, second = Hold(), Hold()
    scripts = FakeProvider(answering(first, "a"), answering(second, "b"))
    bench = Bench({"anthropic": scripts}, make_rules(asking(sonnet, "one"), asking(sonnet, "two")))
    task = bench.start(None)
    await first.reached()
    await second.reached()
    second.release()
    first.release()
    await task
    (record,) = bench.ledger.records
    assert [attempt.number for attempt in record.attempts] == [1, 2, 3]


async def test_one_that_fails_says_why_in_our_words() -> None:
    bench = Bench({"anthropic": fake_provider(down("HTTP 500, secret"))}, make_rules(asking(sonnet)))
    completion = await bench.unary()
    assert completion.error is None
    assert signals(bench) == {"curious": {"failed": "ALL_PROVIDERS_DOWN"}}
    (question,) = questions(bench)
    assert (question.outcome, question.error_reason) == (AttemptOutcome.FAILED, "ALL_PROVIDERS_DOWN")
    assert (question.cost_nano_usd, question.cost_source) == (0, CostSource.NONE)


async def test_a_policy_that_does_not_catch_it_has_no_signal(caplog: pytest.LogCaptureFixture) -> None:
    async def careless(request: Request, prior: Assessed, services: Services) -> str:
        return told(await services.ask("sonnet", QUESTION))

    bench = Bench({"anthropic": fake_provider(down())}, make_rules(entry(Gathers(careless))))
    assert (await bench.unary()).error is None
    assert (signals(bench), len(questions(bench))) == ({}, 1)
    assert "no signal of policy mine: raised AskFailed" in caplog.text


async def test_one_that_hangs_costs_its_entrys_timeout_and_its_input() -> None:
    bench = Bench({"anthropic": FakeProvider(answering(Hold()))}, make_rules(asking(sonnet, timeout=0.5)))
    began = bench.clock.monotonic()
    completion = await bench.unary()
    assert completion.error is None
    assert bench.clock.monotonic() - began == 0.5
    assert signals(bench) == {}
    (question,) = questions(bench)
    assert (question.outcome, question.duration) == (AttemptOutcome.CANCELLED, 0.5)
    assert (question.cost_source, question.usage.estimated) == (CostSource.ESTIMATE, True)
    assert question.usage.input_tokens > 0
    assert completion.cost.estimated


async def test_it_takes_half_of_the_callers_time_at_most() -> None:
    bench = Bench({"anthropic": FakeProvider(answering(Hold()))}, make_rules(asking(sonnet, timeout=60)))
    completion = await bench.unary(bench.terms(4))
    assert completion.error is None
    assert signals(bench) == {"curious": {"failed": "DEADLINE_EXCEEDED"}}
    (question,) = questions(bench)
    assert (question.outcome, question.duration) == (AttemptOutcome.FAILED, 2)


async def test_without_time_nothing_is_asked() -> None:
    bench = Bench(rules=make_rules(asking(sonnet)))
    completion = await bench.unary(bench.terms(0.4))
    assert completion.error is None
    assert signals(bench) == {"curious": {"failed": "the deadline leaves 200 ms for it, 250 are needed"}}
    assert questions(bench) == []


async def test_the_deadline_passes_while_it_is_asked() -> None:
    async def stubborn(services: Services) -> str:
        await services.ask("sonnet", QUESTION)
        await Hold().pass_through()
        return "never"

    bench = Bench(rules=make_rules(asking(stubborn, timeout=60)))
    completion = await bench.unary(bench.terms(4))
    assert failure(completion).reason is Reason.DEADLINE_EXCEEDED
    assert [attempt.outcome for attempt in questions(bench)] == [AttemptOutcome.SERVED]
    assert completion.cost.overhead > 0


async def test_a_caller_that_goes_away_ends_it() -> None:
    hold = Hold()
    bench = Bench({"anthropic": FakeProvider(answering(hold))}, make_rules(asking(sonnet)))
    task = bench.start(RecordingSink())
    await hold.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await bench.engine.drain()
    (question,) = questions(bench)
    assert (question.outcome, question.usage.estimated) == (AttemptOutcome.CANCELLED, True)
    (record,) = bench.ledger.records
    assert (record.status, record.cost.overhead) == ("CALLER_CANCELLED", question.cost_nano_usd)


async def test_one_left_running_behind_its_policys_back_is_given_up_and_charged() -> None:
    hold = Hold()
    left: list[asyncio.Task[str]] = []

    async def leave(services: Services) -> str:
        left.append(asyncio.create_task(sonnet(services)))
        await hold.reached()
        return "gone"

    bench = Bench({"anthropic": FakeProvider(answering(hold))}, make_rules(asking(leave)))
    assert (await bench.unary()).error is None
    assert [attempt.outcome for attempt in questions(bench)] == [AttemptOutcome.CANCELLED]
    with pytest.raises(asyncio.CancelledError):
        await left[0]


async def test_afterwards_nobody_can_be_asked() -> None:
    kept: list[Services] = []

    async def keep(services: Services) -> None:
        kept.append(services)

    bench = Bench(rules=make_rules(asking(keep)))
    await bench.unary()
    with pytest.raises(AskFailed, match="only while signals are gathered"):
        await kept[0].ask("sonnet", QUESTION)
    assert questions(bench) == []


async def test_in_admission_and_settlement_nobody_can_be_asked() -> None:
    refused: list[str] = []

    class Asks:
        @hookimpl
        async def pointsman_admit_attempt(self, services: Services) -> None:
            await self._try(services)

        @hookimpl
        async def pointsman_settle_attempt(self, services: Services) -> None:
            await self._try(services)

        async def _try(self, services: Services) -> None:
            with pytest.raises(AskFailed) as failed:
                await services.ask("sonnet", QUESTION)
            refused.append(failed.value.why)

    bench = Bench(rules=make_rules(entry(Asks())))
    assert (await bench.unary()).error is None
    assert refused == ["models are asked only while signals are gathered or answers judged"] * 2


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("sonnnet", "it is not configured; did you mean 'sonnet'?"),
        ("opus", "it is not enabled"),
    ],
)
async def test_models_that_cannot_be_asked(model: str, why: str) -> None:
    async def ask(services: Services) -> str:
        return told(await services.ask(model, QUESTION))

    catalogue = make_catalogue()
    models = {**catalogue.models, "opus": changed(catalogue.models["opus"], enabled=False)}
    bench = Bench(rules=make_rules(asking(ask), catalogue=changed(catalogue, models=models)))
    assert (await bench.unary()).error is None
    assert signals(bench) == {"curious": {"failed": why}}
    assert questions(bench) == []


@pytest.mark.parametrize(
    ("hints", "why"),
    [
        (Hints(exclude_providers=("anthropic",)), "limits: the caller excludes provider anthropic"),
        (Hints(allowed_regions=("mars",)), "limits: runs in eu, us, the caller allows mars"),
        (Hints(max_cost_nano_usd=100), "it could cost 174000 nano-USD, the caller's limit leaves 100"),
    ],
)
async def test_what_the_caller_forbids_is_not_asked_either(hints: Hints, why: str) -> None:
    bench = Bench(rules=make_rules(make_entry(limits.plugin), asking(sonnet)))
    await bench.route(make_request(hints=hints))
    assert signals(bench) == {"curious": {"failed": why}}
    assert questions(bench) == []


async def test_a_veto_that_fails_keeps_the_prompt_here() -> None:
    bench = Bench(rules=make_rules(entry(Excludes(raising(ValueError())), "guard"), asking(sonnet)))
    assert failure(await bench.unary()).reason is Reason.INTERNAL
    assert signals(bench) == {"curious": {"failed": "policy guard could not say whether it may be used"}}
    assert questions(bench) == []


async def test_a_veto_that_is_skipped_is_skipped_for_questions_too() -> None:
    guard = entry(Excludes(raising(ValueError())), "guard", OnError.SKIP)
    bench = Bench(rules=make_rules(guard, asking(sonnet)))
    await bench.unary()
    assert len(questions(bench)) == 1


@pytest.mark.parametrize(
    ("kind", "cause", "asked"),
    [
        (PolicyKind.CAPABILITY, Cause.POLICY, True),
        (PolicyKind.CONTEXT_GUARD, Cause.POLICY, True),
        (PolicyKind.PLUGIN, Cause.CONTEXT, True),
        (PolicyKind.PLUGIN, Cause.COST, True),
        (PolicyKind.PLUGIN, Cause.POLICY, False),
        (PolicyKind.BUDGET, Cause.BUDGET, False),
        (PolicyKind.HEALTH, Cause.HEALTH, False),
    ],
)
async def test_what_only_the_request_needs_keeps_nobody_from_asking(
    kind: PolicyKind, cause: Cause, asked: bool
) -> None:
    policy = Excludes(always([Exclusion("sonnet", cause, "so there")]))
    guard = make_entry(register(lambda options, setup: policy, kind=kind), "guard")
    bench = Bench(rules=make_rules(guard, asking(sonnet)))
    await bench.unary()
    assert len(questions(bench)) == asked


async def test_a_limit_of_the_policys_own() -> None:
    async def ask(services: Services) -> str:
        return told(await services.ask("sonnet", QUESTION, max_cost_nano_usd=1000))

    bench = Bench(rules=make_rules(asking(ask)))
    await bench.unary()
    assert signals(bench) == {"curious": {"failed": "it could cost 174000 nano-USD, the question may cost 1000"}}


async def test_what_is_being_asked_counts_against_the_callers_limit() -> None:
    hold = Hold()
    rules = make_rules(make_entry(limits.plugin), asking(sonnet, "one"), asking(sonnet, "two"))
    bench = Bench({"anthropic": FakeProvider(answering(hold, "a"))}, rules)
    task = bench.start(None, make_request(hints=Hints(max_cost_nano_usd=300_000)))
    await hold.reached()
    hold.release()
    await task
    assert len(questions(bench)) == 1


async def test_a_targets_price_must_leave_room_for_what_was_asked() -> None:
    rules = make_rules(make_entry(limits.plugin), asking(sonnet))
    bench = Bench(rules=rules)
    # flash could cost 255,100 with the 100 tokens that are asked for; the question costs 210,000.
    request = make_request(hints=Hints(max_cost_nano_usd=400_000), params=Params(max_output_tokens=100))
    error = failure(await bench.unary(request=request))
    assert error.reason is Reason.MAX_COST_UNSATISFIABLE
    assert int(error.metadata["cheapest_nano_usd"]) > 400_000
    assert any("policies' questions have cost $0.00021" in why for _, why in error.violations)


async def test_a_bug_of_ours_still_leaves_the_row() -> None:
    bench = Bench({"anthropic": fake_provider(ZeroDivisionError())}, make_rules(asking(sonnet)))
    assert (await bench.unary()).error is None
    (question,) = questions(bench)
    assert (question.outcome, question.error_reason) == (AttemptOutcome.FAILED, "INTERNAL")


async def test_empty_answers_of_questions_ask_the_caller_for_nothing() -> None:
    empty = ProviderError(Reason.EMPTY_ANSWER, "x", status=200, retryable=False)
    bench = Bench({"google": fake_provider(empty)}, make_rules(asking(sonnet)))
    error = failure(await bench.unary())
    assert (error.reason, error.metadata["min_output_tokens"]) == (Reason.EMPTY_ANSWER, "4096")


async def test_in_compliance_mode_nothing_is_asked() -> None:
    bench = Bench(rules=make_rules(asking(sonnet), compliance=Compliance(everyone=True)))
    await bench.unary()
    assert bench.providers["anthropic"].calls == []
