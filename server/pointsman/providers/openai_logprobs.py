"""How likely a model held its own tokens, in the words of the `openai` wire: their mean, whole or piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct


class _Token(Struct):
    logprob: float | None = None


class _Logprobs(Struct):
    content: list[_Token] | None = None
    refusal: list[_Token] | None = None


_DECODER = msgspec.json.Decoder(_Logprobs)
_TOKENS = msgspec.json.Decoder(list[_Token])
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_ABSENT = (Raw(), Raw(b"null"))


class Likelihood:
    """Sums up what a choice and its chunks say. What is odd in it fails no answer, and counts for nothing."""

    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, raw: Raw) -> None:
        """Take `logprobs` of one choice in, as it was sent; nearly always it is absent or null."""
        if raw in _ABSENT:
            return
        try:
            told = _DECODER.decode(raw)
        except _BROKEN:
            return
        self._sum_up((*(told.content or ()), *(told.refusal or ())))

    def add_tokens(self, raw: Raw) -> None:
        """The same for a bare list of tokens, as the Responses API sends it."""
        if raw in _ABSENT:
            return
        try:
            self._sum_up(_TOKENS.decode(raw))
        except _BROKEN:
            return

    def _sum_up(self, tokens: Iterable[_Token]) -> None:
        for token in tokens:
            if token.logprob is not None and math.isfinite(token.logprob) and token.logprob <= 0:
                self._sum += token.logprob
                self._count += 1

    @property
    def mean(self) -> float | None:
        """The mean natural logarithm, None where nothing was told."""
        return self._sum / self._count if self._count else None
