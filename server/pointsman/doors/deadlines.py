"""Until when a call must be answered."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

RESERVE, RESERVE_SHARE = 0.1, 0.05
"""Seconds, and share, of a deadline kept back so that our own error wins the race against the caller's timer."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: for callers that give none, and at most."""

    default: float
    maximum: float

    def deadline(self, remaining: float | None) -> float:
        """Monotonic seconds by which we must have answered who has `remaining` seconds left; None: who gave none."""
        left = self.default if remaining is None else min(remaining, self.maximum)
        return monotonic() + left - min(RESERVE, left * RESERVE_SHARE)
