"""The breaker's phases, one by one, and what holds whatever happens to it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pointsman.model.snapshot import Health, HealthState
from pointsman.stores.breaker import JITTER, LEASE, LONGEST_TOLD, Breaker, BreakerSettings, Phase
from pointsman.stores.evidence import Evidence, Sign

SETTINGS = BreakerSettings()
ANSWERED, NOTHING = Evidence(Sign.ANSWERED), Evidence(Sign.NOTHING)
FAILED = Evidence(Sign.FAILED, "HTTP 503")
REFUSED = Evidence(Sign.KEY_REFUSED, "HTTP 401", provider_wide=True)


def limited(seconds: float | None) -> Evidence:
    return Evidence(Sign.LIMITED, "HTTP 429", seconds)


class Bench:
    """A breaker and the time it lives in."""

    def __init__(self, settings: BreakerSettings = SETTINGS, seed: int = 1) -> None:
        self.now = 1000.0
        self.breaker = Breaker(settings, Random(seed))  # noqa: S311

    def calls(self, *evidence: Evidence, took: float = 0.0) -> None:
        for one in evidence:
            self.breaker.learn(one, self.now - took, self.now)

    def opened(self) -> float:
        """Open it; seconds until it is tried again."""
        self.calls(*[FAILED] * SETTINGS.consecutive_failures)
        assert self.breaker.phase is Phase.OPEN
        return self.breaker.until - self.now

    def wait(self) -> None:
        """Until it may be tried again."""
        self.now = max(self.now, self.breaker.until)
        self.breaker.settle(self.now)
        assert self.breaker.phase is Phase.HALF_OPEN

    def health(self) -> Health | None:
        return self.breaker.health(self.now, 0.0)

    def state(self) -> HealthState:
        health = self.health()
        return health.state if health else HealthState.UP


def test_failures_in_a_row_open_it() -> None:
    bench = Bench()
    bench.calls(*[FAILED] * 4)
    assert bench.state() is HealthState.UP
    bench.calls(FAILED)
    health = bench.health()
    assert health is not None
    assert (health.state, health.told, health.until) == (HealthState.DOWN, False, bench.breaker.until)
    assert health.reason == "5 failures in a row, the last: HTTP 503"


def test_an_answer_breaks_the_row() -> None:
    bench = Bench()
    for _ in range(2):
        bench.calls(*[FAILED] * 4, *[ANSWERED] * 9)
    assert bench.state() is HealthState.DEGRADED


def test_their_share_opens_it_once_there_are_enough() -> None:
    bench = Bench()
    bench.calls(*[FAILED, ANSWERED] * 4, FAILED)
    assert bench.state() is HealthState.UP
    bench.calls(FAILED)
    assert bench.state() is HealthState.DOWN
    assert bench.breaker.reason == "6 of 10 calls failed within 30 s, the last: HTTP 503"


def test_a_lower_share_degrades_it_for_as_long_as_it_is_remembered() -> None:
    bench = Bench()
    bench.calls(FAILED, FAILED, *[ANSWERED] * 8)
    health = bench.health()
    assert health is not None
    assert (health.state, health.reason) == (
        HealthState.DEGRADED,
        "2 of 10 calls failed within 30 s, the last: HTTP 503",
    )
    bench.now = bench.breaker.next_change()
    assert bench.state() is HealthState.UP


def test_old_failures_are_forgotten() -> None:
    bench = Bench()
    bench.calls(*[FAILED, FAILED, FAILED, ANSWERED] * 2)
    bench.now += SETTINGS.window
    bench.calls(*[ANSWERED] * 2, FAILED, ANSWERED)
    assert bench.state() is HealthState.UP
    assert bench.breaker.window.failures == 1


def test_what_says_nothing_changes_nothing() -> None:
    bench = Bench()
    bench.calls(*[FAILED] * 4, *[NOTHING] * 50, FAILED)
    assert bench.state() is HealthState.DOWN


def test_a_few_try_again_when_its_time_is_up() -> None:
    bench = Bench()
    bench.opened()
    assert bench.breaker.try_again(bench.breaker.until - 0.001) is None
    bench.wait()
    assert bench.state() is HealthState.PROBING
    trials = [bench.breaker.try_again(bench.now) for _ in range(5)]
    assert trials == [1, 2, 3, None, None]
    health = bench.health()
    assert health is not None
    assert (health.state, health.told) == (HealthState.DOWN, False)
    assert health.reason.startswith("enough requests are trying it again; 5 failures")
    bench.breaker.give_back(2)
    assert (bench.state(), bench.breaker.try_again(bench.now)) == (HealthState.PROBING, 4)


def test_a_trial_that_is_never_heard_of_again_expires() -> None:
    bench = Bench()
    bench.opened()
    bench.wait()
    for _ in range(SETTINGS.trials):
        bench.breaker.try_again(bench.now)
    assert bench.breaker.next_change() == bench.now + LEASE
    bench.now += LEASE
    assert bench.state() is HealthState.PROBING


def test_answers_to_trials_close_it() -> None:
    bench = Bench()
    bench.opened()
    bench.wait()
    bench.calls(ANSWERED, ANSWERED)
    assert bench.state() is HealthState.PROBING
    bench.calls(ANSWERED)
    assert (bench.state(), bench.breaker.window.calls) == (HealthState.UP, 0)
    assert bench.breaker.try_again(bench.now) == 0


def test_a_failed_trial_opens_it_for_longer_up_to_a_limit() -> None:
    bench = Bench()
    times = [bench.opened()]
    for _ in range(8):
        bench.wait()
        bench.calls(ANSWERED, FAILED)
        times.append(bench.breaker.until - bench.now)
    for expected, seconds in zip([5, 10, 20, 40, 80, 120, 120, 120, 120], times, strict=True):
        assert expected * (1 - JITTER) <= seconds <= expected
    assert bench.breaker.reason == "failed again: HTTP 503"


def test_the_time_starts_over_once_it_stayed_closed() -> None:
    bench = Bench()
    bench.opened()
    bench.wait()
    bench.calls(*[ANSWERED] * 3)
    assert bench.opened() > SETTINGS.open_for  # at once: twice as long
    bench.wait()
    bench.calls(*[ANSWERED] * 3)
    bench.now += SETTINGS.window
    assert bench.opened() <= SETTINGS.open_for


def test_calls_that_began_before_say_nothing_any_more() -> None:
    bench = Bench()
    bench.opened()
    bench.now += 0.5
    bench.calls(*[ANSWERED] * 5, took=1.0)
    assert bench.breaker.phase is Phase.OPEN
    bench.wait()
    bench.calls(*[FAILED] * 5, took=20.0)
    assert bench.state() is HealthState.PROBING
    bench.calls(*[ANSWERED] * 3)
    bench.calls(*[FAILED] * 9, took=20.0)
    assert bench.state() is HealthState.UP


def test_an_answer_while_it_is_open_is_one_to_a_trial() -> None:
    """Requests that were let through because nothing else was left."""
    bench = Bench()
    bench.opened()
    bench.now += 0.5
    bench.calls(FAILED)
    assert bench.breaker.phase is Phase.OPEN
    bench.calls(ANSWERED)
    assert bench.state() is HealthState.PROBING
    bench.calls(ANSWERED, ANSWERED)
    assert bench.state() is HealthState.UP


def test_a_rate_limit_holds_for_as_long_as_it_was_asked_for() -> None:
    bench = Bench()
    bench.calls(limited(7.0))
    health = bench.health()
    assert health == Health(HealthState.DOWN, "limits our rate (HTTP 429)", bench.now + 7.0, told=True)
    bench.calls(limited(3.0), limited(9.0))
    assert bench.breaker.until == bench.now + 9.0
    bench.wait()
    assert bench.state() is HealthState.PROBING


def test_nobody_is_believed_for_ever() -> None:
    bench = Bench()
    bench.calls(limited(10.0**9))
    assert bench.breaker.until == bench.now + LONGEST_TOLD


def test_a_rate_limit_without_a_time_is_a_guess_that_grows() -> None:
    bench = Bench()
    bench.calls(limited(None), limited(None))
    first = bench.breaker.until - bench.now
    assert 4.0 <= first <= 5.0
    assert not bench.breaker.told
    bench.wait()
    bench.calls(limited(None))
    assert 8.0 <= bench.breaker.until - bench.now <= 10.0


def test_a_refused_key_is_tried_again_after_a_while() -> None:
    bench = Bench()
    bench.calls(*[REFUSED] * 20)
    health = bench.health()
    assert health is not None
    assert (health.state, health.reason, health.told) == (HealthState.DOWN, "refuses our key (HTTP 401)", True)
    assert 48.0 <= bench.breaker.until - bench.now <= 60.0
    bench.wait()
    bench.calls(*[ANSWERED] * 3)
    assert bench.state() is HealthState.UP


def test_a_probe_that_was_answered_lets_it_be_tried_at_once() -> None:
    bench = Bench()
    bench.opened()
    bench.breaker.probe(bench.now)
    assert bench.state() is HealthState.PROBING


def test_a_probe_does_not_overrule_the_provider() -> None:
    bench = Bench()
    bench.calls(limited(30.0))
    bench.breaker.probe(bench.now)
    assert bench.breaker.phase is Phase.OPEN


@pytest.mark.parametrize("told", [False, True])
def test_open_like_another(told: bool) -> None:
    bench, other = Bench(), Bench(seed=2)
    other.calls(*([REFUSED] if told else [FAILED] * 5))
    bench.breaker.open_like(other.breaker, "its provider is down", bench.now)
    assert (bench.breaker.until, bench.breaker.told, bench.breaker.borrowed) == (other.breaker.until, told, True)
    bench.wait()
    bench.calls(FAILED)
    assert not bench.breaker.borrowed


def test_other_settings_hold_from_then_on() -> None:
    bench = Bench()
    bench.calls(*[FAILED] * 2)
    bench.breaker.configure(BreakerSettings(consecutive_failures=3, window=60.0))
    bench.calls(FAILED)
    assert (bench.breaker.phase, bench.breaker.window.seconds) == (Phase.OPEN, 60.0)


@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 60), first=st.floats(0.1, 60), most=st.floats(60, 600))
def test_jitter_stays_in_its_bounds(seed: int, rounds: int, first: float, most: float) -> None:
    bench = Bench(BreakerSettings(open_for=first, open_max=most), seed)
    bench.opened()
    for i in range(rounds):
        expected = min(first * 2.0**i, most)
        seconds = bench.breaker.until - bench.now
        assert expected * (1 - JITTER) - 1e-6 <= seconds <= expected + 1e-6
        bench.wait()
        bench.calls(FAILED)


class AnyBreaker(RuleBasedStateMachine):
    """Any sequence of trials, ends of calls and time."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.trials: dict[int, float] = {}

    @rule(seconds=st.sampled_from([0.001, 0.5, 3.0, 10.0, 70.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.now += seconds

    @rule(
        evidence=st.sampled_from([ANSWERED, FAILED, NOTHING, REFUSED, limited(None), limited(0.0), limited(30.0)]),
        took=st.sampled_from([0.0, 0.1, 5.0, 100.0]),
    )
    def a_call_ends(self, evidence: Evidence, took: float) -> None:
        self.bench.calls(evidence, took=took)

    @rule()
    def somebody_tries(self) -> None:
        trial = self.bench.breaker.try_again(self.bench.now)
        self._forget_expired()
        if trial:
            self.trials[trial] = self.bench.now
            assert len(self.trials) <= SETTINGS.trials

    @precondition(lambda self: self.trials)
    @rule(evidence=st.sampled_from([ANSWERED, FAILED, NOTHING]))
    def a_trial_ends(self, evidence: Evidence) -> None:
        trial, began = self.trials.popitem()
        self.bench.breaker.give_back(trial)
        self.bench.calls(evidence, took=self.bench.now - began)

    @rule()
    def a_probe_is_answered(self) -> None:
        self.bench.breaker.probe(self.bench.now)

    @invariant()
    def it_never_stays_open(self) -> None:
        breaker = self.bench.breaker
        if breaker.phase is Phase.OPEN:
            assert breaker.until - self.bench.now <= LONGEST_TOLD

    @invariant()
    def it_says_when_it_changes(self) -> None:
        assert self.bench.breaker.next_change() > 0
        health = self.bench.health()
        assert health is None or health.reason

    def _forget_expired(self) -> None:
        self.trials = {trial: began for trial, began in self.trials.items() if began + LEASE > self.bench.now}

    def teardown(self) -> None:
        """However it got here: where every trial is answered it is closed soon, and stays so."""
        bench = self.bench
        for _ in range(2 * SETTINGS.trials):
            if bench.breaker.phase is Phase.CLOSED:
                break
            bench.now = max(bench.now, bench.breaker.until) + LEASE
            assert bench.breaker.try_again(bench.now) is not None
            bench.calls(ANSWERED)
        assert bench.breaker.phase is Phase.CLOSED
        bench.calls(*[ANSWERED] * 100)
        assert bench.breaker.phase is Phase.CLOSED


TestAnyBreaker = AnyBreaker.TestCase
