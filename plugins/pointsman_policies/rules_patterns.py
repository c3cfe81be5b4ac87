"""Patterns of rules: RE2's regular expressions, kept to what is quick on any text, and found in one pass."""

from __future__ import annotations

import re
from typing import Protocol

import re2

MAX_STEPS = 4_000
"""Steps of a pattern's compiled program: what bounds its memory."""
MAX_PLACES = 100
"""Places of a pattern at which a search may be at once: what bounds its time on a text that is made to be slow."""

_TOKEN = re.compile(
    r"\\Q.*?(?:\\E|$) | \\(?:[xpP]\{[^}]*\} | .) | \[\^?\]?(?:\[:\^?\w+:\] | \\. | [^\]\\])*\]"
    r"| (?P<open>\((?:\?(?:P?<\w+>|[A-Za-z-]*:?))?) | \{(?P<low>\d+)(?:,(?P<high>\d*))?\} | .",
    re.DOTALL | re.VERBOSE,
)
_WIDE = frozenset(f"\\{kind}" for kind in "wWsSdDpPC")
_UNSUPPORTED = (
    (("(?=", "(?!", "(?<=", "(?<!"), "looks around; match the words themselves, and put what must be absent in `not`"),
    (("(?P=", "\\g<"), "refers back to a group; write out what is repeated"),
    (("(?>", "*+", "++", "?+", "}+"), "is atomic or possessive; remove that, because nothing here backtracks"),
    (("(?#", "(?x"), "holds a comment or free spacing; put comments in `note`"),
    (("(?(",), "is conditional; write two rules"),
    (("\\Z",), r"has \Z; write $ or \z"),
    (("\\u", "\\U", "\\N"), r"has a Unicode escape; write the character itself, or \x{E9}"),
)
_SEE = "see https://github.com/google/re2/wiki/Syntax"


class Compiled(Protocol):
    """What is used of RE2's own regular expressions, which come without types."""

    programsize: int

    def search(self, text: bytes) -> object | None: ...


def compiled(pattern: str) -> Compiled:
    """Compile one pattern; ValueError says in a sentence what RE2 does not do, and the remedy."""
    try:
        made: Compiled = re2.compile(pattern.encode(), _options())
    except UnicodeEncodeError:
        raise ValueError("is no valid text: it holds half of a surrogate pair") from None
    except re2.error as error:
        raise ValueError(_refusal(pattern, error)) from None
    if made.programsize > MAX_STEPS:
        raise ValueError(
            f"is too large: {made.programsize:,} steps when compiled, at most {MAX_STEPS:,} are allowed; split it into "
            "several rules"
        )
    if (places := _places(pattern)) > MAX_PLACES:
        raise ValueError(
            f"is too large: it counts or leaves open {places:,} characters, at most {MAX_PLACES} are allowed; lower "
            "the bounds in {}, write * in their place, or use two conditions"
        )
    return made


def _places(pattern: str) -> int:
    """Characters that are any of several, and those in counted repetitions, written out.

    A search can be at all of these at once, while of plain words it can be only at few.
    """
    # Of each open group: all its characters, those that count here; then the same of what was read last.
    groups, last = [(0, 0)], (0, 0)
    for token in _TOKEN.finditer(pattern):
        size, places = groups[-1]
        text = token[0]
        if token["open"]:
            groups.append((0, 0))
        elif text == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] = groups[-1][0] + last[0], groups[-1][1] + last[1]
        elif token["low"]:
            times = max(int(token["low"]), int(token["high"] or 1))
            if times > 1:
                groups[-1] = size + last[0] * (times - 1), places + last[0] * times - last[1]
                last = last[0] * times, last[0] * times
        elif text not in "*+?|^$":
            last = 1, int(text == "." or text[0] == "[" or text[:2] in _WIDE)
            groups[-1] = size + last[0], places + last[1]
    return max(places for _, places in groups)


def _options() -> re2.Options:
    options = re2.Options()
    # Refusals are ours to word, and RE2 would write its own to standard error.
    options.log_errors = False
    options.never_capture = True
    options.max_mem = 1 << 20
    return options


def _refusal(pattern: str, error: Exception) -> str:
    said = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
    if re.match(r"invalid escape sequence: \\[1-9]", said):
        return f"refers back to a group, which linear time does not allow; write out what is repeated ({said}; {_SEE})"
    for marks, what in _UNSUPPORTED:
        if any(mark in said or (mark in pattern and "operator" in said) for mark in marks):
            return f"{what} ({said}; {_SEE})"
    return f"is no regular expression of RE2: {said}; {_SEE}"


class Patterns:
    """All patterns for one text. RE2's filter looks for their literal words in one pass, then tries the few left.

    Half a thousand patterns cost a tenth of what one automaton for all of them does on text not seen before.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._filter = re2.Filter()

    def add(self, pattern: str) -> int:
        """The place of a pattern; equal ones share it."""
        if pattern not in self._places:
            self._places[pattern] = self._filter.Add(pattern.encode(), _options())
        return self._places[pattern]

    def compile(self) -> None:
        self._filter.Compile()

    def found(self, text: str) -> frozenset[int]:
        """The places of the patterns found in `text`."""
        # A JSON door may let half of a surrogate pair pass, which UTF-8 cannot say.
        return frozenset(self._filter.Match(text.encode(errors="replace")) or ())
