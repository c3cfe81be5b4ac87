"""Finds labels that will be confused, before they are: descriptions that say the same, examples that stray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pointsman_policies.classifier.labelled import Example, ExampleSet
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.training import Array, Table, chances, cross_validate, tabulate
from pointsman_policies.classifier.words import build_dictionary, clip, split

ALIKE = 0.45
"""Cosine of what two descriptions promise, from which on they are reported."""
FIRM, STRAYING, MIXED = 0.8, 0.1, 0.25
"""A pair is reported if so large a share of the smaller set firmly looks like the other one, or at all."""
ENOUGH = 8
"""Examples a label needs before its neighbours are asked about them."""

# Words of every description, which say nothing of one.
_COMMON = frozenset((
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "exactly", "for", "from", "given", "give", "gives",
    "in", "into", "is", "it", "its", "more", "new", "of", "on", "one", "or", "other", "out", "return", "returns",
    "several", "text", "that", "the", "their", "them", "they", "this", "to", "what", "which", "with", "without",
    "der", "die", "das", "und", "oder", "ein", "eine", "le", "la", "les", "un", "une", "et", "ou", "el", "los",
    "de", "del", "y", "o",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two labels that overlap, why, and what shows it."""

    one: str
    other: str
    why: str
    shown_by: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.one} / {self.other}: {self.why}", *(f"    {line}" for line in self.shown_by)])


def lint(labelled: ExampleSet) -> list[Overlap]:
    """Every overlap; none is what one wants."""
    return [*_descriptions(labelled.descriptions), *_twins(labelled.examples), *_strays(labelled)]


def _descriptions(descriptions: dict[str, str]) -> Iterator[Overlap]:
    meanings = {label: _meanings(text) for label, text in descriptions.items()}
    for one, other in combinations(descriptions, 2):
        shared = meanings[one] & meanings[other]
        size = sqrt(len(meanings[one]) * len(meanings[other]))
        if size and len(shared) / size >= ALIKE:
            why = f"their descriptions promise nearly the same ({len(shared) / size:.0%})"
            yield Overlap(one, other, why, (f"{one}: {descriptions[one]}", f"{other}: {descriptions[other]}"))


def _meanings(description: str) -> frozenset[str]:
    """What a description's words mean: synonyms count as one, in any language of the lexicon."""
    dictionary, names = build_dictionary(CONCEPTS), tuple(CONCEPTS)
    found = set()
    for word in split(description).lower:
        stem = word.removesuffix("'s").removesuffix("’s")
        if word in _COMMON or not stem[:1].isalnum():
            continue
        concepts = dictionary.meanings(split(stem)) or dictionary.meanings(split(stem.removesuffix("s")))
        found.add(names[concepts[0][0]] if concepts else stem.removesuffix("s"))
    return frozenset(found)


def _twins(examples: Sequence[Example]) -> Iterator[Overlap]:
    """The same text, or nearly, under two labels."""
    seen: dict[str, Example] = {}
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example in examples:
        plain = " ".join(split(clip(example.text)).lower)
        twin = seen.setdefault(plain, example)
        if twin.label != example.label:
            pairs[twin.label, example.label].append(_short(example.text))
    for (one, other), texts in pairs.items():
        yield Overlap(one, other, f"{len(texts)} examples stand under both", tuple(texts[:3]))


def _strays(labelled: ExampleSet) -> Iterator[Overlap]:
    """Examples that a model which has not seen their kind takes for another label's."""
    labels = [label for label in labelled.labels if _count(labelled, label) >= ENOUGH]
    examples = [example for example in labelled.examples if example.label in labels]
    if len(labels) < 2:
        return
    table = tabulate(examples, labels)
    sure = chances(cross_validate(table, len(labels)))
    for one, other in combinations(range(len(labels)), 2):
        stray = np.flatnonzero(_taken(table, sure, one, other) | _taken(table, sure, other, one))
        firm = stray[sure[stray].max(axis=1) >= FIRM]
        smaller = min(_count(labelled, labels[one]), _count(labelled, labels[other]))
        if len(firm) >= max(3, STRAYING * smaller) or len(stray) >= max(3, MIXED * smaller):
            why = f"{len(stray)} examples of one look like the other, {len(firm)} of them firmly"
            worst = sorted(stray, key=lambda row: -float(sure[row].max()))[:4]
            shown = tuple(f"{labels[table.labels[row]]}: {_short(examples[row].text)}" for row in worst)
            yield Overlap(labels[one], labels[other], why, shown)


def _taken(table: Table, sure: Array, truth: int, other: int) -> NDArray[np.bool_]:
    """Rows of one label that are taken for another's."""
    result: NDArray[np.bool_] = (table.labels == truth) & (sure.argmax(axis=1) == other)
    return result


def _count(labelled: ExampleSet, label: str) -> int:
    return sum(example.label == label for example in labelled.examples)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
