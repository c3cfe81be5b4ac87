"""The question put to the model, and what counts as an answer to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct

from pointsman import Answer, Catalogue, Message, Params, PointsmanError, Request, Role, Text
from pointsman_policies.llm_classifier.options import PLACE, Label, LlmClassifierOptions

_LEAST_OUTPUT = 64
_LONGEST_ANSWER = 400
_AROUND = " \t\r\n\"'`*.:"
_KEYS = ("task", "label")


class NothingToSort(PointsmanError):
    """There are not two labels to choose from, or one of them leads nowhere."""


class Meaning(Struct, frozen=True):
    """The task row of a label, and what the model is told of it."""

    task: str
    description: str


class Question(Struct, frozen=True):
    """What the model is sent, and the key under which the answer to just this is kept."""

    request: Request
    key: str


class Sorting:
    """Makes questions of prompts, and labels of answers: nothing but one of `meanings` ever comes out."""

    def __init__(self, options: LlmClassifierOptions, catalogue: Catalogue) -> None:
        model = catalogue.find(options.model)
        if model is None:
            raise NothingToSort(f"there is no model {options.model!r}")
        self.model = model.id
        self.meanings = _meanings(options.labels, catalogue)
        self._by_said = {label.strip().casefold(): label for label in self.meanings}
        listed = "\n".join(f"- {label}: {meaning.description}" for label, meaning in self.meanings.items())
        self._system = Message(Role.SYSTEM, (Text(options.prompt.replace(PLACE, listed)),))
        limit = options.max_output_tokens or max(_LEAST_OUTPUT, model.min_output_tokens or 0)
        self._params = Params(max_output_tokens=limit, reasoning_effort=options.reasoning_effort)
        self._longest = options.max_characters

    def question(self, text: str) -> Question:
        """The question about a prompt. The lines around it hold a hash of it, so that no prompt can end itself."""
        shown = self._cut(text)
        mark = f"request {_digest(shown)[:12]}"
        asked = f"=== {mark} ===\n{shown}\n=== end of {mark} ===\nIts label, and nothing else:"
        request = Request(messages=(self._system, Message(Role.USER, (Text(asked),))), params=self._params)
        told = "".join(part.text for part in self._system.parts if isinstance(part, Text))
        return Question(request, _digest("\0".join((self.model, self._params.reasoning_effort, told, asked))))

    def label(self, answer: Answer) -> str | None:
        """The label that the answer is: alone, in quotes, or as JSON such as {"task": "code"}; None for all else."""
        said = "".join(part.text for part in answer.parts if isinstance(part, Text)).strip()
        if len(said) > _LONGEST_ANSWER:
            return None
        said = said.removeprefix("```json").strip("`").strip()
        if said.startswith("{"):
            said = _named_in(said)
        return self._by_said.get(said.strip(_AROUND).casefold())

    def _cut(self, text: str) -> str:
        if len(text) <= self._longest:
            return text
        head = self._longest * 3 // 4
        return f"{text[:head]}\n[…]\n{text[head - self._longest :]}"


def _meanings(labels: Mapping[str, Label], catalogue: Catalogue) -> dict[str, Meaning]:
    """Of each label, in the order written."""
    rows = catalogue.tasks
    if not labels:
        found = {name: Meaning(name, row.output) for name, row in rows.items() if row.output}
        if len(found) < 2:
            raise NothingToSort("fewer than two task rows have an `output` line; write some, or name `labels`")
        return found
    meanings: dict[str, Meaning] = {}
    for label, given in labels.items():
        task = given.task or label
        if task not in rows:
            raise NothingToSort(f"label {label!r} leads to {task!r}, which is no task row")
        meanings[label] = Meaning(task, given.description or rows[task].output or task)
    return meanings


def _named_in(document: str) -> str:
    try:
        found = json.loads(document)
    except ValueError:
        return ""
    named = next((found[key] for key in _KEYS if key in found), "")
    return named if isinstance(named, str) else ""


def _digest(text: str) -> str:
    # Prompts may hold lone surrogates, which JSON can say.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
