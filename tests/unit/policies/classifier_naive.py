"""Features and chances of the classifier as they are defined: every word looked up, every pattern tried, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import log1p, sqrt
from zlib import crc32

import numpy as np

from pointsman_policies.classifier.features import (
    AUXILIARY,
    FIRST,
    HASHED_HEAD,
    HASHED_TAIL,
    HASHES,
    HEAD,
    TAIL,
    TOGETHER,
    WH,
)
from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.model import REACH, Matrix, Model
from pointsman_policies.classifier.structure import COUNTED, PHRASES, PRESENT
from pointsman_policies.classifier.words import Words, build_dictionary, clip, split

_DICTIONARY = build_dictionary(CONCEPTS)
_NUMBER = {concept: number for number, concept in enumerate(CONCEPTS)}
_SIZES = sorted({len(stem) for stem in _DICTIONARY.stems})
_SIZES_INSIDE = {(word[0], len(word)) for word in _DICTIONARY.inside}
_LONGEST_INSIDE = max(map(len, _DICTIONARY.inside))


def features_of(text: str) -> tuple[list[float], list[int]]:
    """Named features in their order, and hashed ones."""
    read = clip(text)
    words = split(read)
    return [*_concepts(words), *_phrases(words), *_structure(read), *_shape(read, words)], _hashed(words)


def chances_of(model: Model, text: str) -> Matrix:
    """A probability for each label."""
    named, hashed = features_of(text)
    dense = np.array(named, dtype=np.float32) * model.scale + model.shift
    scores = np.clip(dense, -REACH, REACH) @ model.dense + model.bias
    if hashed:
        scores += model.hashed[hashed].sum(axis=0) / np.float32(len(hashed) ** 0.5)
    scores /= np.float32(model.temperature)
    raised = np.exp(scores - scores.max())
    chances: Matrix = raised / raised.sum()
    return chances


def _meanings(words: Words) -> Iterator[tuple[int, int]]:
    at = 0
    for word, units in zip(words.lower, words.units, strict=True):
        if units > 1:
            # What ends a clause is found once for each length of words that begin like it: weights were trained so.
            for start, size in product(range(len(word)), range(1, _LONGEST_INSIDE + 1)):
                if (word[start], size) in _SIZES_INSIDE:
                    meanings = _DICTIONARY.inside.get(word[start : start + size], ())
                    yield from ((meaning, at + start // 2) for meaning in meanings)
        elif word in _DICTIONARY.whole:
            yield from ((meaning, at) for meaning in _DICTIONARY.whole[word])
        elif len(word) > 3:
            stems = (word[:size] for size in _SIZES if size <= len(word))
            stem = next((stem for stem in stems if stem in _DICTIONARY.stems), "")
            yield from ((meaning, at) for meaning in _DICTIONARY.stems.get(stem, ()))
        at += units


def _concepts(words: Words) -> list[float]:
    count = len(CONCEPTS)
    first, head, tail, total = [0.0] * count, [0] * count, [0] * count, [0] * count
    ending = words.length - TAIL
    for concept, at in _meanings(words):
        total[concept] += 1
        if at < HEAD:
            head[concept] += 1
            if at < FIRST:
                first[concept] = 1.0
        if at >= ending:
            tail[concept] += 1
    scale = 1 / sqrt(words.length or 1)
    together = [float(head[_NUMBER[one]] > 0 and head[_NUMBER[other]] > 0) for one, other in TOGETHER]
    return [*first, *map(log1p, head), *map(log1p, tail), *(min(n * scale, 2.0) for n in total), *together]


def _phrases(words: Words) -> list[float]:
    there = set(map(" ".join, pairwise(words.lower)))
    spellings = [{" ".join(one.split()) for one in phrase.split("|")} for phrase in PHRASES.values()]
    return [float(not there.isdisjoint(spelling)) for spelling in spellings]


def _structure(text: str) -> list[float]:
    scale = 3 / sqrt(len(text) + 100)
    counted = [min(len(pattern.findall(text)) * scale, 2.0) for pattern in COUNTED.values()]
    return [*counted, *(float(pattern.search(text) is not None) for pattern in PRESENT.values())]


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
        float(first in WH),
        float(first in AUXILIARY),
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
