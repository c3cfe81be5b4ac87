"""Times to first token of one model: the median of its last answers, and the 95th percentile of a longer past."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import exp, log

from pointsman.model.snapshot import Latency

WINDOW = 128
"""Answers that the median is taken over, and the percentile too as long as there are no more."""

HALF_LIFE = 600.0
"""Seconds after which an answer counts half in the percentile."""

# A tail is seldom seen: over 128 answers its percentile jumps about, and a hedge's delay with it.
_GROWTH = log(1.02)
_SHORTEST, _BUCKETS = 0.001, 720
_EVERY = 32
# Weights grow with time instead of old ones shrinking; at this size they are scaled down together.
_HEAVY = 1e9


class Latencies:
    """Takes a time, in seconds, at a monotonic time, and says how the model stands with it."""

    def __init__(self) -> None:
        self._arrived: deque[float] = deque()
        self._sorted: list[float] = []
        self._buckets = [0.0] * _BUCKETS
        self._weight, self._epoch = 0.0, 0.0
        self._added, self._p95 = 0, 0.0

    def add(self, seconds: float, now: float) -> Latency:
        self._remember(seconds)
        self._spread(seconds, now)
        self._added += 1
        if self._added <= WINDOW:
            self._p95 = self._percentile(95)
        elif self._added % _EVERY == 0:
            self._p95 = self._tail()
        return Latency(self._percentile(50), self._p95, min(self._added, WINDOW))

    def _remember(self, seconds: float) -> None:
        self._arrived.append(seconds)
        insort(self._sorted, seconds)
        if len(self._arrived) > WINDOW:
            del self._sorted[bisect_left(self._sorted, self._arrived.popleft())]

    def _percentile(self, percent: int) -> float:
        """The smallest of the last values that at least `percent` of them do not exceed."""
        return self._sorted[(len(self._sorted) * percent + 99) // 100 - 1]

    def _spread(self, seconds: float, now: float) -> None:
        weight = exp((now - self._epoch) * log(2) / HALF_LIFE) if self._added else 1.0
        if not self._added:
            self._epoch = now
        if weight > _HEAVY:
            self._buckets = [value / weight for value in self._buckets]
            self._weight, self._epoch, weight = self._weight / weight, now, 1.0
        index = int(log(max(seconds, _SHORTEST) / _SHORTEST) / _GROWTH)
        self._buckets[min(index, _BUCKETS - 1)] += weight
        self._weight += weight

    def _tail(self) -> float:
        """The value that 5 % of the weight lies above, to a per cent."""
        left, index = self._weight * 0.05, _BUCKETS - 1
        while index and (left := left - self._buckets[index]) > 0:
            index -= 1
        return _SHORTEST * exp((index + 0.5) * _GROWTH)
