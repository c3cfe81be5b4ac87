"""What observers are told."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.attempt import Attempt
from pointsman.model.decision import Decision, Refusal
from pointsman.model.plan import PlannedAttempt
from pointsman.model.record import Record


class Decided(Struct, frozen=True):
    """A decision was made in `seconds`; `shadow` is what the shadow entries would have made of it."""

    decision_id: str
    decision: Decision | Refusal
    seconds: float
    shadow: Decision | Refusal | None = None


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


class RequestEnded(Struct, frozen=True):
    """A request ended and its record is about to be kept."""

    record: Record


Event = Decided | AttemptEnded | AttemptSkipped | RequestEnded
