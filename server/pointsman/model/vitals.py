"""What has been observed of providers and their models, for operators to look at."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.model.snapshot import Health, HealthState, Latency


class Vitals(Struct, frozen=True, kw_only=True):
    """One model, or with `target` "" a provider as a whole. `calls` and `failures` are those of the last `window`.

    `since` is when the state began (Unix seconds), None where it was never another. `last_error` is a few words of
    ours, "" for none yet; `latency` None: nothing observed.
    """

    provider: str
    target: str
    health: Health
    calls: int = 0
    failures: int = 0
    window: float = 0.0
    since: float | None = None
    last_error: str = ""
    latency: Latency | None = None

    @property
    def error_ratio(self) -> float:
        """Failures of all calls in the window, 0..1."""
        return self.failures / self.calls if self.calls else 0.0


def as_a_whole(provider: str, models: Sequence[Vitals]) -> Vitals:
    """A provider, by its models: of one state where all are, degraded where only some are not up.

    Models that are disabled do not count unless all are.
    """
    counted = [v for v in models if v.health.state is not HealthState.DISABLED] or list(models)
    states = {v.health.state for v in counted}
    state = _merged(states)
    telling = [v for v in counted if v.health.state is state] or [v for v in counted if v.health.reason]
    known = [v.health.until for v in telling if v.health.until is not None]
    begun = [v.since for v in telling if v.since is not None]
    latest = max(counted, key=lambda v: v.since or 0.0)
    return Vitals(
        provider=provider,
        target="",
        health=Health(state, _reason(state, telling), min(known, default=None)),
        calls=sum(v.calls for v in counted),
        failures=sum(v.failures for v in counted),
        window=counted[0].window,
        since=max(begun, default=None),
        last_error=latest.last_error,
    )


def _merged(states: set[HealthState]) -> HealthState:
    if len(states) == 1:
        return next(iter(states))
    if states <= {HealthState.DOWN, HealthState.PROBING}:
        return HealthState.PROBING
    return HealthState.DEGRADED


def _reason(state: HealthState, telling: Sequence[Vitals]) -> str:
    if state is HealthState.UP:
        return ""
    reasons = dict.fromkeys(v.health.reason for v in telling if v.health.reason)
    return next(iter(reasons)) if len(reasons) == 1 else ", ".join(f"{v.target} {v.health.state}" for v in telling)
