"""A text as numbers: concepts and structure as named features, and hashed words and pairs of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log1p, sqrt
from zlib import crc32

from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.structure import COUNTED, NEEDS, PHRASES, PRESENT
from pointsman_policies.classifier.words import Words, build_dictionary, build_phrases, clip, pairs, split

HASHES = 1 << 13
FIRST, HEAD, TAIL = 4, 24, 24
"""Zones of a text, in words: a task is named in the first words, near the beginning, or near the end."""
HASHED_HEAD, HASHED_TAIL = 30, 15

_DICTIONARY = build_dictionary(CONCEPTS)
_PHRASES = build_phrases(PHRASES)
_COUNTED = [(pattern, NEEDS.get(name)) for name, pattern in COUNTED.items()]
_PRESENT = [(pattern, NEEDS.get(name)) for name, pattern in PRESENT.items()]
_NUMBER = {concept: number for number, concept in enumerate(CONCEPTS)}
# Two concepts near the beginning that mean something else together: writing code is not writing a story.
_TOGETHER = (
    ("write", "fiction"), ("write", "document"), ("write", "plan"), ("write", "code_object"), ("write", "language"),
    ("code_object", "language"), ("calculate", "math_thing"), ("text_given", "summarise"), ("text_given", "classify"),
    ("text_given", "fact_wh"), ("exam", "science"), ("write", "constraint"), ("why", "science"),
    ("write", "text_given"),
)  # fmt: skip
_WH = frozenset(("what", "who", "when", "where", "which", "whose", "whom", "why", "how"))
_AUXILIARY = frozenset(
    ("is", "are", "can", "could", "do", "does", "did", "will", "would", "should", "has", "have", "was", "were", "am")
)
_SHAPE = (
    "asks", "ends in colon", "stops", "ends in letter", "lower start", "wh", "auxiliary", "few words", "very few words",
    "not ascii", "digits", "symbols", "long words", "ends in arrow",
)  # fmt: skip

NAMES: tuple[str, ...] = (
    *(f"{zone}: {concept}" for zone in ("first", "head", "tail", "all") for concept in CONCEPTS),
    *(f"head: {' and '.join(pair)}" for pair in _TOGETHER),
    *(f"phrase: {phrase}" for phrase in PHRASES),
    *COUNTED,
    *PRESENT,
    *_SHAPE,
)


@dataclass(frozen=True, slots=True)
class Features:
    """`dense` in the order of NAMES; `hashed` are distinct numbers below HASHES."""

    dense: Sequence[float]
    hashed: Sequence[int]


def featurise(text: str) -> Features:
    """Read a text; any text, an empty one included."""
    read = clip(text)
    words = split(read)
    return Features([*_concepts(words), *_phrases(words), *_structure(read), *_shape(read, words)], _hashed(words))


def _concepts(words: Words) -> list[float]:
    count = len(CONCEPTS)
    first, head, tail, total = [0.0] * count, [0] * count, [0] * count, [0] * count
    ending = words.length - TAIL
    for concept, at in _DICTIONARY.meanings(words):
        total[concept] += 1
        if at < HEAD:
            head[concept] += 1
            if at < FIRST:
                first[concept] = 1.0
        if at >= ending:
            tail[concept] += 1
    scale = 1 / sqrt(words.length or 1)
    together = [float(head[_NUMBER[one]] > 0 and head[_NUMBER[other]] > 0) for one, other in _TOGETHER]
    return [*first, *map(log1p, head), *map(log1p, tail), *(min(n * scale, 2.0) for n in total), *together]


def _phrases(words: Words) -> list[float]:
    found = [0.0] * len(PHRASES)
    for phrase in _PHRASES.keys() & set(pairs(words)):
        for number in _PHRASES[phrase]:
            found[number] = 1.0
    return found


def _structure(text: str) -> list[float]:
    scale, there = 3 / sqrt(len(text) + 100), set(text)
    features = [
        0.0 if needed and needed.isdisjoint(there) else min(len(pattern.findall(text)) * scale, 2.0)
        for pattern, needed in _COUNTED
    ]
    for pattern, needed in _PRESENT:
        features.append(0.0 if needed and needed.isdisjoint(there) else float(pattern.search(text) is not None))
    return features


def _shape(text: str, words: Words) -> list[float]:
    end, start = text.rstrip()[-1:] or " ", text.lstrip()[:1]
    first = words.lower[0] if words.lower else ""
    count = len(words.written) or 1
    plain = [len(word) for word in words.written if word.isalpha()]
    early = text[:300]
    return [
        float(end in "?？؟"),
        float(end in ":："),
        float(end in ".。।!！"),
        float(end.isalnum()),
        float(start.islower()),
        float(first in _WH),
        float(first in _AUXILIARY),
        float(words.length <= 12),
        float(words.length <= 5),
        0.0 if early.isascii() else min(4 * (1 - len(early.encode("ascii", "ignore")) / len(early)), 1.0),
        min(4 * sum(map(str.isdigit, words.written)) / count, 1.5),
        min(3 * (count - sum(map(str.isalnum, words.written))) / count, 1.5),
        (sum(plain) / len(plain) - 4.5) / 3 if plain else 0.0,
        float(end in ">→=_"),
    ]


def _hashed(words: Words) -> list[int]:
    """Words, pairs and triples of the beginning and the end; pairs of characters where words have no spaces."""
    count = len(words.written)
    head = [_masked(words, index) for index in range(min(HASHED_HEAD, count))]
    tail = [_masked(words, index) for index in range(max(count - HASHED_TAIL, HASHED_HEAD), count)]
    grams = {f"^{head[0]}"} if head else set()
    for zone in (head, tail):
        grams.update(zone)
        grams.update(map(" ".join, pairwise(zone)))
        grams.update(map(" ".join, zip(zone, zone[1:], zone[2:], strict=False)))
    for clause, units in zip(words.lower[:8], words.units, strict=False):
        if units > 1:
            grams.update(map("".join, pairwise(clause[:40])))
    # Lone surrogates are text too, as JSON can spell them.
    return sorted({crc32(gram.encode("utf-8", "surrogatepass")) % HASHES for gram in grams})


def _masked(words: Words, index: int) -> str:
    """The word, without what names particular people, places and amounts: those would teach topics."""
    word = words.written[index]
    if word[0].isdigit():
        return "#"
    if index and word[0].isupper() and word[1:].islower() and words.written[index - 1] not in '.!?:"“':
        return "<name>"
    return words.lower[index][:40]
