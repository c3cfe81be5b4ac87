from __future__ import annotations


class HeldClock:
    """Implements `ports.Clock`; time passes when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds
