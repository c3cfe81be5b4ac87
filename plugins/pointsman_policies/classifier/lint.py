"""Finds labels that will be confused, before they are: descriptions that say the same, examples that stray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np

from pointsman_policies.classifier.labelled import Example, ExampleSet
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.training import Table, chances, cross_validate, tabulate
from pointsman_policies.classifier.words import build_dictionary, clip, split

ALIKE_DESCRIPTIONS = 0.5
FIRM = 0.8
STRAYING = 0.1
"""Share of a label's examples that must firmly look like another's before the pair is reported."""
ENOUGH = 8
"""Examples a label needs before its neighbours are asked about them."""

# Words of every description, which say nothing of one.
_COMMON = frozenset((
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "exactly", "for", "from", "given", "give", "gives",
    "in", "into", "is", "it", "its", "more", "new", "of", "on", "one", "or", "other", "return", "returns",
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
        if size and len(shared) / size >= ALIKE_DESCRIPTIONS:
            why = f"their descriptions promise nearly the same ({len(shared) / size:.0%})"
            yield Overlap(one, other, why, (f"{one}: {descriptions[one]}", f"{other}: {descriptions[other]}"))


def _meanings(description: str) -> frozenset[str]:
    """What a description's words mean: synonyms count as one, in any language of the lexicon."""
    dictionary, names = build_dictionary(CONCEPTS), tuple(CONCEPTS)
    found = set()
    for word in split(description).lower:
        if word in _COMMON or not word[0].isalnum():
            continue
        concepts = dictionary.meanings(split(word))
        found.add(names[concepts[0][0]] if concepts else word.removesuffix("s"))
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
    """Examples that a model which has not seen their kind firmly takes for another label's."""
    labels = [label for label in labelled.labels if _count(labelled, label) >= ENOUGH]
    examples = [example for example in labelled.examples if example.label in labels]
    if len(labels) < 2:
        return
    table = tabulate(examples, labels)
    sure = chances(cross_validate(table, len(labels)))
    for one, other in combinations(range(len(labels)), 2):
        stray = [*_firmly(table, sure, one, other), *_firmly(table, sure, other, one)]
        smaller = min(_count(labelled, labels[one]), _count(labelled, labels[other]))
        if len(stray) >= max(3, STRAYING * smaller):
            why = f"{len(stray)} examples of one look firmly like the other"
            shown = tuple(f"{labels[table.labels[row]]}: {_short(examples[row].text)}" for row in stray[:4])
            yield Overlap(labels[one], labels[other], why, shown)


def _firmly(table: Table, sure: np.ndarray[tuple[int, ...], np.dtype[np.float64]], truth: int, taken: int) -> list[int]:
    return [int(row) for row in np.flatnonzero((table.labels == truth) & (sure[:, taken] >= FIRM))]


def _count(labelled: ExampleSet, label: str) -> int:
    return sum(example.label == label for example in labelled.examples)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
