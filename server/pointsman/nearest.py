"""The remedy for a name that nobody knows: the nearest one that somebody does."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 8


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause such as "; did you mean 'code' or 'complex'?", or "; known are …", or "" where nothing is known."""
    names = sorted(set(known))
    if close := get_close_matches(name[:64], names, n=3):
        return f"; did you mean {' or '.join(map(repr, close))}?"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"; known are {', '.join(map(repr, names[:_LISTED]))}{more}" if names else ""
