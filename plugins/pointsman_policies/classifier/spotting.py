"""Which patterns of structure a text has; the few are tried that its words give a hint of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import NamedTuple

from pointsman_policies.classifier.structure import (
    BEGINNINGS,
    CLUES,
    COUNTED,
    INSIDE,
    NEEDS,
    OF_LINES,
    PIECES,
    PRESENT,
    WITHIN_WORDS,
)
from pointsman_policies.classifier.vocabulary import Word


class _Pattern(NamedTuple):
    expression: re.Pattern[str]
    is_counted: bool
    is_of_lines: bool
    pieces: Sequence[str]
    clue: re.Pattern[str] | None


_PATTERNS = [
    _Pattern(expression, name in COUNTED, name in OF_LINES, PIECES.get(name, ()), CLUES.get(name))
    for name, expression in {**COUNTED, **PRESENT}.items()
]
_HINTED = {*NEEDS, *BEGINNINGS, *INSIDE, *WITHIN_WORDS}
_ALWAYS = [number for number, name in enumerate((*COUNTED, *PRESENT)) if name not in _HINTED]


def spot(text: str, words: Iterable[Word]) -> dict[int, float]:
    """What was found, by the number of the pattern: a rate of what is counted, otherwise 1."""
    hinted, counts = set(_ALWAYS), dict[int, int]()
    for word in words:
        if word.hints:
            hinted.update(word.hints)
        if word.counts:
            for number, count in word.counts:
                counts[number] = counts.get(number, 0) + count
    starts = [0, *(found.end() for found in re.finditer("\n", text))] if "\n" in text else (0,)
    scale = 3 / sqrt(len(text) + 100)
    spotted = {number: min(count * scale, 2.0) for number, count in counts.items()}
    for number in hinted:
        expression, is_counted, is_of_lines, pieces, clue = _PATTERNS[number]
        if (pieces and not _has_one(text, pieces)) or (clue and not clue.search(text)):
            continue
        if is_of_lines:
            found = len([start for start in starts if expression.match(text, start)])
        elif is_counted:
            found = len(expression.findall(text))
        else:
            found = expression.search(text) is not None
        if found:
            spotted[number] = min(found * scale, 2.0) if is_counted else 1.0
    return spotted


def _has_one(text: str, pieces: Sequence[str]) -> bool:
    for piece in pieces:  # noqa: SIM110  # any() with a generator costs more than the looking
        if piece in text:
            return True
    return False
