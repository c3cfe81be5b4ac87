"""What a soak run shows: whether anything grew, and whether every error and every row has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

SURE = 2.0
"""Standard errors: what grew by less than so many above the limit may as well be noise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment: seconds into the run, bytes, open descriptors and how many of them are sockets."""

    at: float
    resident: int
    descriptors: int
    sockets: int
    threads: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A straight line through a series: what it gains a minute, and the standard error of that."""

    per_minute: float
    error: float

    def exceeds(self, limit: float) -> bool:
        """Does it grow by more than `limit` a minute, as far as can be said with certainty?"""
        return self.per_minute - SURE * self.error > limit


@dataclass(frozen=True, slots=True)
class Limits:
    """What is still no leak: kB, descriptors and threads a minute."""

    memory: float = 100.0
    descriptors: float = 1.0
    threads: float = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What callers and the ledger say. `acknowledged` are the decision ids of answers whose end a caller saw.

    `errors` counts what callers were told, by reason; `logged` the server's log lines of level error and above.
    `cancelled`: calls that their callers gave up; `running`: calls still under way after the last of them.
    """

    acknowledged: Sequence[str]
    cancelled: int
    errors: Mapping[str, int]
    recorded: Mapping[str, str]
    logged: Sequence[str]
    running: int
    reloads: int = 0


def fit(points: Sequence[tuple[float, float]]) -> Fit:
    """Least squares over (seconds, value), at least three of them.

    What is measured each second resembles what was a second before, and so tells less than as many measurements that
    know nothing of each other: the error is widened by the residuals' correlation with their predecessors.
    """
    count = len(points)
    mean_x, mean_y = (sum(values) / count for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    residuals = [y - mean_y - slope * (x - mean_x) for x, y in points]
    squares = sum(residual**2 for residual in residuals)
    error = sqrt(squares / (count - 2) / spread)
    if squares:
        alike = sum(one * after for one, after in pairwise(residuals)) / squares
        alike = min(max(alike, 0.0), 0.99)
        error *= sqrt((1 + alike) / (1 - alike))
    return Fit(slope * 60, error * 60)


@dataclass(frozen=True, slots=True)
class Growth:
    """What was fitted, after the warm-up. Memory is in kB."""

    memory: Fit
    descriptors: Fit
    threads: Fit

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Growth:
        return cls(
            fit([(sample.at, sample.resident / 1024) for sample in samples]),
            fit([(sample.at, sample.descriptors) for sample in samples]),
            fit([(sample.at, sample.threads) for sample in samples]),
        )


def failures(growth: Growth, outcome: Outcome, limits: Limits, explained: frozenset[str]) -> Iterator[str]:
    """What is wrong, a sentence each; nothing where all is well. `explained` are the reasons that were provoked."""
    for what, unit, line, limit in (
        ("memory", "kB", growth.memory, limits.memory),
        ("descriptors", "", growth.descriptors, limits.descriptors),
        ("threads", "", growth.threads, limits.threads),
    ):
        if line.exceeds(limit):
            grown = f"{line.per_minute:.2f} ± {line.error:.2f} {unit}".rstrip()
            yield f"{what}: grew by {grown} a minute; {limit:g} would be no leak"
    for reason, count in sorted(outcome.errors.items()):
        if reason not in explained:
            yield f"errors: {count} x {reason}, which nothing provoked"
    yield from _rows(outcome)
    for complaint in outcome.logged[:5]:
        yield f"log: {complaint}"
    if outcome.running:
        yield f"calls: {outcome.running} still run although their callers are gone"


def _rows(outcome: Outcome) -> Iterator[str]:
    """Each answer whose end was seen is in the ledger, once and as a success; of the others the callers were gone."""
    twice = [decision for decision, count in Counter(outcome.acknowledged).items() if count > 1]
    if twice:
        yield f"ledger: {len(twice)} decision ids were given out twice, {twice[0]} first"
    good = {decision for decision, status in outcome.recorded.items() if status == "OK"}
    missing = [decision for decision in outcome.acknowledged if decision not in good]
    if missing:
        yield f"ledger: {len(missing)} acknowledged answers are not there, {missing[0]} first"
    more = len(good) - (len(set(outcome.acknowledged)) - len(missing))
    if more > outcome.cancelled:
        yield f"ledger: {more} successes that nobody saw, and only {outcome.cancelled} callers had gone away"
