"""What an exchange reserves of its budgets before each attempt, and is charged after it, whatever becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench, down, failure, rows
from tests.unit.engine.budgets import budget, cap, requests, tokens
from tests.unit.engine.planners import ESCALATION, Planning, alone, hedged, rejecting
from tests.unit.engine.test_assist import asking, sonnet

from pointsman.engine.bill import SLACK
from pointsman.engine.restore import restore
from pointsman.engine.rules import Rules
from pointsman.errors import Reason
from pointsman.gatespec import Gate
from pointsman.hookspecs import hookimpl
from pointsman.model.account import Charge
from pointsman.model.answer import Ending, FinishReason, Usage
from pointsman.model.balance import BudgetAction, BudgetStep
from pointsman.model.budget import Budget, Period
from pointsman.model.catalogue import Catalogue
from pointsman.model.events import AttemptSkipped
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Facts, Hints, Params, Request
from pointsman.stores.memory import MemoryStore
from pointsman.testing import FakeProvider, Hold, RecordingSink, answering, make_catalogue, make_request, make_rules
from pointsman_policies import budgets, routing, tags

# Ten tokens in and at most a thousand out, on flash: 0.3 and 2.5 USD per million; on sonnet 3 and 15.
ASKED = replace(make_request(params=Params(max_output_tokens=1000)), facts=Facts(input_tokens=10, turns=1))
WORST, ACTUAL = 2_503_000, 31_000
WORST_SONNET, ACTUAL_SONNET = 15_030_000, 210_000
ENDING = Ending(reason=FinishReason.STOP, usage=Usage(20, 10))


def held() -> tuple[Hold, FakeProvider]:
    hold = Hold()
    return hold, FakeProvider(answering(hold, "Paris.", ending=ENDING))


def bench(
    *given: Budget,
    chain: Sequence[object] = (),
    gates: dict[str, Gate] | None = None,
    catalogue: Catalogue | None = None,
    **providers: FakeProvider,
) -> Bench:
    rules = make_rules(budgets.plugin, *chain, budgets=given, gates=gates, catalogue=catalogue)
    return Bench(providers, rules)


async def standing(bench: Bench, request: Request = ASKED) -> dict[str, tuple[int, int]]:
    """Spent and reserved, of every account that the request may count towards."""
    return await standing_in(bench.store, bench.engine.rules, request, bench.clock.now())


async def standing_in(store: MemoryStore, rules: Rules, request: Request, now: float) -> dict[str, tuple[int, int]]:
    bookings = rules.budgets.bookings(request, now)
    states = (await store.read(accounts=[booking.account for booking in bookings])).accounts
    return {b.scope: (s.spent, s.reserved) for b, s in zip(bookings, states, strict=True)}


def only(*names: str) -> Catalogue:
    catalogue = make_catalogue()
    models = {name: replace(model, enabled=name in names) for name, model in catalogue.models.items()}
    return replace(catalogue, models=models)


async def test_the_worst_case_is_held_while_it_runs_and_the_cost_is_charged() -> None:
    hold, google = held()
    engine = bench(budget(10**9, cap(10**10, period=Period.MONTH), requests(9), tokens(5000)), google=google)
    call = engine.start(None, ASKED)
    await hold.reached()
    assert await standing(engine) == {
        "all/day": (0, WORST),
        "all/month": (0, WORST),
        "all/requests": (0, 1),
        "all/tokens": (0, 1010),
    }
    hold.release()
    completion = await call
    assert completion.cost.total == ACTUAL
    assert await standing(engine) == {
        "all/day": (ACTUAL, 0),
        "all/month": (ACTUAL, 0),
        "all/requests": (1, 0),
        "all/tokens": (30, 0),
    }


async def test_the_worst_case_is_all_of_the_input_written_to_a_cache() -> None:
    catalogue = only("flash")
    flash = catalogue.models["flash"]
    dear = replace(flash, price=replace(flash.price, cache_write=10**9))
    hold, google = held()
    engine = bench(budget(10**9), catalogue=replace(catalogue, models={"flash": dear}), google=google)
    call = engine.start(None, ASKED)
    await hold.reached()
    # Ten tokens at 1.0 instead of 0.3 USD per million.
    assert await standing(engine) == {"all/day": (0, WORST + 7000)}
    hold.release()
    await call


async def test_a_hundred_at_once_get_no_more_than_there_is() -> None:
    hold, google = held()
    engine = bench(budget(10 * WORST), catalogue=only("flash"), google=google)
    calls = [engine.start(None, ASKED) for _ in range(100)]
    await asyncio.sleep(1)
    refused = {call for call in calls if call.done()}
    assert len(refused) == 90
    assert {failure(call.result()).reason for call in refused} == {Reason.BUDGET_EXHAUSTED}
    assert await standing(engine) == {"all/day": (0, 10 * WORST)}
    hold.release()
    await asyncio.gather(*calls)
    assert await standing(engine) == {"all/day": (10 * ACTUAL, 0)}


async def test_a_refusal_says_which_what_is_left_and_until_when() -> None:
    engine = bench(budget(10**9), budget(WORST - 1, name="acme"), catalogue=only("flash"))
    error = failure(await engine.unary(request=ASKED))
    assert (error.reason, error.retry_delay) == (Reason.BUDGET_EXHAUSTED, None)
    assert error.metadata["budget"] == "acme/day"
    assert error.metadata["remaining_nano_usd"] == str(WORST - 1)
    (booking, _) = engine.engine.rules.budgets.bookings(ASKED, engine.clock.now())
    resets = datetime.fromtimestamp(booking.window.end, UTC).isoformat().replace("+00:00", "Z")
    assert error.metadata["resets_at"] == resets
    assert error.violations[0][0] == "budgets"


class Others:
    """Take room between a decision and its reservation."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self.bench: Bench | None = None

    @hookimpl
    async def pointsman_admit_attempt(self) -> None:
        assert self.bench
        (booking,) = self.bench.engine.rules.budgets.bookings(ASKED, self.bench.clock.now())
        self.bench.store.settle("others/1", [Charge(booking.account, self._amount)])


