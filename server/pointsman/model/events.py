"""What observers are told."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.attempt import Attempt
from pointsman.model.decision import Decision, Refusal
from pointsman.model.plan import PlannedAttempt
from pointsman.model.record import Record


class Decided(Struct, frozen=True):
    """A decision was made in `seconds`, `after` so many from arrival.

    `shadow` is what the shadow entries would have made of it.
    """

    decision_id: str
    decision: Decision | Refusal
    seconds: float
    shadow: Decision | Refusal | None = None
    after: float = 0.0


class AttemptEnded(Struct, frozen=True):
    """A provider call ended."""

    decision_id: str
    attempt: Attempt


class AttemptSkipped(Struct, frozen=True):
    """A hedge or a sample was not made: a policy denied it, or retries and hedges together were too many."""

    decision_id: str
    planned: PlannedAttempt
    provider: str
    reason: str


class GateJudged(Struct, frozen=True):
    """A gate was asked about the answers of a stage and took `seconds`, from `started` (Unix seconds)."""

    decision_id: str
    gate: str
    accepted: bool
    started: float
    seconds: float


class RequestEnded(Struct, frozen=True):
    """A request ended and its record is about to be kept."""

    record: Record


Event = Decided | AttemptEnded | AttemptSkipped | GateJudged | RequestEnded
