"""Policies that plan what a test says, and gates that judge as it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointsman import (
    Accepted,
    Assessed,
    AttemptKind,
    GatedAnswer,
    Plan,
    PlannedAttempt,
    Rejected,
    Request,
    Services,
    Stage,
    hookimpl,
)

PRIMARY, FAILOVER, HEDGE = AttemptKind.PRIMARY, AttemptKind.FAILOVER, AttemptKind.HEDGE
ESCALATION = AttemptKind.ESCALATION


class Planning:
    """Replaces the plan."""

    def __init__(self, *stages: Stage, best_effort: bool = False) -> None:
        self._plan = Plan(stages, best_effort=best_effort)

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Plan:
        return self._plan


def alone(target: str, kind: AttemptKind = PRIMARY, *, gates: Sequence[str] = (), samples: int = 1) -> Stage:
    """A stage of one attempt."""
    return Stage((PlannedAttempt(target, kind),), samples, tuple(gates))


def hedged(first: str, second: str, delay: float = 0.0) -> Stage:
    """A race of two."""
    return Stage((PlannedAttempt(first), PlannedAttempt(second, HEDGE, delay)))


def together(*targets: str, gates: Sequence[str]) -> Stage:
    """Several targets at once, judged together."""
    return Stage(tuple(PlannedAttempt(target) for target in targets), 1, tuple(gates))


class Judge:
    """A gate that says what `verdict` makes of the answers; `asked` are those it saw, as (target, text)."""

    def __init__(self, verdict: Callable[[Sequence[GatedAnswer]], Accepted | Rejected]) -> None:
        self.asked: list[list[tuple[str, str]]] = []
        self._verdict = verdict

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        self.asked.append([(answer.target, answer.text) for answer in answers])
        return self._verdict(answers)


def rejecting(reason: str = "too short") -> Judge:
    return Judge(lambda answers: Rejected(reason))


def accepting(which: int | None = None, reason: str = "") -> Judge:
    return Judge(lambda answers: Accepted(reason, which))
