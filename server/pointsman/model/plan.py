"""A plan is data: stages run in order until one answers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class AttemptKind(StrEnum):
    """ASSIST was asked by a policy and is no answer to the caller; a plan has none."""

    PRIMARY = "primary"
    FAILOVER = "failover"
    ASSIST = "assist"


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
