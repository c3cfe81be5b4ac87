"""Which models are down: nobody waits for a timeout that health has seen coming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    AttemptKind,
    Cause,
    Exclusion,
    HealthState,
    NoOpinion,
    Plan,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    Stage,
    hookimpl,
    register,
)
from pointsman import Health as ModelHealth
from pointsman_policies.wording import instant

POINTSMAN_API = 1

# A tuple finds a member by identity; hashing one runs Python code.
_OUT = (HealthState.DOWN, HealthState.DISABLED)


class HealthOptions(BaseModel):
    """Options of the `health` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    degraded_last: bool = Field(
        default=False,
        description="Try models that are degraded after every other of the plan, whoever chose them. Otherwise they "
        "keep their place.",
    )
    panic: bool = Field(
        default=True,
        description="Where models that are down by their failures are all that could serve a request, try one of them "
        "all the same. Otherwise such a request is refused.",
    )


class Health:
    """Vetoes models that are down or that an operator disabled.

    That a model is down is a guess, unless its provider said so: the veto yields where nothing else is left.
    """

    def __init__(self, options: HealthOptions, setup: PolicySetup) -> None:
        self._degraded_last, self._panic = options.degraded_last, options.panic

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Exclusion]:
        if not snapshot.health:
            return ()
        return [
            Exclusion(target, Cause.HEALTH, _told(health), yields=self._panic and _guessed(health))
            for target, health in snapshot.health.items()
            if health.state in _OUT and target in shaped
        ]

    @hookimpl
    def pointsman_plan_attempts(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, plan: Plan
    ) -> Plan | NoOpinion | None:
        if not snapshot.health:
            return None
        stages: Sequence[Stage] = plan.stages
        if down := _planned(plan, HealthState.DOWN, snapshot):
            stages = _one_that_is_down(stages, down)
        elif not self._degraded_last:
            return None
        if self._degraded_last:
            degraded = _planned(plan, HealthState.DEGRADED, snapshot)
            stages = sorted(stages, key=lambda stage: any(attempt.target in degraded for attempt in stage.attempts))
        if list(stages) == list(plan.stages):
            return None
        return replace(plan, stages=tuple(_at(stage, position) for position, stage in enumerate(stages)))


def _planned(plan: Plan, state: HealthState, snapshot: Snapshot) -> frozenset[str]:
    """The targets of a plan that are in this state."""
    known = snapshot.health
    return frozenset([t for t in plan.targets() if (health := known.get(t)) and health.state is state])


def _one_that_is_down(stages: Sequence[Stage], down: frozenset[str]) -> Sequence[Stage]:
    """At most one attempt at what is down: where everything is, failover would only multiply the load on it."""
    hopeless = [stage for stage in stages if all(attempt.target in down for attempt in stage.attempts)]
    return [stage for stage in stages if stage not in hopeless[1:]]


def _guessed(health: ModelHealth) -> bool:
    return health.state is HealthState.DOWN and not health.told


def _told(health: ModelHealth) -> str:
    why = f": {health.reason}" if health.reason else ""
    if health.until is None:
        return f"{health.state}{why}"
    return f"{health.state} until {instant(health.until)}{why}"


def _at(stage: Stage, position: int) -> Stage:
    """The stage with its attempts named by where it now stands."""
    kinds = {AttemptKind.PRIMARY, AttemptKind.FAILOVER}
    kind = AttemptKind.FAILOVER if position else AttemptKind.PRIMARY
    return Stage(tuple(replace(a, kind=kind) if a.kind in kinds else a for a in stage.attempts))


plugin = register(Health, config=HealthOptions, kind=PolicyKind.HEALTH, deterministic=True, reads_text=False)
