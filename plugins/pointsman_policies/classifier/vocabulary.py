"""What single words say, remembered: prompts say most things in the same few thousand words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.structure import BEGINNINGS, COUNTED, INSIDE, NEEDS, PHRASES, PRESENT, WITHIN_WORDS
from pointsman_policies.classifier.words import Table, build_dictionary, build_phrases, units_of

LONGEST = 40
"""Characters of a word that is remembered, and of any word that is hashed."""
MOST = 8192
"""Words remembered, some 4 MB; with one more it starts afresh."""

_DICTIONARY = build_dictionary(CONCEPTS)
_PHRASES = build_phrases(PHRASES)
_NUMBERED = list(enumerate((*COUNTED, *PRESENT)))
_WITHIN = [(number, COUNTED[name]) for number, name in _NUMBERED if name in WITHIN_WORDS]
_BEGINNINGS = [(number, re.compile(BEGINNINGS[name])) for number, name in _NUMBERED if name in BEGINNINGS]
_INSIDE = [(number, re.compile(INSIDE[name])) for number, name in _NUMBERED if name in INSIDE]
_ANY_BEGINNING = re.compile("|".join(BEGINNINGS.values()))
_ANYTHING_INSIDE = re.compile("|".join(sorted(set(INSIDE.values()))))
_NEEDING = {
    character: tuple(number for number, name in _NUMBERED if character in NEEDS.get(name, ()))
    for character in frozenset().union(*NEEDS.values())
}
_NOTHING: Table = {}


class Word(NamedTuple):
    """All that is to know of a word on its own, a symbol included.

    `meanings` are concepts and how far into the word they stand; `opens` has the phrases that begin with it, by their
    second word; `hints` are numbers of patterns that may match where it stands, `counts` those within it and how often.
    `start` is its CRC where a hashed row of words begins with it, `more` the bytes where a row goes on with it.
    """

    lower: str
    units: int
    meanings: Sequence[tuple[int, int]]
    opens: Table
    hints: Sequence[int]
    counts: Sequence[tuple[int, int]]
    is_name: bool
    start: int
    more: bytes


class Vocabulary(dict[str, Word]):
    """Words as they are written, read when they first occur."""

    def __missing__(self, written: str) -> Word:
        word = _read(written)
        if len(written) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[written] = word
        return word


def spell(text: str) -> bytes:
    """As it is hashed; lone surrogates are text too, as JSON can spell them."""
    return text.encode("utf-8", "surrogatepass")


def _read(written: str) -> Word:
    lower, units = written.lower(), units_of(written)
    # Without what names particular amounts, as names are left out too: those would teach topics.
    spelt = b"#" if written[0].isdigit() else spell(lower[:LONGEST])
    return Word(
        lower,
        units,
        _DICTIONARY.look_up(lower, units),
        _PHRASES.get(lower, _NOTHING),
        _hints(written),
        () if _is_plain(written) else _counts(written),
        written[0].isupper() and written[1:].islower(),
        crc32(spelt),
        b" " + spelt,
    )


def _hints(written: str) -> Sequence[int]:
    if len(written) == 1 and not written.isalnum():
        return _NEEDING.get(written, ())
    hints: list[int] = []
    if _ANY_BEGINNING.match(written):
        hints += [number for number, hint in _BEGINNINGS if hint.match(written)]
    if _ANYTHING_INSIDE.search(written):
        hints += [number for number, hint in _INSIDE if hint.search(written)]
    return hints


def _is_plain(written: str) -> bool:
    """Whether nothing is to be counted within: letters only, the first of them a capital at most."""
    return written.isascii() and written.isalpha() and (written.islower() or written.istitle())


def _counts(written: str) -> list[tuple[int, int]]:
    return [(number, count) for number, pattern in _WITHIN if (count := len(pattern.findall(written)))]
