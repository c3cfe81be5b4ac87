"""Does the answer refuse, or say that it is not sure?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from pointsman import (
    Accepted,
    Assessed,
    FinishReason,
    GatedAnswer,
    PolicySetup,
    Rejected,
    Request,
    Services,
    register_gate,
)
from pointsman_gates.one_by_one import judge_each
from pointsman_gates.patterns import Pattern, compiled, readable
from pointsman_gates.phrases import REFUSALS, UNCERTAINTY, UNSPACED

POINTSMAN_API = 1

_LANGUAGES = frozenset(REFUSALS)
_APOSTROPHES = str.maketrans("’‘ʼ´`", "'''''")


# Validators are handed whatever the YAML held.
def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _known(value: Any) -> Any:
    names = _listed(value)
    if isinstance(names, tuple) and (unknown := [name for name in names if name not in sorted(_LANGUAGES)]):
        raise ValueError(f"there are no phrases in {unknown[0]!r}; there are for {', '.join(sorted(_LANGUAGES))}")
    return names


Languages = Annotated[
    tuple[str, ...], Field(min_length=1), BeforeValidator(_known, json_schema_input_type=str | list[str])
]
Patterns = Annotated[
    tuple[Pattern, ...], Field(max_length=100), BeforeValidator(_listed, json_schema_input_type=str | list[str])
]


class WordingOptions(BaseModel):
    """Options of the gate `wording`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    refusals: StrictBool = Field(default=True, description='Look for refusals, such as "I can\'t help with that".')
    uncertainty: StrictBool = Field(default=True, description='Look for uncertainty, such as "I\'m not sure".')
    languages: Languages = Field(
        default=tuple(sorted(_LANGUAGES)), description="Languages whose phrases are looked for, by ISO 639-1 code."
    )
    patterns: Patterns = Field(
        default=(), description="Further wording that is not good: RE2 patterns, or one, found anywhere."
    )
    within: StrictInt = Field(
        default=200, ge=20, le=5_000, description="Phrases count in so many characters from the beginning."
    )
    short: StrictInt = Field(
        default=600,
        ge=20,
        le=20_000,
        description="Phrases of refusal count only in answers of at most so many characters: who goes on at length "
        "has not refused.",
    )


class Wording:
    """Accepts an answer without such wording. A refusal that the provider itself reports is one, whatever its words."""

    def __init__(self, options: WordingOptions, setup: PolicySetup) -> None:
        self._refuses = options.refusals
        self._within, self._short = options.within, options.short
        self._refusals = _Phrases(options.languages, REFUSALS if options.refusals else {})
        self._uncertainty = _Phrases(options.languages, UNCERTAINTY if options.uncertainty else {})
        self._patterns = tuple(map(compiled, options.patterns))

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        return judge_each(answers, self._fault)

    def _fault(self, answer: GatedAnswer) -> str:
        if self._refuses and answer.answer.ending.reason is FinishReason.REFUSAL:
            return "the provider reports a refusal"
        text = answer.text.strip()
        beginning = _plain(text[: self._within])
        if len(text) <= self._short and self._refusals.found(beginning):
            return "wording of a refusal"
        if self._uncertainty.found(beginning):
            return "wording of uncertainty"
        seen = readable(text) if self._patterns else b""
        for number, pattern in enumerate(self._patterns, 1):
            if pattern.search(seen):
                return f"wording of pattern {number}"
        return ""


class _Phrases:
    """Phrases of some languages: whole words, or anywhere in scripts that put no spaces between them."""

    def __init__(self, languages: Iterable[str], phrases: Mapping[str, str]) -> None:
        chosen = {language: phrases.get(language, "").split("/") for language in languages}
        spaced = {code: some for code, some in chosen.items() if code not in UNSPACED}
        unspaced = {code: some for code, some in chosen.items() if code in UNSPACED}
        self._spaced = [f" {plain} " for some in spaced.values() for one in some if (plain := _plain(one))]
        self._unspaced = [plain for some in unspaced.values() for one in some if (plain := _plain(one))]

    def found(self, text: str) -> bool:
        padded = f" {text} "
        return any(phrase in padded for phrase in self._spaced) or any(phrase in text for phrase in self._unspaced)


def _plain(text: str) -> str:
    """Words and apostrophes only, without case, one space between them."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    # Vowel signs of Hindi are marks, no letters.
    kept = (c if c.isalnum() or c == "'" or unicodedata.combining(c) or c in _SIGNS else " " for c in folded)
    return " ".join("".join(kept).split())


_SIGNS = frozenset(chr(code) for code in range(0x0900, 0x0980) if unicodedata.category(chr(code)).startswith("M"))

plugin = register_gate(Wording, config=WordingOptions)
