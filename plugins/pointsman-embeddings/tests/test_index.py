"""The index: nearest label, and a confidence that was fitted on kinds left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from pointsman_embeddings.embedder import Vectors, unit_rows
from pointsman_embeddings.index import DEFAULT_TEMPERATURE, Index, Method, Rule, build_index
from pointsman_policies.classifier.labelled import Example

LABELS = ("a", "b")
Points = Mapping[tuple[str, str], Sequence[tuple[float, ...]]]

CENTROIDS, NEAREST = Rule("centroids", 5), Rule("nearest", 2)


def built(points: Points, rule: Rule) -> Index:
    examples = [Example("", label, kind) for (label, kind), rows in points.items() for _ in rows]
    return build_index(examples, LABELS, unit_rows([row for rows in points.values() for row in rows]), rule)


def at(*vector: float) -> Vectors:
    row: Vectors = unit_rows([vector])[0]
    return row


def cloud(seed: int, per_kind: int, spread: float) -> dict[tuple[str, str], list[tuple[float, ...]]]:
    """Two labels of eight kinds each, whose centres lie around their label's."""
    random = np.random.default_rng(seed)
    points: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for label, centre in (("a", 1.0), ("b", -1.0)):
        for kind in range(8):
            middle = np.array([centre, *np.zeros(15)]) + random.normal(0, spread, 16)
            points[label, str(kind)] = [tuple(middle + random.normal(0, 0.3, 16)) for _ in range(per_kind)]
    return points


@pytest.mark.parametrize("rule", [CENTROIDS, NEAREST])
def test_it_finds_the_nearest_label(rule: Rule) -> None:
    index = built({("a", ""): [(1, 0), (0.9, 0.1)], ("b", ""): [(0, 1), (0.1, 0.9)]}, rule)
    found = index.find(at(0.8, 0.3))
    assert found.label == "a"
    assert 0.5 < found.confidence <= 1
    assert index.find(at(0.5, 0.5)).confidence == pytest.approx(0.5)


def test_each_kind_has_its_centroid() -> None:
    """The mean of all of `a` would point at `b`."""
    north: Points = {("a", "north"): [(0.0, 1.0)], ("a", "far north"): [(0.1, 1.0)]}
    south: Points = {("a", "south"): [(0.0, -1.0)], ("a", "far south"): [(0.1, -1.0)]}
    index = built({**north, **south, ("b", ""): [(1.0, 0.0)]}, CENTROIDS)
    assert [len(points) for points in index.points] == [4, 1]
    assert index.find(at(0, 1)).label == index.find(at(0, -1)).label == "a"


def test_kinds_of_two_labels_may_have_one_name() -> None:
    index = built({("a", "short"): [(1.0, 0.0)], ("b", "short"): [(0.0, 1.0)]}, CENTROIDS)
    assert index.find(at(0.0, 1.0)).label == "b"


def test_examples_that_cancel_out_are_left_out_of_the_centroids() -> None:
    index = built({("a", "x"): [(1, 0), (-1, 0)], ("a", "y"): [(1, 0)], ("b", ""): [(0, 1)]}, CENTROIDS)
    assert len(index.points[0]) == 1
    assert index.find(at(1, 0)).label == "a"


def test_k_examples_are_asked_in_place_of_one() -> None:
    """One stray example of `b` at `a`'s place decides alone, and not where two are asked."""
    points = {("a", ""): [(1.0, 0.1), (1.0, -0.1)], ("b", ""): [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]}
    assert built(points, Rule("nearest", 1)).find(at(1, 0)).label == "b"
    assert built(points, Rule("nearest", 2)).find(at(1, 0)).label == "a"


def test_few_examples_get_the_temperature_that_is_documented() -> None:
    assert built({("a", ""): [(1, 0)], ("b", ""): [(0, 1)]}, CENTROIDS).temperature == DEFAULT_TEMPERATURE


@pytest.mark.parametrize("method", ["centroids", "nearest"])
@pytest.mark.parametrize("spread", [0.3, 0.6])
def test_confidence_holds_on_kinds_that_nobody_wrote_down(method: Method, spread: float) -> None:
    index = built(cloud(1, 12, spread), Rule(method, 5))
    answers = [
        (label, index.find(at(*row)))
        for seed in range(2, 12)
        for (label, _), rows in cloud(seed, 4, spread).items()
        for row in rows
    ]
    right = np.mean([label == found.label for label, found in answers])
    assert right == pytest.approx(np.mean([found.confidence for _, found in answers]), abs=0.08)


def test_a_few_easy_examples_make_it_certain_of_nothing() -> None:
    easy = {(label, kind): [row] * 3 for label, row in (("a", (1.0, 0.0)), ("b", (0.0, 1.0))) for kind in "123456"}
    index = built(easy, CENTROIDS)
    assert index.find(at(1, 0)).confidence == pytest.approx(37 / 38, abs=0.01)


def test_strange_kinds_make_it_modest() -> None:
    plain, strange = (built(cloud(1, 12, spread), CENTROIDS).temperature for spread in (0.1, 1.0))
    assert plain < strange


def test_without_kinds_examples_are_left_out_instead() -> None:
    """Left out with its kind, the label would be gone, and nothing could be said of it."""
    points = {(label, ""): rows for (label, _), rows in cloud(3, 30, 0.3).items()}
    assert built(points, CENTROIDS).temperature != DEFAULT_TEMPERATURE
