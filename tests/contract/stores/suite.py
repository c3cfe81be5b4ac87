"""What every state store must keep. Subclass it with a fixture `store` that lives by the fixture `clock`."""

from __future__ import annotations

import asyncio
from asyncio import gather

import pytest
from msgspec.structs import replace
from tests.contract.stores.clocks import HeldClock

from pointsman.errors import Reason
from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.plan import AttemptKind
from pointsman.model.snapshot import HealthState, Latency, Pin
from pointsman.ports import StateStore

MINI, OPUS = Pin("mini", 1_700_000_000.0), Pin("opus", 1_700_000_060.0, turn=3)

DAY, MONTH = Account("day/1/tenant=acme", 3600.0), Account("month/1/tenant=acme", 86_400.0)


async def stand(store: StateStore, *accounts: Account) -> list[tuple[int, int]]:
    """What was spent and what is reserved of each."""
    return [(state.spent, state.reserved) for state in (await store.read(accounts=accounts)).accounts]


def served(ttft: float | None = 0.5, target: str = "mini", usage: Usage | None = None) -> Attempt:
    return Attempt(
        number=1,
        kind=AttemptKind.PRIMARY,
        target=target,
        provider="openai",
        upstream=target,
        outcome=AttemptOutcome.SERVED,
        started=1_700_000_000.0,
        duration=2.0,
        ttft=ttft,
        usage=usage or Usage(),
    )


def failed(target: str = "mini", reason: Reason = Reason.ALL_PROVIDERS_DOWN, status: int = 503) -> Attempt:
    attempt = served(None, target)
    return replace(
        attempt, outcome=AttemptOutcome.FAILED, duration=0.0, error_reason=reason.value, upstream_status=status
    )


async def down(store: StateStore, clock: HeldClock) -> float:
    """Fail until it is down; Unix seconds at which it is tried again."""
    while not (health := (await store.read()).health):
        store.record(failed(), 0)
    until = health["mini"].until
    assert health["mini"].state is HealthState.DOWN
    assert until is not None
    assert until > clock.now()
    return until


