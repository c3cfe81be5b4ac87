"""Rules for `benchmarks.decide`: a few that a team may have, and hundreds of every sort."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

# Documents are whatever YAML would give.
Given = dict[str, Any]

FEW: tuple[Given, ...] = (
    {"when": {"labels": {"feature": ["contracts", "legal"]}}, "then": {"exclude": {"providers": ["openai"]}}},
    {"when": {"labels": {"source": {"matches": "^(batch|nightly)-"}}}, "then": {"mode": "eco"}},
    {"when": {"schema": True, "text": r"(?i)\b(invoice|receipt|purchase order)\b"}, "then": {"task": "extract"}},
    {"when": {"text": r"(?m)^Traceback \(most recent call last\)"}, "then": {"task": "code"}},
    {
        "when": {"tools": {"min": 5}, "turns": {"min": 4}},
        "then": {"task": "complex", "models": ["model-000", "frontier"]},
    },
)
EVERYTHING: Given = {
    "task": "complex",
    "mode": "sport",
    "models": ["large", "frontier"],
    "exclude": {"models": ["model-000"], "reason": "not for this"},
}
_THENS: tuple[Given, ...] = (
    {"task": "code"},
    {"mode": "eco"},
    {"models": ["mid"]},
    {"exclude": {"models": ["model-000"]}},
    EVERYTHING,
)


class Writer:
    """Writes rules about the words of `prompts`, so that most prompts hold the words of some rules."""

    def __init__(self, prompts: Sequence[str], seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311  # a choice of words, no secret
        counted = Counter(word for prompt in prompts for word in set(re.findall(r"\b[a-z]{5,}\b", prompt.lower())))
        self._words = sorted(counted)

    def texts(self, count: int, then: Given | None = None) -> list[Given]:
        """Each a pattern of three words or phrases, every outcome in turn, or `then`."""
        return [
            {"when": {"text": self._pattern()}, "then": then or _THENS[number % len(_THENS)]} for number in range(count)
        ]

    def every_kind(self, count: int, then: Given | None = None) -> list[Given]:
        """Each condition in turn, alone and with others, so that few rules match a request."""
        kinds = self._kinds()
        return [{"when": next(kinds), "then": then or _THENS[number % len(_THENS)]} for number in range(count)]

    def _kinds(self) -> Iterator[Given]:
        while True:
            one, other = self._number(), self._number()
            yield {"text": self._pattern()}
            yield {"any_text": self._pattern(), "turns": {"min": 2}}
            yield {"system": self._pattern()}
            yield {"words": {"min": 300 + one}}
            yield {"tokens": {"min": 50_000 + one, "max": 60_000 + one}}
            yield {"turns": {"min": 50 + one}}
            yield {"images": {"min": 1 + one % 5}}
            yield {"tools": {"min": 4 + one % 9}, "schema": True}
            yield {"code": True, "text": self._pattern()}
            yield {"schema": True, "words": {"max": 3 + one % 3}}
            yield {"labels": {"team": f"team-{one}", "feature": ["chat", f"feature-{other}"]}}
            yield {"labels": {"source": {"matches": f"^batch-{one}"}}}
            yield {"tenant": [f"tenant-{one}", f"tenant-{other}"]}
            yield {"tenant": f"tenant-{one}", "mode": "eco"}
            yield {"mode": "sport", "task_hint": "code", "tokens": {"min": one}}
            yield {"all": [{"tools": True}, {"text": self._pattern()}, {"turns": {"min": one % 10}}]}
            yield {"any": [{"text": self._pattern()}, {"labels": {"team": f"team-{one}"}}]}
            yield {"any": [{"tenant": f"tenant-{one}"}, {"tokens": {"min": 90_000 + one}}, {"images": {"min": 9}}]}
            yield {"not": {"any": [{"tokens": {"max": 40_000}}, {"code": True}]}, "tenant": f"tenant-{one}"}
            yield {"text": self._pattern(), "not": {"words": {"max": 5}}, "labels": {"project": f"project-{one}"}}

    def _pattern(self) -> str:
        one, two, three, four = self._random.sample(self._words, 4)
        return rf"(?i)\b({one}|{two}s?|{three} {four})\b"

    def _number(self) -> int:
        return self._random.randrange(1000)
