"""A token estimate that knows scripts, for prompts before any provider has counted them."""

from __future__ import annotations

from math import ceil
from string import digits, punctuation

# Characters per token of current byte-pair vocabularies, by script; rough on purpose: each model's own ratio is
# observed at run time and corrects what is left (see Snapshot.token_ratios). Scripts are told apart by the high byte
# of UTF-16 units, which bytes.translate counts many times faster than a regular expression.
_PER_TOKEN = (
    # Kana, Han, Hangul.
    (bytes([0x30, 0x31, *range(0x34, 0xA0), *range(0xAC, 0xD8), 0xF9, 0xFA]), 1.3),
    # Greek, Cyrillic.
    (bytes([0x03, 0x04]), 2.8),
    # Hebrew, Arabic.
    (bytes([0x05, 0x06]), 2.4),
    # Scripts of India; Thai, Lao.
    (bytes(range(0x09, 0x0F)), 1.8),
)
_LATIN = 4.0
# Digits and punctuation split finely: code and tables need more tokens than prose of the same length.
_DENSE = f"{digits}{punctuation}\n".encode()
_DENSE_PER_TOKEN = 2.0
# The event loop waits while characters are counted: this many take about two milliseconds, in any script.
_BUDGET = 200_000
_SLICES = 256


def estimate_tokens(*texts: str) -> int:
    """Tokens that `texts` would take together, at least 1 for each that is not empty.

    Of more than 200,000 characters over all texts only slices are looked at; their ratio stands for the rest.
    """
    total = sum(map(len, texts))
    if not total:
        return 0
    looked_at = sample(*texts)
    return max(sum(map(bool, texts)), ceil(_count(looked_at) * total / len(looked_at)))


def sample(*texts: str) -> str:
    """At most 200,000 characters: the texts whole, or 256 slices spread evenly over them as if they were one."""
    total = sum(map(len, texts))
    if total <= _BUDGET:
        return "".join(texts)
    stride, size = ceil(total / _SLICES), _BUDGET // _SLICES
    slices, offset = [], 0
    for text in texts:
        end = offset + len(text)
        # The first slice may have begun in an earlier text.
        for begin in range(offset - offset % stride, end, stride):
            slices.append(text[max(0, begin - offset) : max(0, begin + size - offset)])
        offset = end
    return "".join(slices)


def _count(text: str) -> float:
    # JSON can say lone surrogates, which UTF-8 proper has no bytes for.
    tokens, rest, encoded = 0.0, len(text), text.encode(errors="surrogatepass")
    if not text.isascii():
        high = text.encode("utf-16-le", "surrogatepass")[1::2]
        rest = len(high)
        for script, per_token in _PER_TOKEN:
            characters = len(high) - len(high.translate(None, script))
            tokens += characters / per_token
            rest -= characters
    dense = len(encoded) - len(encoded.translate(None, _DENSE))
    return tokens + dense / _DENSE_PER_TOKEN + (rest - dense) / _LATIN
