"""How good a classifier is: shares with their intervals, confusion, calibration, accuracy by coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Judged:
    """One example, what the model said of it, and how sure it was."""

    truth: str
    label: str
    confidence: float

    @property
    def right(self) -> bool:
        return self.truth == self.label


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with a 95 % Wilson interval, which holds for few examples and for shares near 0 and 1."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.n:
            return 0.0, 1.0
        z, n, p = 1.96, self.n, self.value
        middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max((middle - spread) / (1 + z * z / n), 0.0), min((middle + spread) / (1 + z * z / n), 1.0)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] n={self.n}"


def accuracy(judged: Sequence[Judged]) -> Share:
    """Share of right answers."""
    return Share(sum(one.right for one in judged), len(judged))


def most_confident(judged: Sequence[Judged], share: float) -> Sequence[Judged]:
    """The surest `share` of the answers."""
    return sorted(judged, key=lambda one: -one.confidence)[: round(len(judged) * share)]


def called(judged: Sequence[Judged], label: str, least: float = 0.0) -> Share:
    """How many of the examples of other labels are called `label`, at a confidence of at least `least`."""
    others = [one for one in judged if one.truth != label]
    return Share(sum(one.label == label and one.confidence >= least for one in others), len(others))


def confusion(judged: Sequence[Judged], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Counts by truth, then by answer."""
    table = {truth: dict.fromkeys(labels, 0) for truth in labels}
    for one in judged:
        table[one.truth][one.label] += 1
    return table


def calibration_error(judged: Sequence[Judged], bins: int = 10) -> float:
    """Expected calibration error: how far confidence is from accuracy, over bins of equal width."""
    total = 0.0
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        inside = [one for one in judged if low < one.confidence <= high]
        if inside:
            confidence = sum(one.confidence for one in inside) / len(inside)
            total += len(inside) * abs(accuracy(inside).value - confidence)
    return total / len(judged) if judged else 0.0
