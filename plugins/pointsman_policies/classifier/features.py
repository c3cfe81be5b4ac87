"""A text as numbers: concepts and structure as named features, and hashed words and pairs of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import filterfalse, pairwise
from math import log1p, sqrt
from zlib import crc32

from pointsman_policies.classifier.lexicon import CONCEPTS
from pointsman_policies.classifier.spotting import spot
from pointsman_policies.classifier.structure import COUNTED, PHRASES, PRESENT
from pointsman_policies.classifier.vocabulary import LONGEST, Vocabulary, Word, spell
from pointsman_policies.classifier.words import clip, tokens

HASHES = 1 << 13
FIRST, HEAD, TAIL = 4, 24, 24
"""Zones of a text, in words: a task is named in the first words, near the beginning, or near the end."""
HASHED_HEAD, HASHED_TAIL = 30, 15

_NUMBER = {concept: number for number, concept in enumerate(CONCEPTS)}
# Two concepts near the beginning that mean something else together: writing code is not writing a story.
TOGETHER = (
    ("write", "fiction"), ("write", "document"), ("write", "plan"), ("write", "code_object"), ("write", "language"),
    ("code_object", "language"), ("calculate", "math_thing"), ("text_given", "summarise"), ("text_given", "classify"),
    ("text_given", "fact_wh"), ("exam", "science"), ("write", "constraint"), ("why", "science"),
    ("write", "text_given"),
)  # fmt: skip
WH = frozenset(("what", "who", "when", "where", "which", "whose", "whom", "why", "how"))
AUXILIARY = frozenset(
    ("is", "are", "can", "could", "do", "does", "did", "will", "would", "should", "has", "have", "was", "were", "am")
)
_SHAPE = (
    "asks", "ends in colon", "stops", "ends in letter", "lower start", "wh", "auxiliary", "few words", "very few words",
    "not ascii", "digits", "symbols", "long words", "ends in arrow",
)  # fmt: skip

NAMES: tuple[str, ...] = (
    *(f"{zone}: {concept}" for zone in ("first", "head", "tail", "all") for concept in CONCEPTS),
    *(f"head: {' and '.join(pair)}" for pair in TOGETHER),
    *(f"phrase: {phrase}" for phrase in PHRASES),
    *COUNTED,
    *PRESENT,
    *_SHAPE,
)


# Where each kind of feature begins in NAMES.
_ZONE = len(CONCEPTS)
_AT = {name: number for number, name in enumerate(NAMES)}
_PAIRS = [(_NUMBER[one], _NUMBER[other], _AT[f"head: {one} and {other}"]) for one, other in TOGETHER]
_FIRST_PHRASE, _FIRST_PATTERN = _AT[f"phrase: {next(iter(PHRASES))}"], _AT[next(iter(COUNTED))]
_ENDINGS = {"asks": "?？؟", "ends in colon": ":：", "stops": ".。।!！", "ends in arrow": ">→=_"}
_ENDS = {character: _AT[name] for name, characters in _ENDINGS.items() for character in characters}
_OPENERS = dict.fromkeys(WH, _AT["wh"]) | dict.fromkeys(AUXILIARY, _AT["auxiliary"])
_STARTS = frozenset('.!?:"“')
_NAME, _MORE_NAME = crc32(b"<name>"), b" <name>"
_BEGINNING = crc32(b"^")


@dataclass(frozen=True, slots=True)
class Features:
    """`named` are those that are not 0, by their number in NAMES; `hashed` are distinct numbers below HASHES."""

    named: Mapping[int, float]
    hashed: Set[int]

    @property
    def dense(self) -> list[float]:
        """All named features, in the order of NAMES."""
        return [self.named.get(number, 0.0) for number in range(len(NAMES))]


class Reader:
    """Reads texts, and remembers the words of earlier ones; what it says of a text does not depend on them."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def read(self, text: str) -> Features:
        """The features of a text; any text, an empty one included."""
        text = clip(text)
        written = tokens(text)
        words = list(map(self._vocabulary.__getitem__, written))
        length = len(words) if text.isascii() else sum([word.units for word in words])
        named = _concepts(words, length)
        for phrase in _phrases(words):
            named[_FIRST_PHRASE + phrase] = 1.0
        for pattern, value in spot(text, words).items():
            named[_FIRST_PATTERN + pattern] = value
        named.update(_shape(text, written, length))
        return Features(named, _hashed(words))


