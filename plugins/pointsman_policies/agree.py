"""Two tiers answer at once: where they agree the cheap answer is given, otherwise the strong one."""

from __future__ import annotations

from collections.abc import Mapping

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


class Pair(BaseModel):
    """Who answers beside the model that routing chose, and what compares them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    beside: str = Field(description="A tier or a model.")
    gate: str = Field(description="The gate that compares: one that uses `agreement`, or does as it does.")

    @field_validator("beside")
    @classmethod
    def _reachable(cls, value: str, info: ValidationInfo) -> str:
        return known_targets((value,), info)[0]

    @field_validator("gate")
    @classmethod
    def _configured(cls, value: str, info: ValidationInfo) -> str:
        return known_gates((value,), info)[0]


class AgreeOptions(BaseModel):
    """Options of the `agree` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tasks: dict[str, Pair] = Field(default_factory=dict, description="The tasks that two models answer.")
    modes: frozenset[Mode] = Field(
        default=frozenset(Mode), min_length=1, description="In which modes. Unset: in every one."
    )

    @field_validator("tasks")
    @classmethod
    def _tasks_configured(cls, value: dict[str, Pair], info: ValidationInfo) -> dict[str, Pair]:
        known_tasks(value, info)
        return value


class Agree:
    """Puts a second target beside the first of a plan, and a gate behind both."""

    def __init__(self, options: AgreeOptions, setup: PolicySetup) -> None:
        self._options, self._catalogue = options, setup.catalogue

    @hookimpl
    def pointsman_plan_attempts(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, plan: Plan, ranking: Mapping[str, Shaped]
    ) -> Plan | NoOpinion | None:
        pair = self._options.tasks.get(assessment.task)
        if pair is None or assessment.mode not in self._options.modes:
            return None
        if request.hints.allow_cascade is False:
            return NoOpinion("the caller allows no gates")
        stage = plan.stages[0]
        if stage.gates or len(stage.attempts) > 1:
            return NoOpinion("another policy has planned more than failover already")
        first, behind = stage.attempts[0].target, targets_behind(pair.beside, self._catalogue)
        second = next((target for target in ranking if target in behind and target != first), None)
        if second is None:
            return NoOpinion(f"nobody of {pair.beside} is left to compare with")
        # The gate gives the first where they agree and the last where they do not.
        cheap, strong = sorted((first, second), key=lambda target: ranking[target].estimate.expected_nano_usd)
        both = (PlannedAttempt(cheap), PlannedAttempt(strong, AttemptKind.SAMPLE))
        later = [s for s in plan.stages[1:] if s.attempts[0].target != second]
        return replace(plan, stages=(Stage(both, gates=(pair.gate,)), *later), best_effort=False)


plugin = register(Agree, config=AgreeOptions, kind=PolicyKind.CASCADE, deterministic=True)
