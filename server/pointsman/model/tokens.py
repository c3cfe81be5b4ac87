"""A token estimate that knows scripts, for prompts before any provider has counted them."""

from __future__ import annotations

import re
from math import ceil

# Characters per token of current byte-pair vocabularies, by script; rough on purpose: each model's own ratio is
# observed at run time and corrects what is left (see Snapshot.token_ratios).
_PER_TOKEN = (
    (re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"), 1.3),
    (re.compile("[\u0400-\u052f\u0370-\u03ff]+"), 2.8),
    (re.compile("[\u0590-\u06ff]+"), 2.4),
    (re.compile("[\u0900-\u0dff\u0e00-\u0eff]+"), 1.8),
)
_LATIN = 4.0
# Digits and punctuation split finely: code and tables need more tokens than prose of the same length.
_DENSE = re.compile(r"[0-9!-/:-@\[-`{-~\n]")
_DENSE_PER_TOKEN = 2.0
_SAMPLE = 20_000


def estimate_tokens(text: str) -> int:
    """Tokens that `text` would take, at least 1 for text that is not empty.

    Long texts are sampled: the ratio of their first 20,000 characters stands for the rest.
    """
    if not text:
        return 0
    sample = text if len(text) <= _SAMPLE else text[:_SAMPLE]
    tokens = _count(sample)
    return max(1, ceil(tokens * len(text) / len(sample)))


def _count(text: str) -> float:
    tokens, rest = 0.0, len(text)
    if not text.isascii():
        for script, per_token in _PER_TOKEN:
            characters = sum(map(len, script.findall(text)))
            tokens += characters / per_token
            rest -= characters
    dense = len(_DENSE.findall(text))
    return tokens + dense / _DENSE_PER_TOKEN + max(0, rest - dense) / _LATIN
