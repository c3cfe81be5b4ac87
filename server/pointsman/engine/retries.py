"""How much may be tried again: without a bound, a provider that stumbles is knocked down by its callers' retries."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

WINDOW = 10.0
"""Seconds over which retries are compared with requests."""

_BASE, _LONGEST = 0.2, 10.0
# Seconds of one bucket of the window.
_BUCKET = 1.0


@dataclass(frozen=True, slots=True)
class Retries:
    """`again`: how often a request may ask a target once more. `share` of requests and `floor` bound all of them."""

    again: int = 2
    share: float = 0.2
    floor: int = 3


def backoff(number: int, asked: float | None) -> float | None:
    """Seconds to wait before retry `number`, from 1: exponential with full jitter, and never less than `asked` for.

    None: longer than it makes sense to wait.
    """
    drawn = random.uniform(0, min(_LONGEST, _BASE * 2.0**number))  # noqa: S311 - spreads load, no secret
    wait = max(drawn, asked or 0.0)
    return wait if wait <= _LONGEST else None


class RetryBudget:
    """Retries of the last seconds against requests of the same, for a whole process; times are monotonic seconds."""

    def __init__(self) -> None:
        # (second, requests, retries), oldest first.
        self._buckets: deque[list[float]] = deque()
        self._requests = self._retries = 0

    def request(self, now: float) -> None:
        """Count a request."""
        self._bucket(now)[1] += 1
        self._requests += 1

    def take(self, now: float, limits: Retries) -> bool:
        """Count a retry, if there is room for one."""
        bucket = self._bucket(now)
        if self._retries >= max(limits.floor, limits.share * self._requests):
            return False
        bucket[2] += 1
        self._retries += 1
        return True

    def _bucket(self, now: float) -> list[float]:
        buckets = self._buckets
        second = now // _BUCKET
        while buckets and buckets[0][0] <= second - WINDOW / _BUCKET:
            _, requests, retries = buckets.popleft()
            self._requests -= int(requests)
            self._retries -= int(retries)
        if not buckets or buckets[-1][0] != second:
            buckets.append([second, 0, 0])
        return buckets[-1]
