"""Keeping secrets out of text that leaves the process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

MASKED = "[masked]"

SHORTEST = 4
"""Characters: masking anything shorter would blank ordinary words, and it is no secret."""

_SHORT, _REMEMBERED = 200, 1024
"""Characters of a text whose masked form is remembered, and how many of them are."""

_VALUE = r"""[^\s"'\\,;&<>(){}\[\]]+"""
_IS = r"""\\*["']?\s*+[:=]\s*+\\*["']?"""

# What comes before a secret is kept, in group 1: it says where the secret was.
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b((?:bearer|basic)\s+){_VALUE}",
        # Other schemes, Authorization: Digest ..., until the quote or line ends
        rf"""(authorization{_IS})(?!bearer\s|basic\s)[^"'\r\n]+""",
        rf"((?:api[-_]?key|[-_]token|secret|passw(?:or)?d|signature|cookie){_IS}){_VALUE}",
        # As prose these two words are harmless: ?key=..., {"token": "..."}
        rf"""(\b(?:key|token)=["']?|["'](?:key|token){_IS}){_VALUE}""",
        # The user and password of a URL
        r"(://)[^/\s@\"']+(?=@)",
        # Our own callers' keys, whose id says whose it was
        r"(\bpm_[0-9a-f]{12}_)[0-9a-z_-]+",
        # The ways in which providers begin their keys, and a JWT
        r"()\b(?:sk|pk|gsk|xai|pplx|nvapi)[-_][a-z0-9_-]{8,}",
        r"()\baiza[a-z0-9_-]{20,}",
        r"()\beyj[a-z0-9_-]{8,}\.[a-z0-9_-]+\.[a-z0-9_-]*",
    )
)


class Mask:
    """Replaces the secrets it was told of, and whatever looks like one, by `[masked]`.

    mask = Mask()
    mask.register_secrets([api_key])
    mask(f"refused: {api_key}")    # "refused: [masked]"
    """

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        # Log lines repeat themselves: reasons, names of models, messages without arguments.
        self._again = lru_cache(maxsize=_REMEMBERED)(self._masked)

    def register_secrets(self, values: Iterable[str]) -> None:
        """Mask these from now on too, also where they are quoted as Python, JSON or part of a URL."""
        told = {value for value in values if len(value) >= SHORTEST}
        self._known |= {form for value in told for form in _forms(value)}
        # Longest first, or a secret that begins with another would keep its end.
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._again.cache_clear()

    def __call__(self, text: str) -> str:
        return self._again(text) if len(text) <= _SHORT else self._masked(text)

    def _masked(self, text: str) -> str:
        if self._pattern:
            text = self._pattern.sub(MASKED, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{MASKED}", text)
        return text


def _forms(value: str) -> tuple[str, ...]:
    return (value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe=""), quote(value))
