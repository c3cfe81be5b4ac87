"""A circuit breaker: the state machine of one model's health. No clock and no chance of its own: both are handed in.

         failures in a row, or their share of the window; a rate limit; a refused key
CLOSED ─────────────────────────────────────────────────────────────────────────────► OPEN
  ▲                                                                                   │ until its time is up,
  │ `trials` answers              HALF_OPEN ◄─────────────────────────────────────────┤ or a probe was answered
  └──────────────────────────────── │  at most `trials` requests at once              │
                                    └── a failure: open again, for twice as long ─────┘
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from pointsman.model.snapshot import Health, HealthState
from pointsman.stores.evidence import Evidence, Sign
from pointsman.stores.window import Window

LEASE = 60.0
"""Seconds after which a trial of which nothing was heard no longer keeps others from trying."""

JITTER = 0.2
"""By up to this share a breaker opens for less, so that not all of them, and not all replicas, try at once."""

LONGEST_TOLD = 3600.0
"""Seconds for which a Retry-After is believed: what asks for more may be a mistake, and asking again costs little."""

# Before its first phase ended.
_EVER = float("-inf")
_MOST_TIMES = 32
# Two clock readings and a difference, as floats, may be off by as little.
_ROUNDING = 1e-6
# Seconds by which two processes may take the same instant for different ones.
_APART = 0.1


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Times are seconds. From `degraded_ratio` on a model counts as degraded, from `error_ratio` on as down.

    Both are shares of at least `min_requests` calls in `window`. `open_for` doubles up to `open_max`; `key_for` is that
    for a refused key. `trials` is how many may try at once, and how many answers it takes to trust it again.
    """

    window: float = 30.0
    min_requests: int = 10
    error_ratio: float = 0.5
    degraded_ratio: float = 0.2
    consecutive_failures: int = 5
    open_for: float = 5.0
    open_max: float = 120.0
    key_for: float = 60.0
    trials: int = 3