def _concepts(words: Sequence[Word], length: int) -> dict[int, float]:
    first, head, tail, total = set[int](), dict[int, int](), dict[int, int](), dict[int, int]()
    at, ending = 0, length - TAIL
    for word in words:
        for concept, offset in word.meanings:
            place = at + offset
            total[concept] = total.get(concept, 0) + 1
            if place < HEAD:
                head[concept] = head.get(concept, 0) + 1
                if place < FIRST:
                    first.add(concept)
            if place >= ending:
                tail[concept] = tail.get(concept, 0) + 1
        at += word.units
    scale = 1 / sqrt(length or 1)
    named = dict.fromkeys(first, 1.0)
    for concept, count in head.items():
        named[_ZONE + concept] = log1p(count)
    for concept, count in tail.items():
        named[2 * _ZONE + concept] = log1p(count)
    for concept, count in total.items():
        named[3 * _ZONE + concept] = min(count * scale, 2.0)
    for one, other, number in _PAIRS:
        if one in head and other in head:
            named[number] = 1.0
    return named


def _phrases(words: Sequence[Word]) -> Iterator[int]:
    for one, other in pairwise(words):
        if one.opens:
            yield from one.opens.get(other.lower, ())


def _shape(text: str, written: Sequence[str], length: int) -> Iterator[tuple[int, float]]:
    end, start = text.rstrip()[-1:] or " ", text.lstrip()[:1]
    if end in _ENDS:
        yield _ENDS[end], 1.0
    elif end.isalnum():
        yield _AT["ends in letter"], 1.0
    if start.islower():
        yield _AT["lower start"], 1.0
    if written and (opener := _OPENERS.get(written[0].lower())):
        yield opener, 1.0
    if length <= 12:
        yield _AT["few words"], 1.0
    if length <= 5:
        yield _AT["very few words"], 1.0
    if not (early := text[:300]).isascii():
        yield _AT["not ascii"], min(4 * (1 - len(early.encode("ascii", "ignore")) / len(early)), 1.0)
    count = len(written) or 1
    plain, others = list(filter(str.isalpha, written)), list(filterfalse(str.isalpha, written))
    yield _AT["digits"], min(4 * sum(map(str.isdigit, others)) / count, 1.5)
    yield _AT["symbols"], min(3 * (count - len(plain) - sum(map(str.isalnum, others))) / count, 1.5)
    if plain:
        yield _AT["long words"], (len("".join(plain)) / len(plain) - 4.5) / 3


def _hashed(words: Sequence[Word]) -> set[int]:
    """Words, pairs and triples of the beginning and the end; pairs of characters where words have no spaces."""
    sums = _rows(words, 0, HASHED_HEAD)
    if words:
        sums.append(crc32(words[0].more[1:], _BEGINNING))
    if len(words) > HASHED_HEAD:
        sums += _rows(words, max(len(words) - HASHED_TAIL, HASHED_HEAD), len(words))
    for word in words[:8]:
        if word.units > 1:
            sums.extend(crc32(spell(one + other)) for one, other in pairwise(word.lower[:LONGEST]))
    return {one % HASHES for one in sums}


def _rows(words: Sequence[Word], begin: int, end: int) -> list[int]:
    """CRCs of single words, pairs and triples: that of a longer row goes on from that of the shorter."""
    zone = words[begin:end]
    single, more = [word.start for word in zone], [word.more for word in zone]
    for index, word in enumerate(zone, begin):
        # Without what names particular people and places: those would teach topics.
        if word.is_name and index and words[index - 1].lower not in _STARTS:
            single[index - begin], more[index - begin] = _NAME, _MORE_NAME
    pairs = list(map(crc32, more[1:], single))
    return [*single, *pairs, *map(crc32, more[2:], pairs)]
