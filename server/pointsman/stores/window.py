"""Counts over a sliding window of time."""

from __future__ import annotations

from collections import deque

_BUCKETS = 10


class Window:
    """How many calls ended, and how many failed, in the last `seconds`; forgotten a tenth of the window at a time.

    Instants are seconds of any clock that never goes back.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # The number of each bucket, and what was counted in it.
        self._buckets: deque[tuple[int, int, int]] = deque()
        self.calls = self.failures = 0

    @property
    def ratio(self) -> float:
        """Failures of all calls, 0..1."""
        return self.failures / self.calls if self.calls else 0.0

    def add(self, *, failed: bool, now: float) -> None:
        """Count one call that ended now."""
        self.forget(now)
        number, calls, failures = self._number(now), 1, int(failed)
        if self._buckets and self._buckets[-1][0] == number:
            _, before, failures_before = self._buckets.pop()
            calls, failures = calls + before, failures + failures_before
        self._buckets.append((number, calls, failures))
        self.calls += 1
        self.failures += failed

    def forget(self, now: float) -> None:
        """Drop what is older than the window."""
        oldest = self._number(now) - _BUCKETS
        while self._buckets and self._buckets[0][0] <= oldest:
            _, calls, failures = self._buckets.popleft()
            self.calls -= calls
            self.failures -= failures

    def clear(self) -> None:
        self._buckets.clear()
        self.calls = self.failures = 0

    def next_change(self) -> float | None:
        """When the oldest counts will be forgotten; None: there are none."""
        if not self._buckets:
            return None
        return (self._buckets[0][0] + _BUCKETS) * self.seconds / _BUCKETS

    def _number(self, now: float) -> int:
        return int(now * _BUCKETS / self.seconds)
