"""What processes share in one Redis: two stores, each as a process of its own has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import pytest
from msgspec.structs import replace
from tests.contract.stores.suite import DAY, MINI, OPUS, failed, served, stand
from tests.redis.ageing import AgeingClock
from tests.redis.server import RedisServer
from tests.redis.stores import UNHURRIED, opened, until

from pointsman.errors import Reason
from pointsman.model.account import Charge
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.snapshot import HealthState
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.stores.redis import RedisStore
from pointsman.testing.builders import make_model

pytestmark = pytest.mark.anyio
TRIALS = BreakerSettings().trials


@pytest.fixture
def clock(server: RedisServer) -> AgeingClock:
    return AgeingClock(server)


@pytest.fixture
async def ours(server: RedisServer, clock: AgeingClock) -> AsyncIterator[RedisStore]:
    async with opened(server, clock, timeout=UNHURRIED) as store:
        # Both processes have asked the model before; a process knows only those of its configuration.
        store.record(served(), 0)
        yield store


@pytest.fixture
async def theirs(server: RedisServer, clock: AgeingClock) -> AsyncIterator[RedisStore]:
    async with opened(server, clock, timeout=UNHURRIED) as store:
        store.record(served(), 0)
        yield store


async def broken(store: RedisStore) -> None:
    while not (await store.read()).health:
        store.record(replace(failed(), duration=0.0), 0)


async def test_a_rate_limit_is_heeded_by_all(ours: RedisStore, theirs: RedisStore, clock: AgeingClock) -> None:
    limit = failed(reason=Reason.PROVIDER_RATE_LIMITED, status=429)
    ours.record(replace(limit, retry_after=7.0), 0)
    health = (await theirs.read()).health["mini"]
    assert (health.state, health.told) == (HealthState.DOWN, True)
    assert health.until == pytest.approx(clock.now() + 7.0, abs=1.0)
    assert health.reason == (await ours.read()).health["mini"].reason
    assert await theirs.begin("mini") is None


async def test_what_one_finds_down_is_down_for_all_and_up_again(
    ours: RedisStore, theirs: RedisStore, clock: AgeingClock
) -> None:
    await broken(ours)
    until_then = (await theirs.read()).health["mini"].until
    assert until_then is not None
    clock.seconds = until_then + 1
    assert (await theirs.read()).health["mini"].state is HealthState.PROBING
    for _ in range(TRIALS):
        lease = await theirs.begin("mini")
        assert lease
        theirs.record(replace(served(), duration=0.0), 0, lease)
    assert (await theirs.read()).health == {}
    assert (await ours.read()).health == {}
    assert await ours.begin("mini") == 0


async def test_a_trial_that_fails_is_down_for_longer_for_all(
    ours: RedisStore, theirs: RedisStore, clock: AgeingClock
) -> None:
    await broken(ours)
    first = (await theirs.read()).health["mini"].until
    assert first is not None
    clock.seconds = first + 1
    lease = await theirs.begin("mini")
    theirs.record(replace(failed(), duration=0.0), 0, lease or 0)
    again = (await ours.read()).health["mini"].until
    assert again is not None
    assert again > first


async def test_all_together_try_a_few_at_once(ours: RedisStore, theirs: RedisStore, clock: AgeingClock) -> None:
    await broken(ours)
    health = (await theirs.read()).health["mini"]
    assert health.until
    clock.seconds = health.until + 1
    leases = [await store.begin("mini") for store in (ours, theirs) * TRIALS]
    assert len([lease for lease in leases if lease]) == TRIALS
    assert leases[0]
    ours.record(replace(served(), outcome=AttemptOutcome.CANCELLED, duration=0.0), 0, leases[0])
    # Ours is seen by whoever asks after it: one connection each, and so one after the other.
    await ours.read()
    assert await theirs.begin("mini")
    assert await ours.begin("mini") is None


async def test_a_probe_that_is_answered_is_known_to_all(ours: RedisStore, theirs: RedisStore) -> None:
    await broken(ours)
    assert (await theirs.read()).health["mini"].state is HealthState.DOWN
    ours.probed("openai")
    await ours.read()
    assert (await theirs.read()).health["mini"].state is HealthState.PROBING


async def test_health_is_known_to_who_comes_later(ours: RedisStore, server: RedisServer, clock: AgeingClock) -> None:
    await broken(ours)
    async with opened(server, clock, timeout=UNHURRIED) as late:
        late.record(served(), 0)
        assert (await late.read()).health["mini"].state is HealthState.DOWN


async def test_models_that_a_process_does_not_have_are_none_of_its_business(
    ours: RedisStore, server: RedisServer, clock: AgeingClock
) -> None:
    await broken(ours)
    health = HealthBook(clock, Random(), BreakerSettings(), [])  # noqa: S311 - jitter
    async with opened(server, clock, timeout=UNHURRIED, health=health) as other:
        assert (await other.read()).health == {}
        # A new configuration has it.
        health.configure(BreakerSettings(), [make_model("mini", provider="openai")])
        assert set((await other.read()).health) == {"mini"}


async def test_pins_values_and_counters(ours: RedisStore, theirs: RedisStore) -> None:
    await ours.put_pin("default/s1", MINI, 60)
    await ours.put("tags:a", b"1", 60)
    assert await ours.add("spent", 5, 60) == 5
    await theirs.put_pin("default/s1", OPUS, 60)
    assert (await theirs.read("default/s1")).pin == MINI
    assert await theirs.get("tags:a") == b"1"
    assert await theirs.add("spent", 7, 60) == 12
    assert await ours.total("spent", "other", "spent") == 24


async def test_reservations(ours: RedisStore, theirs: RedisStore) -> None:
    assert await ours.reserve("a/1", [Charge(DAY, 600, 1000)], 60) is None
    assert await theirs.reserve("b/1", [Charge(DAY, 600, 1000)], 60) is not None
    # Whoever settles it: a lease belongs to a request, not to a process.
    theirs.settle("a/1", [Charge(DAY, 300)])
    assert await stand(theirs, DAY) == [(300, 0)]
    assert await ours.reserve("a/2", [Charge(DAY, 600, 1000)], 60) is None


async def test_scripts_that_redis_forgot_are_told_again(ours: RedisStore, server: RedisServer) -> None:
    server.ask("SCRIPT", "FLUSH")
    ours.settle("a/1", [Charge(DAY, 5)])
    await until(lambda: ours.degraded)
    await until(lambda: not ours.degraded)
    assert await stand(ours, DAY) == [(5, 0)]