async def test_what_others_took_meanwhile_is_known_to_the_next_decision() -> None:
    others = Others(10**9 - 1000)
    engine = others.bench = bench(budget(10**9), chain=[others])
    error = failure(await engine.unary(request=ASKED))
    assert (error.reason, error.metadata["remaining_nano_usd"]) == (Reason.BUDGET_EXHAUSTED, "1000")
    (record,) = engine.ledger.records
    # Those that do not fit either are not tried one by one.
    assert [denial.target for denial in record.snapshot.denials] == ["flash"]
    assert record.snapshot.balances[0].left == 1000
    assert not record.attempts


async def test_a_cheaper_one_is_tried_where_only_that_still_fits() -> None:
    others = Others(10**9 - WORST)
    engine = others.bench = bench(budget(10**9), chain=[tags.plugin, others, routing.plugin])
    completion = await engine.unary(request=replace(ASKED, hints=Hints(task="code")))
    assert rows(completion) == [("flash", "served")]
    (record,) = engine.ledger.records
    assert [denial.target for denial in record.snapshot.denials] == ["medium"]


async def test_a_limit_of_requests_says_when_to_come_back() -> None:
    engine = bench(budget(requests(2), name="acme"))
    for _ in range(2):
        assert (await engine.unary(request=ASKED)).served
    error = failure(await engine.unary(request=ASKED))
    assert error.reason is Reason.RATE_LIMITED
    assert error.metadata["budget"] == "acme/requests"
    assert error.retry_delay is not None
    assert 1 <= error.retry_delay <= 60
    assert await standing(engine) == {"acme/requests": (2, 0)}


async def test_of_two_that_raced_for_the_last_request_one_is_told_so() -> None:
    hold, google = held()
    engine = bench(budget(requests(1)), google=google)
    calls = [engine.start(None, ASKED) for _ in range(2)]
    await hold.reached()
    (refused,), _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    assert failure(refused.result()).reason is Reason.RATE_LIMITED
    hold.release()
    await asyncio.gather(*calls)
    assert await standing(engine) == {"all/requests": (1, 0)}


async def test_a_request_counts_once_whatever_attempts_it_takes() -> None:
    engine = bench(budget(requests(1), tokens(10**6)), google=FakeProvider(answering(down())))
    completion = await engine.unary(request=ASKED)
    assert rows(completion) == [("flash", "failed"), ("mini", "served")]
    # What was refused before it worked for us used no tokens.
    assert await standing(engine) == {"all/requests": (1, 0), "all/tokens": (30, 0)}


