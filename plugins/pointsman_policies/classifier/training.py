"""Training: multinomial logistic regression on a few thousand examples, numpy only, the same result every time.

Compared on prompts of sources that training had not seen, it beat neural networks, kernels and forests on the same
features, and needs seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointsman import PointsmanError
from pointsman_policies.classifier.features import HASHES, NAMES, Features, Reader
from pointsman_policies.classifier.labelled import Example
from pointsman_policies.classifier.model import REACH, Model

Array = NDArray[np.float64]

PENALTY = 1e-4
HASHED_SHARE = 0.5
"""Weight of hashed words beside the named features: on unseen sources they add half a point, and more would harm."""
FOLDS = 6
CAUTION = 1.3
"""Temperature on top of what cross-validation asks for: real traffic is stranger than the examples."""
_STEPS, _MEMORY = 400, 12


class TooFewExamples(PointsmanError):
    """Not enough to train on."""


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as rows of features, with the numbers of their labels and their families."""

    dense: Array
    hashed: Array
    labels: NDArray[np.int64]
    families: tuple[str, ...]

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
        families = tuple(family for family, wanted in zip(self.families, chosen, strict=True) if wanted)
        return Table(self.dense[chosen], self.hashed[chosen], self.labels[chosen], families)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights over standardised features, at temperature 1."""

    scale: Array
    shift: Array
    dense: Array
    hashed: Array
    bias: Array

    def scores(self, table: Table) -> Array:
        dense = np.clip(table.dense * self.scale + self.shift, -REACH, REACH)
        scores: Array = dense @ self.dense + table.hashed @ self.hashed + self.bias
        return scores


def train(examples: Sequence[Example], labels: Sequence[str], version: str) -> Model:
    """Train on all examples; the temperature comes from cross-validation over whole families."""
    counts = Counter(example.label for example in examples)
    if short := [label for label in labels if counts[label] < 2]:
        raise TooFewExamples(f"label {short[0]!r} has {counts[short[0]]} examples; at least 2 are needed, 50 advised")
    if len(labels) < 2:
        raise TooFewExamples("a classifier needs at least two labels")
    table = tabulate(examples, labels)
    fitted = fit(table, len(labels))
    temperature = CAUTION * best_temperature(cross_validate(table, len(labels)), table.labels)
    return Model(
        labels=tuple(labels),
        version=version,
        # Rounded, so that the last bits of another machine's arithmetic seldom show in the digest.
        **{name: _rounded(getattr(fitted, name)) for name in ("scale", "shift", "dense", "hashed", "bias")},
        temperature=round(float(temperature), 3),
        trained_on=dict(sorted(counts.items())),
    )


def tabulate(examples: Sequence[Example], labels: Sequence[str]) -> Table:
    """The features of examples."""
    reader = Reader()
    read = [reader.read(example.text) for example in examples]
    number = {label: index for index, label in enumerate(labels)}
    return Table(
        dense=np.array([features.dense for features in read], dtype=np.float64).reshape(len(read), len(NAMES)),
        hashed=_spread(read),
        labels=np.array([number[example.label] for example in examples], dtype=np.int64),
        families=tuple(example.family or example.label for example in examples),
    )


def fit(table: Table, classes: int) -> Fitted:
    """Weights for `classes` labels."""
    mean, deviation = table.dense.mean(axis=0), table.dense.std(axis=0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0)
    shift = -mean * scale
    norm = np.sqrt(max((scale > 0).sum(), 1))
    dense = np.clip(table.dense * scale + shift, -REACH, REACH) / norm
    used = table.hashed.any(axis=0)
    hashed = HASHED_SHARE * table.hashed[:, used]
    # There are more features than examples, and the penalty treats all directions alike: turned into the space that the
    # examples span, the problem is the same and much smaller.
    values, vectors = np.linalg.eigh(dense @ dense.T + hashed @ hashed.T)
    kept = values > 1e-9 * values[-1]
    vectors, roots = vectors[:, kept], np.sqrt(values[kept])
    weights, bias = _logistic(vectors * roots, table.labels, _row_weights(table, classes), classes)
    rows = vectors @ (weights / roots[:, None])
    whole = np.zeros((HASHES, classes))
    whole[used] = HASHED_SHARE * (hashed.T @ rows)
    return Fitted(scale, shift, dense.T @ rows / norm, whole, bias)


def cross_validate(table: Table, classes: int) -> Array:
    """Scores of each row by weights that saw no row of its family."""
    families = sorted(set(table.families))
    # Every FOLDS-th family in alphabetical order: families of one label stand together, so each fold has some of all.
    fold = {family: index % FOLDS for index, family in enumerate(families)}
    folds = np.array([fold[family] for family in table.families])
    if len(families) <= 2 * classes:
        folds = np.arange(len(folds)) % FOLDS  # too few families to hold any out whole
    scores = np.zeros((len(table.labels), classes))
    for held in range(FOLDS):
        out = folds == held
        if out.any() and not out.all():
            scores[out] = fit(table.rows(~out), classes).scores(table.rows(out))
    return scores


def best_temperature(scores: Array, labels: NDArray[np.int64]) -> float:
    """The temperature at which the scores are most honest about how often they are right."""
    candidates = np.geomspace(0.25, 8, 121)
    losses = [-_log_chances(scores / t)[np.arange(len(labels)), labels].mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def chances(scores: Array, temperature: float = 1.0) -> Array:
    """Probabilities of scores."""
    result: Array = np.exp(_log_chances(scores / temperature))
    return result


def _spread(read: Sequence[Features]) -> Array:
    table = np.zeros((len(read), HASHES))
    for row, features in zip(table, read, strict=True):
        if features.hashed:
            row[list(features.hashed)] = len(features.hashed) ** -0.5
    return table


def _row_weights(table: Table, classes: int) -> Array:
    """Every label weighs the same, and within it a family as the square root of its size."""
    sizes = Counter(table.families)
    weights = np.array([sizes[family] ** -0.5 for family in table.families])
    for label in range(classes):
        chosen = table.labels == label
        if chosen.any():
            weights[chosen] /= weights[chosen].sum() * classes
    return weights


def _log_chances(scores: Array) -> Array:
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _logistic(design: Array, labels: NDArray[np.int64], weights: Array, classes: int) -> tuple[Array, Array]:
    rows, columns = design.shape
    truth = np.zeros((rows, classes))
    truth[np.arange(rows), labels] = 1

    def loss(point: Array) -> tuple[float, Array]:
        matrix = point[:-classes].reshape(columns, classes)
        logs = _log_chances(design @ matrix + point[-classes:])
        value = -(weights[:, None] * truth * logs).sum() + PENALTY / 2 * (matrix * matrix).sum()
        error = weights[:, None] * (np.exp(logs) - truth)
        return float(value), np.concatenate([(design.T @ error + PENALTY * matrix).ravel(), error.sum(axis=0)])

    point = _minimise(loss, np.zeros((columns + 1) * classes))
    return point[:-classes].reshape(columns, classes), point[-classes:]


def _minimise(loss: Callable[[Array], tuple[float, Array]], point: Array) -> Array:
    """L-BFGS with halving steps (Nocedal and Wright, algorithm 7.4); the problem is convex and smooth."""
    value, gradient = loss(point)
    past: list[tuple[Array, Array]] = []
    for _ in range(_STEPS):
        if np.abs(gradient).max() < 1e-7:
            break
        direction = -_curved(gradient, past)
        slope, step = float(gradient @ direction), 1.0
        while True:
            after, new_gradient = loss(point + step * direction)
            if after <= value + 1e-4 * step * slope or step < 1e-10:
                break
            step /= 2
        change, bend = step * direction, new_gradient - gradient
        point, value, gradient = point + change, after, new_gradient
        if change @ bend > 1e-14:
            past = [*past[-_MEMORY + 1 :], (change, bend)]
    return point


def _curved(gradient: Array, past: Sequence[tuple[Array, Array]]) -> Array:
    result, factors = gradient.copy(), []
    for change, bend in reversed(past):
        factor = (change @ result) / (change @ bend)
        result -= factor * bend
        factors.append(factor)
    if past:
        change, bend = past[-1]
        result *= (change @ bend) / (bend @ bend)
    for (change, bend), factor in zip(past, reversed(factors), strict=True):
        result += change * (factor - (bend @ result) / (change @ bend))
    return result


def _rounded(values: Array) -> NDArray[np.float32]:
    return np.round(values, 4).astype(np.float32)
