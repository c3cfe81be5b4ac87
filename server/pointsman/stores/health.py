"""The health of all models, kept from the attempts made at them: a breaker each, and what providers have in common."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from random import Random

from pointsman.model.attempt import Attempt
from pointsman.model.catalogue import Model
from pointsman.model.snapshot import Health, HealthState, Latency
from pointsman.model.vitals import Vitals
from pointsman.ports import Clock
from pointsman.stores.breaker import Breaker, BreakerSettings, Outage, Phase
from pointsman.stores.evidence import evidence_of

log = logging.getLogger(__name__)

# What of a breaker is worth a line when it changes: phase, since when, degraded, borrowed.
_Seen = tuple[Phase, float, bool, bool]

_NOTHING_SEEN: _Seen = (Phase.CLOSED, 0.0, False, False)
_UP = Health(HealthState.UP)
_DISABLED = Health(HealthState.DISABLED, "its provider is disabled: it has no key")


class HealthBook:
    """Breakers by model id. `random` is only for jitter.

    A provider is down as a whole where its key is refused or has no credit left, or where every model of it that was
    asked of late is down, and these are several. Then its other models are out as well, before anybody tries them.

    `configure` may be called again at any time, and keeps what is known.
    """

    def __init__(self, clock: Clock, random: Random, settings: BreakerSettings, models: Iterable[Model] = ()) -> None:
        self._clock, self._random, self._settings = clock, random, settings
        self._breakers: dict[str, Breaker] = {}
        self._providers: dict[str, str] = {}
        self._disabled: dict[str, str] = {}
        # Providers that are down as a whole.
        self._down: set[str] = set()
        self._logged: dict[str, _Seen] = {}
        self._view: Mapping[str, Health] = {}
        self._due, self._stale = float("inf"), False
        # How often it was told what to watch.
        self.revision = 0
        self.configure(settings, models)

    def configure(self, settings: BreakerSettings, models: Iterable[Model]) -> None:
        """Watch these models, and no others."""
        models = tuple(models)
        self.revision += 1
        self._settings = settings
        self._disabled = {model.id: model.provider for model in models if not model.enabled}
        self._providers = {model.id: model.provider for model in models if model.enabled}
        self._breakers = {target: b for target, b in self._breakers.items() if target in self._providers}
        self._logged = {target: seen for target, seen in self._logged.items() if target in self._providers}
        for target, provider in self._providers.items():
            self._breaker(target, provider).configure(settings)
        self._stale = True

    def view(self) -> Mapping[str, Health]:
        """Every model that is not up. The same mapping until something changes; it is never changed itself."""
        now = self._clock.monotonic()
        if self._stale or now >= self._due:
            shift = self._clock.now() - now
            found = ((target, breaker.health(now, shift)) for target, breaker in self._breakers.items())
            self._view = {target: health for target, health in found if health}
            self._log_changes(now)
            self._due = min((breaker.next_change() for breaker in self._breakers.values()), default=float("inf"))
            self._stale = False
        return self._view

    def learn(self, attempt: Attempt, trial: int = 0) -> None:
        """From an attempt that ended, and give its trial back."""
        now, target, provider = self._clock.monotonic(), attempt.target, attempt.provider
        breaker = self._breaker(target, provider)
        breaker.settle(now)
        was, before = breaker.phase, breaker.degraded
        breaker.give_back(trial)
        evidence = evidence_of(attempt)
        breaker.learn(evidence, now - attempt.duration, now)
        if breaker.phase is Phase.OPEN and was is not Phase.OPEN:
            self._spread(target, breaker, now, wide=evidence.provider_wide)
        elif breaker.phase is Phase.CLOSED and was is not Phase.CLOSED:
            self._relieve(target, now)
        if trial or before or breaker.degraded or breaker.phase is not Phase.CLOSED or was is not Phase.CLOSED:
            self._stale = True
            # Whoever reads the log should not have to wait for the next request.
            self.view()

    def try_again(self, target: str) -> int | None:
        """A lease, as `StateStore.begin` says."""
        breaker = self._breakers.get(target)
        if breaker is None or breaker.phase is Phase.CLOSED:
            return 0
        self._stale = True
        return breaker.try_again(self._clock.monotonic())

    def give_back(self, target: str, trial: int) -> None:
        """A trial that was not made."""
        if trial and target in self._breakers:
            self._breakers[target].give_back(trial)
            self._stale = True

    def probed(self, provider: str) -> None:
        """The provider answers: what is down there is tried again at once."""
        now = self._clock.monotonic()
        for _, breaker in self._of(provider):
            breaker.probe(now)
        self._stale = True

    @property
    def trials(self) -> int:
        """How many requests at once may try a model that was down."""
        return self._settings.trials

    def outages(self) -> Mapping[str, Outage]:
        """What keeps each model out that is not up, for other processes."""
        return {target: outage for target, breaker in self._breakers.items() if (outage := breaker.outage)}

    def adopt(self, target: str, outage: Outage | None) -> None:
        """Take over what another process has found out: that a model is out, or (None) up again."""
        breaker = self._breakers.get(target)
        if breaker is None or (outage or breaker.outage) is None or (outage and outage.like(breaker.outage)):
            return
        now, provider = self._clock.monotonic(), self._providers[target]
        if outage is None:
            breaker.close(now)
        else:
            breaker.adopt(outage, now)
        if outage and outage.borrowed:
            self._down.add(provider)
        elif not any(other.borrowed for _, other in self._of(provider)):
            self._down.discard(provider)
        self._stale = True
        self.view()

    def vitals(self, latencies: Mapping[str, Latency]) -> tuple[Vitals, ...]:
        """All models, ordered by provider and id."""
        now, view = self._clock.monotonic(), self.view()
        shift = self._clock.now() - now
        found = [self._vitals(target, view.get(target, _UP), latencies.get(target), shift) for target in self._breakers]
        found += [Vitals(provider=by, target=target, health=_DISABLED) for target, by in self._disabled.items()]
        return tuple(sorted(found, key=lambda v: (v.provider, v.target)))

    def _vitals(self, target: str, health: Health, latency: Latency | None, shift: float) -> Vitals:
        breaker = self._breakers[target]
        window = breaker.window
        return Vitals(
            provider=self._providers[target],
            target=target,
            health=health,
            calls=window.calls,
            failures=window.failures,
            window=window.seconds,
            since=breaker.since + shift if isfinite(breaker.since) else None,
            last_error=breaker.last_error,
            latency=latency,
        )

    def _breaker(self, target: str, provider: str) -> Breaker:
        breaker = self._breakers.get(target)
        if breaker is None:
            breaker = self._breakers[target] = Breaker(self._settings, self._random)
            self._providers[target] = provider
        return breaker

    def _of(self, provider: str) -> Iterator[tuple[str, Breaker]]:
        return ((target, b) for target, b in self._breakers.items() if self._providers[target] == provider)

    def _spread(self, target: str, opened: Breaker, now: float, *, wide: bool) -> None:
        """Take the provider's other models out as well, where what one of them met is the provider's as a whole."""
        provider = self._providers[target]
        others = [breaker for other, breaker in self._of(provider) if other != target]
        if wide:
            reason = opened.reason
        elif not opened.told and _all_down(others):
            reason = "its provider is down: none of its models that were asked answers"
        else:
            return
        if provider not in self._down:
            log.warning("provider %s is down as a whole: %s %s", provider, target, opened.reason)
        self._down.add(provider)
        for breaker in others:
            if wide or breaker.phase is Phase.CLOSED:
                breaker.open_like(opened, reason, now)

    def _relieve(self, target: str, now: float) -> None:
        """One model of a provider that was down is back: so is what never failed itself, the rest is tried at once."""
        provider = self._providers[target]
        if provider not in self._down:
            return
        self._down.discard(provider)
        log.info("provider %s is back: %s answers", provider, target)
        for _, breaker in self._of(provider):
            if breaker.borrowed:
                breaker.close(now)
            else:
                breaker.probe(now)

    def _log_changes(self, now: float) -> None:
        for target, breaker in self._breakers.items():
            since = breaker.since if breaker.phase is Phase.OPEN else 0.0
            seen = (breaker.phase, since, breaker.degraded, breaker.borrowed)
            before = self._logged.get(target, _NOTHING_SEEN)
            self._logged[target] = seen
            # What is out with its provider was told of with it.
            if seen != before and not (breaker.borrowed or before[3]):
                self._log(target, breaker, now, was=before[0])

    def _log(self, target: str, breaker: Breaker, now: float, was: Phase) -> None:
        name = f"{target} at {self._providers[target]}"
        window = breaker.window
        if breaker.phase is Phase.OPEN:
            log.warning("%s is down, tried again in %.1f s: %s", name, breaker.until - now, breaker.reason)
        elif breaker.phase is Phase.HALF_OPEN:
            log.info("%s is tried again", name)
        elif was is not Phase.CLOSED:
            log.info("%s is up again", name)
        elif breaker.degraded:
            log.warning("%s is degraded: %d of %d calls failed", name, window.failures, window.calls)
        else:
            log.info("%s is no longer degraded", name)


def _all_down(others: Iterable[Breaker]) -> bool:
    """Is at least one of them down for failures of its own, and none of them up that was asked of late?"""
    some = False
    for breaker in others:
        if breaker.phase is not Phase.CLOSED:
            some = some or not (breaker.told or breaker.borrowed)
        elif breaker.window.calls > breaker.window.failures:
            return False
    return some