async def test_a_limit_of_tokens_counts_the_most_that_an_answer_may_take() -> None:
    engine = bench(budget(tokens(1000)))
    error = failure(await engine.unary(request=ASKED))
    assert (error.reason, error.metadata["remaining"]) == (Reason.RATE_LIMITED, "1000")
    small = replace(ASKED, params=Params(max_output_tokens=990))
    assert (await engine.unary(request=small)).served


async def test_what_waiting_a_minute_would_not_help_is_no_matter_of_a_minute() -> None:
    engine = bench(budget(requests(1)), budget(ACTUAL, name="money"))
    await engine.store.preset(
        [Charge(b.account, 10**6) for b in engine.engine.rules.budgets.bookings(ASKED, now(engine))]
    )
    assert failure(await engine.unary(request=ASKED)).reason is Reason.BUDGET_EXHAUSTED


def now(engine: Bench) -> float:
    return engine.clock.now()


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_caller_who_leaves_pays_for_what_was_asked_and_nothing_stays_reserved(streaming: bool) -> None:
    hold, google = held()
    engine = bench(budget(10**9), google=google)
    call = engine.start(RecordingSink() if streaming else None, ASKED)
    await hold.reached()
    call.cancel()
    await asyncio.wait([call])
    await engine.engine.drain()
    (record,) = engine.ledger.records
    assert await standing(engine) == {"all/day": (record.cost.total, 0)}


async def test_cancelled_while_policies_are_asked_nothing_was_reserved() -> None:
    hold = Hold()

    class Slow:
        @hookimpl
        async def pointsman_admit_attempt(self) -> None:
            await hold.pass_through()

    engine = bench(budget(10**9, requests(1)), chain=[Slow()])
    call = engine.start(None, ASKED)
    await hold.reached()
    call.cancel()
    await asyncio.wait([call])
    assert await standing(engine) == {"all/day": (0, 0), "all/requests": (0, 0)}


async def test_a_hedge_without_room_for_both_is_not_made() -> None:
    hold, google = held()
    engine = bench(budget(WORST + WORST_SONNET - 1), chain=[Planning(hedged("flash", "sonnet", 0.5))], google=google)
    call = engine.start(None, ASKED)
    await asyncio.sleep(1)
    hold.release()
    completion = await call
    assert rows(completion) == [("flash", "served")]
    (skipped,) = [event for event in engine.events if isinstance(event, AttemptSkipped)]
    assert "budget all/day has" in skipped.reason
    assert await standing(engine) == {"all/day": (ACTUAL, 0)}


async def test_a_race_is_charged_for_both() -> None:
    _, google = held()
    engine = bench(
        budget(WORST + WORST_SONNET),
        chain=[Planning(hedged("flash", "sonnet"))],
        google=google,
        anthropic=FakeProvider(answering("Paris.", ending=ENDING)),
    )
    completion = await engine.unary(request=ASKED)
    assert rows(completion) == [("flash", "lost"), ("sonnet", "served")]
    assert await standing(engine) == {"all/day": (completion.cost.total, 0)}
    assert completion.cost.overhead > 0


async def test_an_escalation_without_room_leaves_the_best_answer_so_far() -> None:
    engine = bench(
        budget(WORST_SONNET),
        chain=[Planning(alone("flash", gates=["good"]), alone("sonnet", ESCALATION), best_effort=True)],
        gates={"good": rejecting()},
        google=FakeProvider(answering("cheap", ending=ENDING)),
    )
    completion = await engine.unary(request=ASKED)
    assert rows(completion) == [("flash", "served")]
    assert await standing(engine) == {"all/day": (ACTUAL, 0)}


async def test_what_policies_ask_is_charged_too() -> None:
    engine = bench(budget(10**9, requests(5)), chain=[asking(sonnet)])
    completion = await engine.unary(request=ASKED)
    assert [attempt.kind for attempt in completion.attempts] == [AttemptKind.ASSIST, AttemptKind.PRIMARY]
    assert await standing(engine) == {"all/day": (completion.cost.total, 0), "all/requests": (1, 0)}


