"""The field `pointsman`, for callers that ask for it: what was decided, what it took and what it cost."""

from __future__ import annotations

from msgspec import Struct

from pointsman.doors.failures import retry_delay
from pointsman.engine.exchange import Completion
from pointsman.http.api import Told
from pointsman.model.attempt import Attempt


class AttemptDetails(Struct, frozen=True, kw_only=True):
    """One call to a provider, in order of start; `kind` and `outcome` as in the proto, in lower case."""

    model: str
    provider: str
    kind: str
    outcome: str
    cost_nano_usd: int
    duration_ms: int
    error: str = ""


class Details(Struct, frozen=True, kw_only=True):
    """The field `pointsman` of an answer. Money is nano-USD, times are milliseconds from arrival.

    `model` and `provider` are those that answered, the decision's unless it failed; `cost_nano_usd` is all that the
    request cost, `overhead_nano_usd` what of that was not the answer; `estimated`: some of it was counted by us.
    """

    decision_id: str
    model: str
    provider: str
    tier: str
    task: str
    mode: str
    decided_by: str
    reason: str
    config_version: str
    cost_nano_usd: int
    overhead_nano_usd: int
    estimated: bool
    duration_ms: int
    attempts: tuple[AttemptDetails, ...]


class FailureDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The field `pointsman` of a failure. `retry_after_ms` None: waiting does not help. `violations` are each
    (subject, description), such as a field, a policy or a budget.
    """

    reason: str
    metadata: dict[str, str] = {}
    violations: tuple[tuple[str, str], ...] = ()
    retry_after_ms: int | None = None
    decision_id: str = ""
    output_started: bool = False
    cost_nano_usd: int = 0
    attempts: tuple[AttemptDetails, ...] = ()


def details(completion: Completion) -> Details:
    """Of an answer."""
    routed, served = completion.routed, completion.served
    assert routed
    assert served
    decision = routed.decision
    model = routed.rules.catalogue.models[served.attempt.target]
    return Details(
        decision_id=completion.decision_id,
        model=model.id,
        provider=model.provider,
        tier=model.tier,
        task=decision.assessed.task,
        mode=decision.assessed.mode.value,
        decided_by=decision.decided_by,
        reason=decision.reason,
        config_version=decision.config_version,
        cost_nano_usd=completion.cost.total,
        overhead_nano_usd=completion.cost.overhead,
        estimated=completion.cost.estimated,
        duration_ms=round(completion.duration * 1000),
        attempts=tuple(map(_attempt, completion.attempts)),
    )


def failure_details(told: Told) -> FailureDetails:
    """Of a failure."""
    error, completion, delay = told.error, told.completion, retry_delay(told.error)
    return FailureDetails(
        reason=error.reason.value,
        metadata=error.metadata,
        violations=error.violations,
        retry_after_ms=None if delay is None else round(delay * 1000),
        decision_id=told.decision_id,
        output_started=bool(completion and completion.output_started),
        cost_nano_usd=completion.cost.total if completion else 0,
        attempts=tuple(map(_attempt, completion.attempts)) if completion else (),
    )


def _attempt(attempt: Attempt) -> AttemptDetails:
    return AttemptDetails(
        model=attempt.target,
        provider=attempt.provider,
        kind=attempt.kind.value,
        outcome=attempt.outcome.value,
        cost_nano_usd=attempt.cost_nano_usd,
        duration_ms=round(attempt.duration * 1000),
        error=attempt.error_reason,
    )
