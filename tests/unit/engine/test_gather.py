"""Signals are asked for all at once, each under its own deadline; whatever goes wrong, the chain goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf, nan
from typing import Any

import pytest
from tests.unit.engine.bench import nobody_asked
from tests.unit.engine.policies import Assesses, Gathers, always, entry, raising

from pointsman.chain.entry import Entry, OnError
from pointsman.engine.decide import decide
from pointsman.engine.exchange import Exchange
from pointsman.engine.gather import gather
from pointsman.engine.rules import Rules
from pointsman.engine.watch import Watchdog
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Assessed, Assessment, Refusal
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Mode, Request
from pointsman.model.snapshot import Snapshot
from pointsman.services import Services
from pointsman.stores.memory import MemoryStore
from pointsman.testing import Hold, make_request, make_rules, make_snapshot
from pointsman.testing.virtual_time import LoopClock

Ask = Callable[[Request, Assessed, Services], Awaitable[object]]


def asking(ask: Ask, id: str, timeout: float = 1.0) -> Entry:
    return replace(entry(Gathers(ask), id), timeout=timeout)


def saying(signal: object) -> Ask:
    async def ask(request: Request, prior: Assessed, services: Services) -> object:
        return signal

    return ask


async def gathered(rules: Rules, store: MemoryStore | None = None, snapshot: Snapshot | None = None) -> Snapshot:
    clock = LoopClock()
    watch = Watchdog().stopwatch()
    exchange = Exchange("Route", make_request(), rules, {}, 0.0, 0.0, inf, snapshot or make_snapshot(), watch)
    return await gather(exchange, store or MemoryStore(clock), clock, nobody_asked(exchange, clock))


async def test_state_is_read_into_the_snapshot() -> None:
    store = MemoryStore(LoopClock())
    store.record(served("mini", ttft=0.5), 100)
    snapshot = await gathered(make_rules(), store)
    assert snapshot.latencies["mini"].p50 == 0.5
    assert snapshot.token_ratios["mini"] > 1
    assert (snapshot.now, snapshot.signals) == (make_snapshot().now, {})


def served(target: str, ttft: float) -> Attempt:
    return Attempt(
        number=1,
        kind=AttemptKind.PRIMARY,
        target=target,
        provider="openai",
        upstream=target,
        outcome=AttemptOutcome.SERVED,
        started=0.0,
        duration=1.0,
        ttft=ttft,
        usage=Usage(200),
    )


async def test_all_at_once_and_recorded_in_chain_order() -> None:
    first, second = Hold(), Hold()

    async def ask_first(request: Request, prior: Assessed, services: Services) -> str:
        await second.reached()
        await first.pass_through()
        return "late"

    async def ask_second(request: Request, prior: Assessed, services: Services) -> str:
        await second.pass_through()
        first.release()
        return "early"

    task = asyncio.create_task(gathered(make_rules(asking(ask_first, "a"), asking(ask_second, "b"))))
    await first.reached()
    second.release()
    assert list((await task).signals.items()) == [("a", "late"), ("b", "early")]


async def test_each_has_its_own_deadline(caplog: pytest.LogCaptureFixture) -> None:
    async def hang(request: Request, prior: Assessed, services: Services) -> None:
        await Hold().pass_through()

    async def slow(request: Request, prior: Assessed, services: Services) -> float:
        await asyncio.sleep(2)
        return services.clock.monotonic()

    rules = make_rules(asking(hang, "hangs", timeout=1), asking(slow, "slow", timeout=3), asking(saying(7), "quick"))
    began = asyncio.get_running_loop().time()
    assert (await gathered(rules)).signals == {"slow": began + 2, "quick": 7}
    assert "no signal of policy hangs: took longer than 1 s" in caplog.text


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), BaseException("secret"), SystemExit(1), asyncio.CancelledError()]
)
async def test_whatever_one_raises_the_others_are_heard(
    error: BaseException, alone: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(request: Request, prior: Assessed, services: Services) -> None:
        raise error

    others = [] if alone else [asking(saying("fine"), "sound")]
    snapshot = await gathered(make_rules(asking(broken, "broken"), *others))
    assert snapshot.signals == ({} if alone else {"sound": "fine"})
    assert f"no signal of policy broken: raised {type(error).__name__}" in caplog.text
    assert "secret" not in caplog.text


def circular() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


@pytest.mark.parametrize(
    "signal", [object(), circular(), {1j: 2}, "\ud800", nan], ids=lambda signal: type(signal).__name__
)
async def test_what_cannot_be_recorded_is_no_signal(signal: object) -> None:
    assert (await gathered(make_rules(asking(saying(signal), "odd")))).signals == {}


async def test_a_signal_is_what_would_be_read_back_from_the_record() -> None:
    signal = {"label": "code", "scores": (0.5, 1)}
    snapshot = await gathered(make_rules(asking(saying(signal), "mine"), asking(saying(None), "silent")))
    assert snapshot.signals == {"mine": {"label": "code", "scores": [0.5, 1]}}


async def test_the_prior_says_what_needs_no_asking() -> None:
    priors: list[Assessed] = []

    async def ask(request: Request, prior: Assessed, services: Services) -> None:
        priors.append(prior)

    rules = make_rules(entry(Assesses(always(Assessment("code", Mode.ECO, 0.5, "word"))), "words"), asking(ask, "paid"))
    await gathered(rules)
    assert priors == [Assessed("code", Mode.ECO, 0.5, "word", "words")]


async def test_services_are_the_entrys_own() -> None:
    async def ask(request: Request, prior: Assessed, services: Services) -> str:
        before = await services.store.get("seen")
        await services.store.put("seen", services.entry.encode(), ttl=60)
        return f"{services.entry}: {before!r}"

    store = MemoryStore(LoopClock())
    rules = make_rules(asking(ask, "a"), asking(ask, "b"))
    assert (await gathered(rules, store)).signals == {"a": "a: None", "b": "b: None"}
    assert (await gathered(rules, store)).signals == {"a": "a: b'a'", "b": "b: b'b'"}


async def test_a_quarantined_entry_is_not_asked() -> None:
    rules = make_rules(asking(saying(1), "slow"), asking(saying(2), "other"))
    assert (await gathered(rules, snapshot=make_snapshot(quarantined=["slow"]))).signals == {"other": 2}


async def test_a_shadow_is_asked_as_well() -> None:
    rules = make_rules(replace(asking(saying(1), "shadow"), shadow=True))
    assert (await gathered(rules)).signals == {"shadow": 1}


async def test_an_assessment_that_stops_the_request_does_so_in_the_decision() -> None:
    rules = make_rules(entry(Assesses(raising(ValueError())), "broken", OnError.FAIL), asking(saying(1), "mine"))
    snapshot = await gathered(rules)
    assert snapshot.signals == {}
    outcome = decide(make_request(), snapshot, rules)
    assert isinstance(outcome, Refusal)
    assert outcome.violations == (("broken", "failed in assess_request"),)


async def test_a_cancelled_request_cancels_its_questions() -> None:
    hold, ended = Hold(), asyncio.Event()

    async def ask(request: Request, prior: Assessed, services: Services) -> None:
        try:
            await hold.pass_through()
        finally:
            ended.set()

    for others in ([], [asking(saying(1), "other")]):
        ended.clear()
        task = asyncio.create_task(gathered(make_rules(asking(ask, "mine"), *others)))
        await hold.reached()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()
