"""Regular expressions of RE2, which takes linear time whatever the text, as options of gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Protocol

import re2
from pydantic import AfterValidator, Field, StrictStr

READ_CHARACTERS = 20_000
"""How much of an answer patterns see."""

_MAX_STEPS = 1_000
"""Steps of a pattern's compiled program, which bound its memory and its time for each character."""
_SEE = "see https://github.com/google/re2/wiki/Syntax"


class Match(Protocol):
    """What is used of a match: a group, None where it took no part."""

    def group(self, index: int) -> bytes | None: ...


class Compiled(Protocol):
    """What is used of RE2's own regular expressions, which come without types."""

    programsize: int
    groups: int

    def search(self, text: bytes) -> Match | None: ...
    def finditer(self, text: bytes) -> Iterator[Match]: ...


def compiled(pattern: str) -> Compiled:
    """Compile a pattern; ValueError says in a sentence what is wrong with it, and the remedy."""
    options = re2.Options()
    # Refusals are ours to word, and RE2 would write its own to standard error.
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        made: Compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        said = error.args[0] if error.args else b""
        told = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"is no regular expression of RE2, without look-around: {told}; {_SEE}") from None
    if made.programsize > _MAX_STEPS:
        raise ValueError(
            f"is too large: {made.programsize:,} steps when compiled, at most {_MAX_STEPS:,} are allowed; lower the "
            "bounds in {}, or use several patterns"
        )
    return made


def readable(text: str) -> bytes:
    """What patterns see of a text."""
    # Half of a surrogate pair may come through JSON, and UTF-8 cannot say it.
    return text[:READ_CHARACTERS].encode(errors="replace")


def _checked(pattern: str) -> str:
    compiled(pattern)
    return pattern


Pattern = Annotated[StrictStr, Field(min_length=1, max_length=2_000), AfterValidator(_checked)]
