"""Labelled examples as vectors: which label a vector is nearest to, and how often such an answer is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pointsman_embeddings.embedder import Vectors, unit_rows
from pointsman_policies.classifier.labelled import Example

Method = Literal["centroids", "nearest"]
Numbers = NDArray[np.int64]
Scores = NDArray[np.float64]

NEAREST_KINDS = 2
"""Centroids of a label that count, the nearest: one alone lets a single odd kind decide."""
DEFAULT_TEMPERATURE = 0.05
"""Where there are too few examples to leave a kind out: a lead of 0.05 in cosine is then worth a factor of e."""
ENOUGH = 20
"""Examples that must have been judged without their kind before their temperature is believed."""
_FOLDS = 60
"""Kinds are left out one at a time, or in so many groups where there are more."""
_ROW_FOLDS = 10
_FAR = -1.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How a label is scored: by its centroids (of a kind each), or by its `k` nearest examples."""

    method: Method
    k: int


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest label. Of answers given with confidence 0.8, eight in ten should be right."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Index:
    """Points of each label, and the temperature that makes their scores honest."""

    labels: tuple[str, ...]
    points: tuple[Vectors, ...]
    nearest: int
    temperature: float

    def find(self, vector: Vectors) -> Found:
        """The label of one vector of length 1."""
        chances = np.exp(_log_chances(_scores(vector[None, :], self.points, self.nearest) / self.temperature))[0]
        best = int(chances.argmax())
        return Found(self.labels[best], float(chances[best]))


@dataclass(frozen=True, slots=True)
class _Table:
    """Examples as vectors, with the numbers of their labels and their kinds."""

    vectors: Vectors
    labels: Numbers
    kinds: NDArray[np.str_]

    def rows(self, chosen: NDArray[np.bool_]) -> _Table:
        return _Table(self.vectors[chosen], self.labels[chosen], self.kinds[chosen])


def build_index(examples: Sequence[Example], labels: Sequence[str], vectors: Vectors, rule: Rule) -> Index:
    """The index of examples whose vectors these are."""
    number = {label: index for index, label in enumerate(labels)}
    table = _Table(
        vectors,
        np.array([number[example.label] for example in examples], dtype=np.int64),
        np.array([f"{example.label}\0{example.family}" for example in examples]),
    )
    nearest = rule.k if rule.method == "nearest" else NEAREST_KINDS
    points = _points(table, len(labels), rule.method)
    return Index(tuple(labels), points, nearest, _temperature(table, len(labels), rule))


def _points(table: _Table, classes: int, method: Method) -> tuple[Vectors, ...]:
    if method == "nearest":
        return tuple(table.vectors[table.labels == label] for label in range(classes))
    return tuple(_centroids(table.rows(table.labels == label)) for label in range(classes))


def _centroids(table: _Table) -> Vectors:
    """One for each kind. A kind whose examples cancel out points nowhere, and is left out."""
    means = [table.vectors[table.kinds == kind].mean(axis=0) for kind in sorted(set(table.kinds.tolist()))]
    kept = [mean for mean in means if np.linalg.norm(mean) > 1e-6]
    return unit_rows(kept) if kept else table.vectors


def _scores(vectors: Vectors, points: Sequence[Vectors], nearest: int) -> Scores:
    """The mean cosine of each label's nearest points; a row for each vector."""
    scores = np.full((len(vectors), len(points)), _FAR)
    for label, its in enumerate(points):
        if count := min(nearest, len(its)):
            cosines = vectors @ its.T
            scores[:, label] = np.partition(cosines, len(its) - count, axis=1)[:, -count:].mean(axis=1)
    return scores


def _temperature(table: _Table, classes: int, rule: Rule) -> float:
    """Fitted on examples whose kind was left out: real requests are of kinds that nobody wrote down, too."""
    scores, judged = np.zeros((len(table.labels), classes)), np.zeros(len(table.labels), dtype=bool)
    folds = _folds(table)
    nearest = rule.k if rule.method == "nearest" else NEAREST_KINDS
    for fold in np.unique(folds):
        out = folds == fold
        points = _points(table.rows(~out), classes, rule.method)
        scores[out] = _scores(table.vectors[out], points, nearest)
        # A label that went away with the fold cannot be found again.
        judged[out] = [len(points[label]) > 0 for label in table.labels[out]]
    if judged.sum() < ENOUGH:
        return DEFAULT_TEMPERATURE
    return _most_honest(scores[judged], table.labels[judged])


def _most_honest(scores: Scores, labels: Numbers) -> float:
    """The temperature of least loss, against targets short of certainty as Platt chose them.

    Of n answers that are all right, the next is wrong with a chance of about 1 in n: a few examples that are easily
    told apart must not make it certain of everything.
    """
    doubt = 1 / (len(labels) + 2)
    targets = np.full(scores.shape, doubt / (scores.shape[1] - 1))
    targets[np.arange(len(labels)), labels] = 1 - doubt
    candidates = np.geomspace(0.005, 1, 107)
    losses = [-(targets * _log_chances(scores / t)).sum() for t in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def _folds(table: _Table) -> Numbers:
    """What is left out together: a kind, or where a label has one kind alone, every so-manieth of its examples."""
    kinds = sorted(set(table.kinds.tolist()))
    of_kind: Mapping[str, int] = {kind: index % _FOLDS for index, kind in enumerate(kinds)}
    folds = np.array([of_kind[kind] for kind in table.kinds.tolist()], dtype=np.int64)
    for label in np.unique(table.labels):
        rows = np.flatnonzero(table.labels == label)
        if len(set(table.kinds[rows].tolist())) == 1:
            folds[rows] = _FOLDS + np.arange(len(rows)) % _ROW_FOLDS
    return folds


def _log_chances(scores: Scores) -> Scores:
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs: Scores = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return logs
