"""A plan is data: stages run in order until one answers. Hedges, cascades and agreements are plans, not code."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class AttemptKind(StrEnum):
    """HEDGE races another attempt, ESCALATION follows a gate's no, SAMPLE is one more of several, RETRY comes back.

    ASSIST was asked by a policy or a gate and is no answer to the caller; a plan has none.
    """

    PRIMARY = "primary"
    FAILOVER = "failover"
    HEDGE = "hedge"
    ESCALATION = "escalation"
    SAMPLE = "sample"
    RETRY = "retry"
    ASSIST = "assist"


class PlannedAttempt(Struct, frozen=True, omit_defaults=True):
    """One call to one target (a model id), `start_after` seconds after its stage, or once all before it have failed."""

    target: str
    kind: AttemptKind = AttemptKind.PRIMARY
    start_after: float = 0.0


class Stage(Struct, frozen=True, omit_defaults=True):
    """What is tried together; the next stage runs when this one failed, or its gates said no.

    Without gates the first attempt with content wins, and the others are given up. With gates every attempt is made
    `samples` times, nothing is shown before the end, and the gates (ids of `gates:`) judge all answers together.
    """

    attempts: tuple[PlannedAttempt, ...]
    samples: int = 1
    gates: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In a line: `flash + sonnet@0.5` races, `flash x3 | vote` asks a gate."""
        attempts = [f"{a.target}@{a.start_after:g}" if a.start_after else a.target for a in self.attempts]
        samples = f" x{self.samples}" if self.samples > 1 else ""
        return " + ".join(attempts) + samples + (f" | {' '.join(self.gates)}" if self.gates else "")


class Plan(Struct, frozen=True, omit_defaults=True):
    """Failover is one attempt a stage.

    `pin_ttl`: the request's session is pinned to whoever serves it, for so many seconds after its last turn. A planner
    that makes a plan of its own need not repeat it. `best_effort`: where every stage after a gate's no fails, the
    answer that was turned down is given all the same.
    """

    stages: tuple[Stage, ...]
    pin_ttl: float | None = None
    best_effort: bool = False

    def targets(self) -> frozenset[str]:
        """Every model that it names."""
        return frozenset([attempt.target for stage in self.stages for attempt in stage.attempts])
