"""The watchdog names a policy that holds the event loop, and takes it out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from math import inf

import pytest
from tests.unit.engine.bench import nobody_asked
from tests.unit.engine.policies import Assesses, Excludes, Gathers, always, entry

from pointsman.engine.decide import decide, decide_with_shadows
from pointsman.engine.exchange import Exchange
from pointsman.engine.gather import gather
from pointsman.engine.watch import Watchdog
from pointsman.model.decision import Assessed, Decision, Refusal, VerdictOutcome
from pointsman.model.request import Request
from pointsman.services import Services
from pointsman.stores.clock import SystemClock
from pointsman.stores.memory import MemoryStore
from pointsman.testing import make_request, make_rules, make_snapshot


@pytest.fixture
def dog() -> Iterator[Watchdog]:
    watchdog = Watchdog(overrun=0.01)
    watchdog.start()
    yield watchdog
    watchdog.stop()


def until_caught(dog: Watchdog) -> None:
    """Block, as a policy does that sleeps, for as long as the watchdog looks away."""
    pause = threading.Event()
    while not dog.quarantined:
        pause.wait(0.001)


def test_a_policy_that_blocks_is_quarantined_by_name(dog: Watchdog, caplog: pytest.LogCaptureFixture) -> None:
    rules = make_rules(entry(Assesses(lambda: until_caught(dog)), "slow"), entry(Assesses(always(None)), "quick"))
    decide(make_request(), make_snapshot(), rules, dog.stopwatch())
    assert dog.quarantined == {"slow"}
    assert "policy slow has held the event loop" in caplog.text


def test_a_shadow_that_blocks_is_caught_as_well(dog: Watchdog) -> None:
    rules = make_rules(entry(Assesses(lambda: until_caught(dog)), "slow", shadow=True))
    decide_with_shadows(make_request(), make_snapshot(), rules, dog.stopwatch())
    assert dog.quarantined == {"slow"}


async def test_a_coroutine_that_blocks_where_it_should_await_is_caught_as_well(dog: Watchdog) -> None:
    async def ask(request: Request, prior: Assessed, services: Services) -> str:
        await asyncio.sleep(0)
        until_caught(dog)
        await asyncio.sleep(0)
        return "late"

    rules = make_rules(entry(Gathers(ask), "slow"))
    exchange = Exchange("Route", make_request(), rules, {}, 0.0, 0.0, inf, make_snapshot(), dog.stopwatch())
    clock = SystemClock()
    snapshot = await gather(exchange, MemoryStore(clock), clock, nobody_asked(exchange, clock))
    assert snapshot.signals == {"slow": "late"}
    assert dog.quarantined == {"slow"}


def test_afterwards_it_is_passed_over(dog: Watchdog) -> None:
    calls: list[int] = []
    rules = make_rules(entry(Assesses(lambda: calls.append(1)), "slow"))
    outcome = decide(make_request(), make_snapshot(quarantined=["slow"]), rules)
    assert isinstance(outcome, Decision)
    assert calls == []
    assert [(v.policy, v.outcome) for v in outcome.trace] == [("slow", VerdictOutcome.ERROR)]


def test_a_veto_that_was_taken_out_refuses(dog: Watchdog) -> None:
    rules = make_rules(entry(Excludes(always([])), "slow"))
    assert isinstance(decide(make_request(), make_snapshot(quarantined=["slow"]), rules), Refusal)


def test_after_a_while_it_is_let_back_in() -> None:
    dog = Watchdog(overrun=0.01, cooling=0.05)
    dog.start()
    rules = make_rules(entry(Assesses(lambda: until_caught(dog)), "slow"))
    decide(make_request(), make_snapshot(), rules, dog.stopwatch())
    pause = threading.Event()
    while dog.quarantined:
        pause.wait(0.001)
    dog.stop()


def test_time_is_kept_per_entry_over_all_its_hooks() -> None:
    stopwatch = Watchdog().stopwatch()
    rules = make_rules(entry(Assesses(always(None)), "a"), entry(Excludes(always([])), "b"))
    decide(make_request(), make_snapshot(), rules, stopwatch)
    assert set(stopwatch.micros) == {"a", "b"}
    assert all(micros >= 0 for micros in stopwatch.micros.values())


def test_a_watchdog_that_never_started_can_be_stopped() -> None:
    Watchdog().stop()
