"""A plan is data: stages run in order until one answers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class AttemptKind(StrEnum):
    PRIMARY = "primary"
    FAILOVER = "failover"


class PlannedAttempt(Struct, frozen=True, omit_defaults=True):
    """One call to one target (a model id)."""

    target: str
    kind: AttemptKind = AttemptKind.PRIMARY


class Stage(Struct, frozen=True):
    """What is tried together. The next stage runs when this one failed."""

    attempts: tuple[PlannedAttempt, ...]


class Plan(Struct, frozen=True, omit_defaults=True):
    """Failover is one attempt a stage.

    `pin_ttl`: the request's session is pinned to whoever serves it, for so many seconds after its last turn. A planner
    that makes a plan of its own need not repeat it.
    """

    stages: tuple[Stage, ...]
    pin_ttl: float | None = None
