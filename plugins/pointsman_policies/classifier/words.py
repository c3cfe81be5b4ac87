"""From a text to words, and from words to the concepts and phrases that they stand for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEAD_CHARACTERS, TAIL_CHARACTERS = 1200, 400
"""What is read of a text: a task is named at its beginning or at its end, and the cap bounds the time."""

# Letters, digits and the combining marks that Python's \w leaves out, without which Hindi or Thai words fall apart.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e31-\u0e4e\u1ab0-\u1aff"
_TOKEN = re.compile(rf"[\w{_MARKS}]+(?:['’](?:s|t|m|d|re|ve|ll)\b)?|[^\w\s]")
# Scripts written without spaces, Hangul aside: a token is a whole clause there.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

Table = Mapping[str, Sequence[int]]


def clip(text: str) -> str:
    """The part of a text that is read."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return f"{text[:HEAD_CHARACTERS]}\n{text[-TAIL_CHARACTERS:]}"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text; a symbol is one too. `units` are lengths in words: a clause without spaces has several."""

    written: Sequence[str]
    lower: Sequence[str]
    units: Sequence[int]
    length: int


def tokens(text: str) -> list[str]:
    """The words of a clipped text as they are written."""
    return _TOKEN.findall(text)


def split(text: str) -> Words:
    """Split a clipped text."""
    written = tokens(text)
    units = [1] * len(written) if text.isascii() else list(map(units_of, written))
    return Words(written, [word.lower() for word in written], units, sum(units))


def units_of(word: str) -> int:
    """How many words a word is."""
    return max(len(word) // 2, 2) if not word.isascii() and _UNSPACED.search(word) else 1


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Numbers of meanings by whole word, by a word's beginning, by what occurs inside a clause, by pairs of words."""

    whole: Table
    stems: Table
    stem_lengths: Mapping[str, Sequence[int]]
    """By the first two characters, so that most words cost one look."""
    inside: Table
    inside_lengths: Mapping[str, Sequence[int]]
    """By the first character."""

    def meanings(self, words: Words) -> list[tuple[int, int]]:
        """Pairs of a meaning and its position, in units."""
        found: list[tuple[int, int]] = []
        at = 0
        for word, units in zip(words.lower, words.units, strict=True):
            found.extend((meaning, at + offset) for meaning, offset in self.look_up(word, units))
            at += units
        return found

    def look_up(self, word: str, units: int) -> list[tuple[int, int]]:
        """The same of one word, in lower case."""
        if units > 1:
            return self._within(word)
        known = self.whole.get(word)
        if known is None and len(word) > 3:
            known = self._by_stem(word)
        return [(meaning, 0) for meaning in known or ()]

    def _by_stem(self, word: str) -> Sequence[int] | None:
        for size in self.stem_lengths.get(word[:2], ()):
            if found := self.stems.get(word[:size]):
                return found
        return None

    def _within(self, clause: str) -> list[tuple[int, int]]:
        inside, lengths = self.inside, self.inside_lengths
        return [
            (meaning, start // 2)
            for start, character in enumerate(clause)
            for size in lengths.get(character, ())
            for meaning in inside.get(clause[start : start + size], ())
        ]


def build_dictionary(meanings: Mapping[str, str]) -> Dictionary:
    """Tables of a lexicon: meaning → its words, numbered in the mapping's order."""
    whole: dict[str, set[int]] = {}
    stems: dict[str, set[int]] = {}
    inside: dict[str, set[int]] = {}
    for number, words in enumerate(meanings.values()):
        for word in words.split():
            stem = word.rstrip("*")
            table = inside if _UNSPACED.search(stem) else stems if word.endswith("*") else whole
            for spelling in {stem, _without_accents(stem)}:
                table.setdefault(spelling, set()).add(number)
    return Dictionary(
        whole=_frozen(whole),
        stems=_frozen(stems),
        stem_lengths=_lengths(stems, 2),
        inside=_frozen(inside),
        inside_lengths=_lengths(inside, 1),
    )


def build_phrases(phrases: Mapping[str, str]) -> Mapping[str, Table]:
    """Numbers of phrases by their first word and then their second; `a b | c d` are two spellings of one."""
    table: dict[str, dict[str, set[int]]] = {}
    for number, spellings in enumerate(phrases.values()):
        for spelling in spellings.split("|"):
            one, *others = spelling.split()
            table.setdefault(one, {}).setdefault(" ".join(others), set()).add(number)
    return {one: _frozen(others) for one, others in table.items()}


def _without_accents(word: str) -> str:
    # Only Latin letters: in other scripts a mark makes another letter.
    if not word or word[0] > "\u024f":
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _lengths(words: Iterable[str], first: int) -> dict[str, list[int]]:
    lengths: dict[str, set[int]] = {}
    for word in words:
        lengths.setdefault(word[:first], set()).add(len(word))
    return {beginning: sorted(sizes) for beginning, sizes in lengths.items()}


def _frozen(table: Mapping[str, set[int]]) -> dict[str, tuple[int, ...]]:
    return {word: tuple(sorted(numbers)) for word, numbers in table.items()}