class Phase(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@dataclass(frozen=True, slots=True)
class Outage:
    """What keeps a model out, as one breaker tells another; `until` in monotonic seconds of whoever has it.

    `times` is how often in a row it has opened, by which it opens for longer.
    """

    until: float
    reason: str
    told: bool
    borrowed: bool
    times: int

    def like(self, other: Outage | None) -> bool:
        """The same, but for what clocks are apart."""
        return other is not None and abs(self.until - other.until) < _APART and self.reason == other.reason


class Breaker:
    """One model. Instants are monotonic seconds; `since` is when the phase began, `until` when OPEN ends.

    `borrowed`: opened for what others of its provider met, without a failure of its own.
    """

    def __init__(self, settings: BreakerSettings, random: Random) -> None:
        self.settings = settings
        self.phase, self.since, self.until = Phase.CLOSED, _EVER, _EVER
        self.reason, self.told, self.borrowed = "", False, False
        self.last_error = ""
        self.window = Window(settings.window)
        self._random = random
        self._opened = _EVER
        self._streak = self._answers = self._times = 0
        # When each lease expires. Whatever the phase: a trial that is still under way when it opens again counts.
        self._trials: dict[int, float] = {}
        self._last_trial = 0

    @property
    def degraded(self) -> bool:
        window = self.window
        busy = window.calls >= self.settings.min_requests
        return self.phase is Phase.CLOSED and busy and window.ratio >= self.settings.degraded_ratio

    def configure(self, settings: BreakerSettings) -> None:
        """Go on by other settings; a window of another length begins empty."""
        if settings.window != self.settings.window:
            self.window = Window(settings.window)
        self.settings = settings

    def settle(self, now: float) -> None:
        """Let time do its part; every other method begins with it."""
        self.window.forget(now)
        if self.phase is Phase.OPEN and now >= self.until:
            self.phase, self.since = Phase.HALF_OPEN, self.until
            self._answers = 0
        self._trials = {trial: expires for trial, expires in self._trials.items() if expires > now}

    def try_again(self, now: float) -> int | None:
        """A lease to try it with, 0 where none is needed; None where it is open, or enough others are trying it."""
        self.settle(now)
        if self.phase is Phase.CLOSED:
            return 0
        if self.phase is Phase.OPEN or len(self._trials) >= self.settings.trials:
            return None
        self._last_trial += 1
        self._trials[self._last_trial] = now + LEASE
        return self._last_trial

    def give_back(self, trial: int) -> None:
        """A trial has ended, or was not made after all."""
        self._trials.pop(trial, None)

    def learn(self, evidence: Evidence, began: float, now: float) -> None:
        """From a call that began at `began`: what began before the phase that it would end says nothing any more."""
        self.settle(now)
        sign, current = evidence.sign, began >= self.since - _ROUNDING
        if sign is Sign.NOTHING:
            return
        if sign is not Sign.ANSWERED:
            self.last_error = evidence.what
        if sign is Sign.KEY_REFUSED:
            self._refuse(evidence, now, current)
        elif sign is Sign.LIMITED:
            self._limit(evidence, now, current)
        elif self.phase is Phase.CLOSED:
            self._count(evidence, now, current)
        elif sign is Sign.ANSWERED and began >= self._opened - _ROUNDING:
            self._answered(now)
        elif sign is Sign.FAILED and self.phase is Phase.HALF_OPEN and current:
            self._open(f"failed again: {evidence.what}", self._patience(self.settings.open_for, now), now)

    def open_like(self, other: Breaker, reason: str, now: float) -> None:
        """Open for what another of the same provider met, unless this one is out for longer."""
        self.settle(now)
        if self.phase is Phase.OPEN and self.until >= other.until:
            return
        borrowed = self.borrowed or self.phase is Phase.CLOSED
        self._open(reason, other.until - now, now, told=other.told)
        self.borrowed, self._times = borrowed, other._times

    def probe(self, now: float) -> None:
        """There is reason to hope: try it now. What the provider itself asked for stands."""
        self.settle(now)
        if self.phase is Phase.OPEN and not self.told:
            self.until = now
            self.settle(now)

    @property
    def outage(self) -> Outage | None:
        """What keeps it out, or has until it is trusted again; None: nothing."""
        if self.phase is Phase.CLOSED:
            return None
        return Outage(self.until, self.reason, self.told, self.borrowed, self._times)

    def adopt(self, outage: Outage, now: float) -> None:
        """Open as another process's breaker has for the same model."""
        self._open(outage.reason, outage.until - now, now, told=outage.told)
        self.borrowed, self._times = outage.borrowed, outage.times
        self.settle(now)

    def close(self, now: float) -> None:
        """Trust it again."""
        self.phase, self.since, self.reason, self.told, self.borrowed = Phase.CLOSED, now, "", False, False
        self._streak = self._answers = 0
        self.window.clear()

    def health(self, now: float, to_unix: float) -> Health | None:
        """As a snapshot has it, None for up. `to_unix` added to our instants makes Unix seconds."""
        self.settle(now)
        if self.phase is Phase.OPEN:
            return Health(HealthState.DOWN, self.reason, self.until + to_unix, self.told)
        if self.phase is Phase.HALF_OPEN:
            if len(self._trials) < self.settings.trials:
                return Health(HealthState.PROBING, self.reason)
            return Health(HealthState.DOWN, f"enough requests are trying it again; {self.reason}", told=self.told)
        if self.degraded:
            window = self.window
            said = f"{window.failures} of {window.calls} calls failed within {window.seconds:g} s"
            return Health(HealthState.DEGRADED, f"{said}, the last: {self.last_error}")
        return None

    def next_change(self) -> float:
        """When `health` may say something else by time alone."""
        if self.phase is Phase.OPEN:
            return self.until
        if self.phase is Phase.HALF_OPEN:
            full = len(self._trials) >= self.settings.trials
            return min(self._trials.values()) if full else float("inf")
        change = self.window.next_change() if self.degraded else None
        return float("inf") if change is None else change

    def _count(self, evidence: Evidence, now: float, current: bool) -> None:
        failed = evidence.sign is Sign.FAILED
        if failed and not current:
            return
        self.window.add(failed=failed, now=now)
        self._streak = self._streak + 1 if failed else 0
        settings, window = self.settings, self.window
        if failed and self._streak >= settings.consecutive_failures:
            why = f"{self._streak} failures in a row"
        elif failed and window.calls >= settings.min_requests and window.ratio >= settings.error_ratio:
            why = f"{window.failures} of {window.calls} calls failed within {window.seconds:g} s"
        else:
            return
        self._open(f"{why}, the last: {evidence.what}", self._patience(settings.open_for, now), now)

    def _refuse(self, evidence: Evidence, now: float, current: bool) -> None:
        # Calls that were under way when the first was refused say the same once more.
        if current if self.phase is not Phase.OPEN else not self.told:
            seconds = self._patience(self.settings.key_for, now)
            self._open(f"refuses our key ({evidence.what})", seconds, now, told=True)

    def _limit(self, evidence: Evidence, now: float, current: bool) -> None:
        """As long as the provider asks for; calls under way when it was limited may know of a later time."""
        reason = f"limits our rate ({evidence.what})"
        if evidence.retry_after is None:
            if self.phase is not Phase.OPEN and current:
                self._open(reason, self._patience(self.settings.open_for, now), now)
            return
        asked = min(evidence.retry_after, LONGEST_TOLD)
        if self.phase is Phase.OPEN and self.told:
            self.until = max(self.until, now + asked)
        elif self.phase is not Phase.OPEN or now + asked > self.until:
            self._open(reason, asked, now, told=True)

    def _answered(self, now: float) -> None:
        """An answer to a trial; also to a request that was let through while open, for want of anything else."""
        if self.phase is Phase.OPEN:
            self.until = now
            self.settle(now)
        self._answers += 1
        if self._answers >= self.settings.trials:
            self.close(now)

    def _patience(self, first: float, now: float) -> float:
        """How long to open for: twice as long each time, until it has stayed closed for a whole window."""
        if self.phase is Phase.CLOSED and now - self.since >= self.settings.window:
            self._times = 0
        seconds = min(first * 2.0**self._times, max(first, self.settings.open_max))
        self._times = min(self._times + 1, _MOST_TIMES)
        return seconds * (1.0 - JITTER * self._random.random())

    def _open(self, reason: str, seconds: float, now: float, *, told: bool = False) -> None:
        self.phase, self.since, self._opened, self.until = Phase.OPEN, now, now, now + seconds
        self.reason, self.told, self.borrowed = reason, told, False
        self._streak = self._answers = 0
