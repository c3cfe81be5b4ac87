"""How providers are doing, as a gauge."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pointsman.model.snapshot import HealthState
from pointsman.model.vitals import Vitals, as_a_whole
from pointsman.telemetry.tallies import Labels


def provider_states(vitals: Iterable[Vitals]) -> dict[Labels, float]:
    """Every state of every provider: 1 for the one it is in. `vitals` are ordered by provider."""
    states: dict[Labels, float] = {}
    for provider, models in groupby(vitals, key=lambda v: v.provider):
        now = as_a_whole(provider, tuple(models)).health.state
        states.update({(provider, state.value): float(state is now) for state in HealthState})
    return states