async def test_what_a_policy_asks_needs_room_too() -> None:
    # The question is ten tokens or so, and as many for its answer: on sonnet, a tenth of a cent.
    engine = bench(budget(100_000, name="s", model="sonnet"), chain=[asking(sonnet)])
    completion = await engine.unary(request=ASKED)
    (record,) = engine.ledger.records
    assert [attempt.kind for attempt in completion.attempts] == [AttemptKind.PRIMARY]
    assert "budget s/day has" in record.snapshot.signals["curious"]["failed"]
    assert await standing(engine) == {"s/day": (0, 0)}


async def test_a_task_is_charged_for_what_was_asked_before_it_was_known() -> None:
    engine = bench(budget(10**9, requests(5), name="t", task="*"), chain=[asking(sonnet)])
    completion = await engine.unary(request=ASKED)
    spent = {scope: stand for scope, stand in (await standing(engine)).items() if stand != (0, 0)}
    assert spent == {"t[simple]/day": (completion.cost.total, 0), "t[simple]/requests": (1, 0)}


async def test_only_its_own_model_counts_towards_a_models_budget() -> None:
    engine = bench(budget(10**9, requests(5), name="m", model="*"), google=FakeProvider(answering(down())))
    completion = await engine.unary(request=ASKED)
    spent = {scope: stand for scope, stand in (await standing(engine)).items() if stand != (0, 0)}
    assert spent == {
        "m[flash]/requests": (1, 0),
        "m[mini]/day": (completion.cost.total, 0),
        "m[mini]/requests": (1, 0),
    }


async def test_a_lease_outlives_the_deadline_of_its_request() -> None:
    _, google = held()
    engine = bench(budget(10**9), google=google)
    call = engine.start(None, ASKED)
    await asyncio.sleep(0.1)
    assert await standing(engine) == {"all/day": (0, WORST)}
    seconds = call_deadline(engine)
    assert seconds == pytest.approx(60 + SLACK, abs=1)
    call.cancel()
    await asyncio.wait([call])


def call_deadline(engine: Bench) -> float:
    (expires, _), *_ = engine.store._accounts._leases.values()
    return expires - engine.clock.monotonic()


async def test_callers_of_streams_are_warned() -> None:
    steps = (BudgetStep(0.5, BudgetAction.NOTICE), BudgetStep(1.0, BudgetAction.REFUSE))
    engine, sink = bench(budget(10**9, steps=steps)), RecordingSink()
    (booking,) = engine.engine.rules.budgets.bookings(ASKED, now(engine))
    await engine.store.preset([Charge(booking.account, 6 * 10**8)])
    await engine.stream(sink, request=ASKED)
    assert sink.events[:2] == ["decided", "warned"]
    assert sink.warnings == ["budget all/day is 60% used"]


@pytest.mark.parametrize(
    ("given", "reason"), [(budget(1000), Reason.BUDGET_EXHAUSTED), (budget(tokens(30)), Reason.RATE_LIMITED)]
)
async def test_they_hold_also_where_no_policy_heeds_them(given: Budget, reason: Reason) -> None:
    engine = Bench(rules=make_rules(budgets=[given]))
    error = failure(await engine.unary(request=ASKED))
    assert (error.reason, error.metadata["budget"]) == (reason, "all/" + given.caps[0].label)
    assert engine.ledger.records[0].attempts == ()


async def test_without_budgets_nothing_is_counted() -> None:
    engine = bench()
    await engine.unary(request=ASKED)
    assert not engine.store._accounts._entries


async def test_after_a_restart_budgets_are_what_the_ledger_says() -> None:
    given = [
        budget(10**9, cap(10**10, period=Period.MONTH), requests(10**6), tokens(10**6)),
        budget(10**9, name="t", task="*"),
        budget(10**9, requests(10**6), name="m", model="*"),
        budget(10**9, name="u", user="*"),
        budget(10**9, name="acme", tenant="acme"),
    ]
    engine = bench(
        *given, chain=[asking(sonnet)], google=FakeProvider(answering(down()), answering("x", ending=ENDING))
    )
    users = [replace(ASKED, hints=Hints(labels={"user": f"u-{number}"})) for number in range(3)]
    asked = [*users, ASKED, replace(ASKED, tenant="acme")]
    for request in asked:
        await engine.unary(request=request)
    fresh = MemoryStore(engine.clock)
    await restore(engine.engine.rules.budgets, engine.ledger, fresh, now(engine))
    for request in asked:
        again = await standing_in(fresh, engine.engine.rules, request, now(engine))
        assert again == await standing(engine, request)
        assert any(spent for spent, _ in again.values())
