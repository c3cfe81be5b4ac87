"""What of an answer is compared with other answers: its text, its last number, its choice, its JSON."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pointsman import GatedAnswer
from pointsman_gates.json_text import canonical, read_json
from pointsman_gates.one_by_one import only_calls
from pointsman_gates.patterns import Pattern, compiled, readable

Extract = Callable[[GatedAnswer], str | None]
"""What an answer says, None where it says nothing of the kind."""

_END_CHARACTERS = 20_000
"""Conclusions stand at the end; so much of it is read."""

# Quotes and emphasis around, marks of a sentence's end behind. Signs and brackets mean something: -5 is not 5.
_AROUND = " \t\r\n'\"`´‘’“”„«»‹›「」『』*_"
_BEHIND = f"{_AROUND}.,;:!?…。、，！？；："
_NUMBER = re.compile(r"[-−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?", re.ASCII)
# Between the two something must stand where the letter may be a word: "the answer I gave", "to answer a question".
_SAID = re.compile(
    r"(?i:answer|option|choice|antwort|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|ответ|cevap|答案|答え|정답)"
    r"(?:[^\w\n]{0,10}(?:(?i:is|ist|est|es|é|è|to|jest)\b|是|は|은)[^\w\n]{0,10}([A-J])"
    r"|[^\w\n]{0,5}[:：=(（*][^\w\n]{0,10}([A-J])|[^\w\n]([B-HJ]))(?!\w)",
)
_BEFORE = re.compile(r"\W{0,20}([A-J])(?:[).:]|\W{0,20}$)")
_ALONE = re.compile(r"\W{0,20}([A-J])\W{0,20}")
_LATEX = (("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\left", ""), ("\\right", ""), ("\\!", ""), ("\\,", ""))


class ExtractOptions(BaseModel):
    """What two gates have in common: how an answer is reduced to what is compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    extract: Literal["text", "exact", "last_number", "choice", "json", "boxed", "regex"] = Field(
        default="text",
        description="What of an answer is compared: `text` without regard to case, spacing and the punctuation around "
        "it, `exact` text, its `last_number`, its `choice` among letters from A to J, the `json` it is, what its last "
        "`\\boxed{}` holds, or what the group of a `regex` finds last.",
    )
    pattern: Pattern | None = Field(
        default=None, description="With `extract: regex`: an RE2 pattern with exactly one group."
    )

    @model_validator(mode="after")
    def _pattern(self) -> ExtractOptions:
        if (self.extract == "regex") is (self.pattern is None):
            raise ValueError("give `pattern` with `extract: regex`, and only with it")
        if self.pattern is not None and (groups := compiled(self.pattern).groups) != 1:
            raise ValueError(f"`pattern` has {groups} groups, and must have one: put what is compared in ()")
        return self

    def extractor(self) -> Extract:
        """How to reduce an answer; one that only calls tools says which, with what arguments."""
        read = _regex(self.pattern) if self.pattern else _EXTRACTORS[self.extract]

        def extract(answer: GatedAnswer) -> str | None:
            return _calls(answer) if only_calls(answer) else read(answer.text) or None

        return extract


def _calls(answer: GatedAnswer) -> str | None:
    try:
        calls = [[call.name, read_json(call.arguments_json or "{}")] for call in answer.tool_calls]
    except ValueError:
        return None
    return canonical(calls)


def normalised(text: str) -> str:
    """Without case, without what looks the same and is not, on one line, no quotes around it and no full stop."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return folded.lstrip(_AROUND).rstrip(_BEHIND) or folded


def last_number(text: str) -> str | None:
    """The last number, written in one way: 1,200.50 and 1200.5 are the same."""
    found: str | None = None
    for match in _NUMBER.finditer(text[-_END_CHARACTERS:]):
        found = match[0]
    if found is None:
        return None
    whole, _, fraction = found.replace(",", "").replace("−", "-").partition(".")
    sign = "-" if whole.startswith("-") else ""
    whole, fraction = whole.removeprefix("-").lstrip("0") or "0", fraction.rstrip("0")
    number = f"{whole}.{fraction}" if fraction else whole
    return number if number == "0" else sign + number


def choice(text: str) -> str | None:
    """The letter that is said to be the answer, begins it, or stands alone in its last line."""
    text = text.strip()[-_END_CHARACTERS:]
    said = [match[1] or match[2] or match[3] for match in _SAID.finditer(text)]
    if said:
        return said[-1]
    if (in_box := boxed(text)) and (match := _ALONE.fullmatch(in_box.upper())):
        return match[1]
    first = _BEFORE.match(text)
    last = _ALONE.fullmatch(text.rpartition("\n")[2])
    found = last or first
    return found[1] if found else None


def boxed(text: str) -> str | None:
    """What the last \\boxed{} holds, its braces balanced, without spacing; a number in one way of writing."""
    text = text[-_END_CHARACTERS:]
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len("\\boxed")
    for index in range(begin, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if not depth:
            return _latex(text[begin + 1 : index])
    return None


def _latex(text: str) -> str:
    for old, new in _LATEX:
        text = text.replace(old, new)
    text = "".join(text.split()).strip("$")
    number = _NUMBER.fullmatch(text)
    return last_number(text) or "" if number else text


def _json(text: str) -> str | None:
    try:
        return canonical(read_json(text, fence=True))
    except (ValueError, RecursionError):
        return None


def _regex(pattern: str) -> Callable[[str], str | None]:
    made = compiled(pattern)

    def find(text: str) -> str | None:
        found: bytes | None = None
        for match in made.finditer(readable(text)):
            found = match.group(1)
        return normalised(found.decode(errors="replace")) if found else None

    return find


_EXTRACTORS: dict[str, Callable[[str], str | None]] = {
    "text": normalised,
    "exact": str,
    "last_number": last_number,
    "choice": choice,
    "json": _json,
    "boxed": boxed,
}
