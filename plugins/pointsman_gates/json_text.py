"""JSON as models write it: read strictly, from behind a fence where that is allowed, and compared by what it says."""

from __future__ import annotations

import re
from typing import Any

import msgspec

MAX_CHARACTERS = 1_000_000
"""Longer texts are not read: nobody's answer is, and reading takes time."""

_FENCE = re.compile(r"\s*```[A-Za-z]*[ \t]*\r?\n(.*?)\r?\n?```\s*", re.DOTALL)
_DECODER = msgspec.json.Decoder()


# JSON, of any shape.
def read_json(text: str, *, fence: bool = False) -> Any:
    """The value that `text` is, with nothing around it but white space, or a ``` fence; ValueError if it is none.

    read_json('```json\n{"a": 1}\n```', fence=True) == {"a": 1}
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError("too long to be read as JSON")
    if fence and (fenced := _FENCE.fullmatch(text)):
        text = fenced[1]
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ValueError("not JSON") from None


# The same.
def canonical(value: Any) -> str:
    """Equal for values that say the same: the order of keys does not matter, nor whether 1 is written 1.0."""
    return msgspec.json.encode(_plain(value), order="sorted").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