class StateStoreContract:
    @pytest.fixture
    def clock(self) -> HeldClock:
        return HeldClock()

    async def test_nothing_is_known_at_first(self, store: StateStore) -> None:
        state = await store.read()
        assert (dict(state.latencies), dict(state.token_ratios)) == ({}, {})

    async def test_latencies_by_model(self, store: StateStore) -> None:
        for hundredths in range(100, 0, -1):
            store.record(served(hundredths / 100), 0)
        store.record(served(7.0, target="opus"), 0)
        latencies = (await store.read()).latencies
        assert latencies == {"mini": Latency(0.5, 0.95, 100), "opus": Latency(7.0, 7.0, 1)}

    async def test_the_median_is_of_the_last_128_answers(self, store: StateStore) -> None:
        for ttft in [9.0] * 100 + [1.0] * 64 + [2.0] * 64:
            store.record(served(ttft), 0)
        latency = (await store.read()).latencies["mini"]
        assert (latency.p50, latency.samples) == (1.0, 128)

    async def test_the_tail_is_of_a_longer_past(self, store: StateStore, clock: HeldClock) -> None:
        for _ in range(20):
            for ttft in [0.5] * 94 + [4.0] * 6:
                store.record(served(ttft), 0)
            clock.seconds += 10
        assert (await store.read()).latencies["mini"].p95 == pytest.approx(4.0, rel=0.02)
        clock.seconds += 6000
        for _ in range(20):
            store.record(served(0.5), 0)
        for _ in range(300):
            store.record(served(0.25), 0)
        assert (await store.read()).latencies["mini"].p95 < 1

    async def test_a_slow_loser_of_a_race_counts_as_slow(self, store: StateStore) -> None:
        for _ in range(100):
            store.record(served(0.5), 0)
        lost = replace(served(None), outcome=AttemptOutcome.LOST)
        for _ in range(20):
            store.record(replace(lost, duration=3.0), 0)
        # One that was given up early says nothing.
        store.record(replace(lost, duration=0.1), 0)
        latency = (await store.read()).latencies["mini"]
        assert (latency.p95, latency.samples) == (3.0, 120)

    async def test_counters_add_up_and_are_forgotten(self, store: StateStore, clock: HeldClock) -> None:
        assert await store.total("spent") == 0
        assert [await store.add("spent", amount, 60) for amount in (5, 7, -2)] == [5, 12, 10]
        assert (await store.total("spent"), await store.total("other")) == (10, 0)
        assert await store.get("spent") is None
        clock.seconds += 59
        assert await store.add("spent", 0, 60) == 10
        clock.seconds += 61
        assert await store.total("spent") == 0
        assert await store.add("spent", 1, 60) == 1

    @pytest.mark.parametrize("outcome", [AttemptOutcome.FAILED, AttemptOutcome.CANCELLED])
    async def test_only_answers_have_latencies(self, store: StateStore, outcome: AttemptOutcome) -> None:
        store.record(replace(served(), outcome=outcome), 0)
        store.record(served(ttft=None), 0)
        assert (await store.read()).latencies == {}

    async def test_a_state_that_was_read_never_changes(self, store: StateStore) -> None:
        store.record(served(0.5, usage=Usage(100)), 100)
        before = await store.read()
        latencies, ratios = dict(before.latencies), dict(before.token_ratios)
        store.record(served(9.0, usage=Usage(400)), 100)
        store.record(served(9.0, target="opus"), 100)
        assert (before.latencies, before.token_ratios) == (latencies, ratios)

    async def test_token_ratios_follow_slowly(self, store: StateStore) -> None:
        store.record(served(usage=Usage(200)), 100)
        assert (await store.read()).token_ratios == {"mini": pytest.approx(1.05)}
        for _ in range(200):
            store.record(served(usage=Usage(200)), 100)
        assert (await store.read()).token_ratios == {"mini": pytest.approx(2.0, abs=0.01)}

    @pytest.mark.parametrize(("tokens", "bound"), [(1, 0.25), (100_000, 4.0)])
    async def test_token_ratios_stay_in_bounds(self, store: StateStore, tokens: int, bound: float) -> None:
        for _ in range(500):
            store.record(served(usage=Usage(tokens)), 100)
        assert (await store.read()).token_ratios["mini"] == pytest.approx(bound, abs=0.01)
        assert 0.25 <= (await store.read()).token_ratios["mini"] <= 4.0

    @pytest.mark.parametrize(
        ("usage", "estimated"), [(Usage(100, estimated=True), 100), (Usage(100), 19), (Usage(0), 100)]
    )
    async def test_what_says_nothing_of_a_ratio(self, store: StateStore, usage: Usage, estimated: int) -> None:
        store.record(served(usage=usage), estimated)
        assert (await store.read()).token_ratios == {}

    async def test_a_conversation_is_pinned_once(self, store: StateStore) -> None:
        assert (await store.read("default/s1")).pin is None
        await store.put_pin("default/s1", MINI, 60)
        await store.put_pin("default/s1", OPUS, 60)
        assert (await store.read("default/s1")).pin == MINI

    async def test_a_pin_is_one_conversations_own(self, store: StateStore) -> None:
        await store.put_pin("default/s1", MINI, 60)
        await store.put_pin("acme/s1", OPUS, 60)
        assert (await store.read("acme/s1")).pin == OPUS
        assert (await store.read("default/s2")).pin is None
        assert (await store.read()).pin is None

    async def test_a_pin_is_read_with_everything_else(self, store: StateStore) -> None:
        store.record(served(0.5), 0)
        await store.put_pin("default/s1", MINI, 60)
        state = await store.read("default/s1")
        assert (set(state.latencies), state.pin) == ({"mini"}, MINI)

    async def test_pins_expire(self, store: StateStore, clock: HeldClock) -> None:
        await store.put_pin("default/s1", MINI, 60)
        clock.seconds += 59.9
        assert (await store.read("default/s1")).pin == MINI
        clock.seconds += 0.1
        assert (await store.read("default/s1")).pin is None
        await store.put_pin("default/s1", OPUS, 60)
        assert (await store.read("default/s1")).pin == OPUS

    async def test_a_turn_of_the_pinned_model_prolongs_its_pin(self, store: StateStore, clock: HeldClock) -> None:
        await store.put_pin("default/s1", MINI, 60)
        clock.seconds += 50
        await store.put_pin("default/s1", replace(MINI, since=clock.seconds, turn=2), 60)
        clock.seconds += 50
        assert (await store.read("default/s1")).pin == MINI

    async def test_a_turn_of_another_model_prolongs_nothing(self, store: StateStore, clock: HeldClock) -> None:
        await store.put_pin("default/s1", MINI, 60)
        clock.seconds += 50
        await store.put_pin("default/s1", OPUS, 60)
        clock.seconds += 10
        assert (await store.read("default/s1")).pin is None

    async def test_a_broken_pin_gives_way(self, store: StateStore) -> None:
        await store.put_pin("default/s1", MINI, 60)
        await store.put_pin("default/s1", OPUS, 60, instead_of="sonnet")
        assert (await store.read("default/s1")).pin == MINI
        await store.put_pin("default/s1", OPUS, 60, instead_of="mini")
        assert (await store.read("default/s1")).pin == OPUS

    async def test_values(self, store: StateStore) -> None:
        assert await store.get("tags:a") is None
        await store.put("tags:a", b"1", ttl=60)
        await store.put("tags:b", b"2", ttl=60)
        await store.put("tags:a", b"3", ttl=60)
        assert (await store.get("tags:a"), await store.get("tags:b")) == (b"3", b"2")

    async def test_values_expire(self, store: StateStore, clock: HeldClock) -> None:
        await store.put("tags:a", b"1", ttl=60)
        clock.seconds += 59.9
        assert await store.get("tags:a") == b"1"
        clock.seconds += 0.1
        assert await store.get("tags:a") is None

    async def test_a_value_is_claimed_once(self, store: StateStore) -> None:
        claims = await gather(*(store.claim("tags:a", str(i).encode(), ttl=60) for i in range(5)))
        assert claims.count(None) == 1
        winner = str(claims.index(None)).encode()
        assert [there for there in claims if there is not None] == [winner] * 4
        assert await store.get("tags:a") == winner
        await store.put("tags:a", b"done", ttl=60)
        assert await store.claim("tags:a", b"x", ttl=60) == b"done"

    async def test_a_claim_ends_when_it_expires_or_is_forgotten(self, store: StateStore, clock: HeldClock) -> None:
        assert await store.claim("tags:a", b"1", ttl=60) is None
        clock.seconds += 60
        assert await store.claim("tags:a", b"2", ttl=60) is None
        await store.forget("tags:a")
        await store.forget("tags:b")
        assert await store.get("tags:a") is None
        assert await store.claim("tags:a", b"3", ttl=60) is None

    async def test_models_that_fail_are_down_and_others_are_not_named(
        self, store: StateStore, clock: HeldClock
    ) -> None:
        store.record(served(target="opus"), 0)
        await down(store, clock)
        assert set((await store.read("default/s1")).health) == {"mini"}
        assert (await store.begin("mini"), await store.begin("opus"), await store.begin("unheard-of")) == (None, 0, 0)

    async def test_a_health_that_was_read_never_changes(self, store: StateStore, clock: HeldClock) -> None:
        clock.seconds = await down(store, clock)
        before = (await store.read()).health
        seen = dict(before)
        for _ in range(10):
            store.record(failed(), 0)
        assert before == seen

    async def test_a_few_at_once_may_try_what_was_down(self, store: StateStore, clock: HeldClock) -> None:
        clock.seconds = await down(store, clock)
        assert (await store.read()).health["mini"].state is HealthState.PROBING
        leases = []
        while (lease := await store.begin("mini")) is not None:
            leases.append(lease)
            assert len(leases) < 100
        assert all(leases)
        assert (await store.read()).health["mini"].state is HealthState.DOWN
        store.give_back("mini", leases[0])
        assert (await store.read()).health["mini"].state is HealthState.PROBING
        assert await store.begin("mini")
        store.record(replace(served(), outcome=AttemptOutcome.CANCELLED, duration=0.0), 0, leases[1])
        assert await store.begin("mini")

    async def test_trials_that_nobody_hears_of_expire(self, store: StateStore, clock: HeldClock) -> None:
        clock.seconds = await down(store, clock)
        while await store.begin("mini") is not None:
            pass
        clock.seconds += 600
        assert await store.begin("mini")

    async def test_answers_to_trials_make_it_up_again(self, store: StateStore, clock: HeldClock) -> None:
        clock.seconds = await down(store, clock)
        for _ in range(20):
            lease = await store.begin("mini")
            assert lease is not None
            store.record(replace(served(), duration=0.0), 0, lease)
        assert (await store.read()).health == {}
        assert await store.begin("mini") == 0

    async def test_a_trial_that_fails_makes_it_down_for_longer(self, store: StateStore, clock: HeldClock) -> None:
        first = await down(store, clock) - clock.seconds
        clock.seconds += first
        lease = await store.begin("mini")
        assert lease
        store.record(failed(), 0, lease)
        again = (await store.read()).health["mini"].until
        assert again is not None
        assert again - clock.seconds > first

    async def test_a_rate_limit_is_the_providers_word(self, store: StateStore, clock: HeldClock) -> None:
        limit = failed(reason=Reason.PROVIDER_RATE_LIMITED, status=429)
        store.record(replace(limit, retry_after=7.0), 0)
        health = (await store.read()).health["mini"]
        assert (health.state, health.until, health.told) == (HealthState.DOWN, clock.now() + 7.0, True)
        store.probed("openai")
        assert await store.begin("mini") is None
        clock.seconds += 7.0
        assert await store.begin("mini")

    async def test_a_provider_that_answers_a_probe_is_tried_at_once(self, store: StateStore, clock: HeldClock) -> None:
        await down(store, clock)
        store.probed("google")
        assert await store.begin("mini") is None
        store.probed("openai")
        assert (await store.read()).health["mini"].state is HealthState.PROBING

    async def test_vitals(self, store: StateStore, clock: HeldClock) -> None:
        store.record(served(0.5, target="opus"), 0)
        await down(store, clock)
        mini, opus = await store.vitals()
        assert (mini.target, mini.provider, mini.health.state) == ("mini", "openai", HealthState.DOWN)
        assert (mini.error_ratio, mini.last_error, mini.since) == (1.0, "HTTP 503", clock.now())
        assert (opus.calls, opus.failures, opus.latency) == (1, 0, Latency(0.5, 0.5, 1))

    async def test_accounts_are_read_with_everything_else(self, store: StateStore) -> None:
        assert (await store.read("default/s1")).accounts == ()
        await store.put_pin("default/s1", MINI, 60)
        store.settle("a/1", [Charge(DAY, 5)])
        state = await store.read("default/s1", [MONTH, DAY])
        assert (state.pin, state.accounts) == (MINI, (AccountState(), AccountState(5)))

    async def test_what_is_reserved_is_settled_on_what_it_was(self, store: StateStore) -> None:
        assert await store.reserve("a/1", [Charge(DAY, 100, 1000), Charge(MONTH, 100, 5000)], 60) is None
        assert await stand(store, DAY, MONTH) == [(0, 100), (0, 100)]
        store.settle("a/1", [Charge(DAY, 30), Charge(MONTH, 40)])
        assert await stand(store, DAY, MONTH) == [(30, 0), (40, 0)]

    async def test_all_is_reserved_or_nothing(self, store: StateStore) -> None:
        store.settle("a/1", [Charge(MONTH, 950)])
        await store.reserve("a/2", [Charge(MONTH, 20, 1000)], 60)
        charge = Charge(MONTH, 31, 1000)
        refused = await store.reserve("a/3", [Charge(DAY, 31, 1000), charge], 60)
        assert refused == Overdrawn(charge, AccountState(950, 20))
        assert await stand(store, DAY, MONTH) == [(0, 0), (950, 20)]
        assert await store.reserve("a/3", [Charge(DAY, 30, 1000), Charge(MONTH, 30, 1000)], 60) is None

    async def test_of_two_that_do_not_fit_the_first_is_named(self, store: StateStore) -> None:
        charges = [Charge(DAY, 11, 10), Charge(MONTH, 11, 10)]
        assert await store.reserve("a/1", charges, 60) == Overdrawn(charges[0], AccountState())

    async def test_without_a_limit_there_is_always_room(self, store: StateStore) -> None:
        for number in range(3):
            assert await store.reserve(f"a/{number}", [Charge(DAY, 10**15)], 60) is None
        assert await stand(store, DAY) == [(0, 3 * 10**15)]

    async def test_no_two_take_the_same_room(self, store: StateStore) -> None:
        charges = [Charge(DAY, 100, 1000), Charge(MONTH, 100, 700)]
        answers = await asyncio.gather(*[store.reserve(f"a/{number}", charges, 60) for number in range(100)])
        assert answers.count(None) == 7
        assert await stand(store, DAY, MONTH) == [(0, 700), (0, 700)]

    async def test_a_lease_that_nobody_settles_expires(self, store: StateStore, clock: HeldClock) -> None:
        await store.reserve("a/1", [Charge(DAY, 700, 1000)], 60)
        await store.reserve("a/2", [Charge(DAY, 200, 1000)], 120)
        clock.seconds += 59
        assert await stand(store, DAY) == [(0, 900)]
        clock.seconds += 2
        assert await stand(store, DAY) == [(0, 200)]
        assert await store.reserve("a/3", [Charge(DAY, 800, 1000)], 60) is None

    async def test_what_was_spent_counts_after_its_lease_expired(self, store: StateStore, clock: HeldClock) -> None:
        await store.reserve("a/1", [Charge(DAY, 700, 1000)], 60)
        clock.seconds += 61
        store.settle("a/1", [Charge(DAY, 500)])
        store.settle("a/1", [Charge(DAY, 500)])
        assert await stand(store, DAY) == [(500, 0)]

    async def test_a_lease_is_settled_once(self, store: StateStore) -> None:
        await store.reserve("a/1", [Charge(DAY, 100, 1000)], 60)
        await store.reserve("a/2", [Charge(DAY, 100, 1000)], 60)
        for _ in range(3):
            store.settle("a/1", [Charge(DAY, 30)])
        assert await stand(store, DAY) == [(30, 100)]

    async def test_a_lease_is_reserved_once_and_not_after_it_was_settled(self, store: StateStore) -> None:
        for _ in range(3):
            assert await store.reserve("a/1", [Charge(DAY, 600, 1000)], 60) is None
        assert await stand(store, DAY) == [(0, 600)]
        # Cancelled on its way there, it may arrive last.
        store.settle("a/2", ())
        assert await store.reserve("a/2", [Charge(DAY, 100, 1000)], 60) is None
        assert await stand(store, DAY) == [(0, 600)]

    async def test_more_than_was_reserved_is_spent_all_the_same(self, store: StateStore) -> None:
        await store.reserve("a/1", [Charge(DAY, 100, 100)], 60)
        store.settle("a/1", [Charge(DAY, 130)])
        assert await stand(store, DAY) == [(130, 0)]
        assert await store.reserve("a/2", [Charge(DAY, 1, 100)], 60) is not None

    async def test_a_lease_may_settle_in_other_accounts(self, store: StateStore) -> None:
        await store.reserve("a/1", [Charge(DAY, 100, 1000)], 60)
        store.settle("a/1", [Charge(MONTH, 30)])
        assert await stand(store, DAY, MONTH) == [(0, 0), (30, 0)]

    async def test_accounts_are_kept_for_their_time(self, store: StateStore, clock: HeldClock) -> None:
        store.settle("a/1", [Charge(DAY, 5), Charge(MONTH, 5)])
        clock.seconds += DAY.keep - 1
        store.settle("a/2", [Charge(DAY, 5)])
        clock.seconds += DAY.keep - 1
        assert await stand(store, DAY, MONTH) == [(10, 0), (5, 0)]
        clock.seconds += 2
        assert await stand(store, DAY, MONTH) == [(0, 0), (5, 0)]
        store.settle("a/3", [Charge(DAY, 1)])
        assert await stand(store, DAY) == [(1, 0)]

    async def test_what_the_ledger_knows_is_preset(self, store: StateStore) -> None:
        store.settle("a/1", [Charge(MONTH, 7)])
        await store.preset([Charge(DAY, 400), Charge(MONTH, 400)])
        assert await stand(store, DAY, MONTH) == [(400, 0), (400, 0)]
        # What is known better stays.
        store.settle("a/0", [Charge(MONTH, 7)])
        await store.preset([Charge(DAY, 300), Charge(MONTH, 405)])
        assert await stand(store, DAY, MONTH) == [(400, 0), (407, 0)]
        assert await store.reserve("a/2", [Charge(DAY, 601, 1000)], 60) is not None
