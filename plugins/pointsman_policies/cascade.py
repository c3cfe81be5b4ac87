"""Cheapest first: the strong model is asked only where a gate turns the cheap one's answer down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pointsman import (
    Assessed,
    AttemptKind,
    Mode,
    NoOpinion,
    Plan,
    PlannedAttempt,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    Stage,
    hookimpl,
    register,
)
from pointsman_policies.naming import known_gates, known_targets, known_tasks, targets_behind

POINTSMAN_API = 1


class Path(BaseModel):
    """How the requests of one task escalate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gate: tuple[str, ...] = Field(default=(), description="Gates, instead of those of the task's row.")
    steps: tuple[str, ...] = Field(
        default=(),
        description="Tiers or models to climb, after the one that routing chose. Empty: the next tier that has any.",
    )
    samples: int = Field(
        default=1, ge=1, le=8, description="How often the cheap model is asked, for gates that compare."
    )
    last_gated: bool = Field(
        default=False, description="Gate the last step too: an answer that nobody vouches for is then an error."
    )

    @field_validator("gate", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("gate")
    @classmethod
    def _configured(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return known_gates(value, info)

    @field_validator("steps")
    @classmethod
    def _reachable(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return known_targets(value, info)


class CascadeOptions(BaseModel):
    """Options of the `cascade` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modes: frozenset[Mode] = Field(
        default=frozenset({Mode.ECO, Mode.BALANCED}), min_length=1, description="Which modes cascade."
    )
    tasks: dict[str, Path] = Field(
        default_factory=dict, description="Tasks that differ from the rule: every row with a `gate` cascades."
    )
    best_effort: bool = Field(
        default=True,
        description="Give the answer that was turned down where every step after it fails or is denied; otherwise the "
        "request fails.",
    )

    @field_validator("tasks")
    @classmethod
    def _configured(cls, value: dict[str, Path], info: ValidationInfo) -> dict[str, Path]:
        known_tasks(value, info)
        return value


_ROW = Path()


class Cascade:
    """Gates the first target of a plan and lets stronger ones follow."""

    def __init__(self, options: CascadeOptions, setup: PolicySetup) -> None:
        self._options, self._catalogue = options, setup.catalogue

    @hookimpl
    def pointsman_plan_attempts(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, plan: Plan, ranking: Mapping[str, Shaped]
    ) -> Plan | NoOpinion | None:
        path = self._options.tasks.get(assessment.task, _ROW)
        gates = path.gate or self._catalogue.tasks[assessment.task].gates
        if not gates or assessment.mode not in self._options.modes:
            return None
        if request.hints.allow_cascade is False:
            return NoOpinion("the caller allows no cascade")
        if any(stage.gates or len(stage.attempts) > 1 for stage in plan.stages):
            return NoOpinion("another policy has planned more than failover already")
        first = plan.stages[0].attempts[0].target
        climbed = tuple(self._climb(first, path, ranking))
        if not climbed and not path.last_gated:
            return NoOpinion(f"nobody stronger than {first} is left to escalate to")
        steps = [PlannedAttempt(first), *[PlannedAttempt(target, AttemptKind.ESCALATION) for target in climbed]]
        stages = [Stage((step,), gates=gates) for step in steps[: len(steps) - (not path.last_gated)]]
        stages[0] = replace(stages[0], samples=path.samples)
        if not path.last_gated:
            stages.append(Stage((steps[-1],)))
        return replace(plan, stages=(*stages, *self._behind(steps, plan)), best_effort=self._options.best_effort)

    def _climb(self, first: str, path: Path, ranking: Mapping[str, Shaped]) -> Iterator[str]:
        """The best-ranked of each step that is left of the path, or of the next tier that has any."""
        steps = path.steps or self._tiers_above(first)
        taken = {first}
        for step in steps:
            behind = targets_behind(step, self._catalogue)
            target = next((name for name in ranking if name in behind and name not in taken), None)
            if target is not None:
                taken.add(target)
                yield target
                if not path.steps:
                    return

    def _tiers_above(self, target: str) -> Sequence[str]:
        tiers = self._catalogue.tiers
        return tiers[tiers.index(self._catalogue.models[target].tier) + 1 :]

    def _behind(self, steps: Sequence[PlannedAttempt], plan: Plan) -> Iterator[Stage]:
        """Who takes over where the last step fails: what the plan had, from its tier upward."""
        tiers, models = self._catalogue.tiers, self._catalogue.models
        level = tiers.index(models[steps[-1].target].tier)
        used = {step.target for step in steps}
        for stage in plan.stages:
            target = stage.attempts[0].target
            if target not in used and tiers.index(models[target].tier) >= level:
                yield Stage((PlannedAttempt(target, AttemptKind.FAILOVER),))


plugin = register(Cascade, config=CascadeOptions, kind=PolicyKind.CASCADE, deterministic=True)
