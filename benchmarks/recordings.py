"""Answers of several models to the same questions, recorded once: what they said, whether it was right, what it cost.

A task `NAME` is a file `NAME.jsonl` or `NAME.WORD.jsonl`, plain or with `.gz`, a row a question:

    {"id": "q1", "domain": "physics", "prompt": "...", "models": {
        "mini":  {"score": 1, "ans": "42", "out_tok": 158, "cost": 0.0001152},
        "large": {"score": 1, "ans": "42", "out_tok": 133, "cost": 0.00167}}}

`score` is 0 to 1, `ans` what the model said or null where it said nothing, `cost` the USD of the call, null where
nobody knows. `domain`, `prompt`, `ans` and `out_tok` may be left out, other keys are not read, and rows with
`"contaminated": true` are left out. A model counts if it answered every question at a known cost.

More answers of one model, for consistency, are in `NAME.samples.jsonl` or `NAME.WORD.samples.jsonl`, plain or with
`.gz`, a row for each question and model, with as many samples in every row of a model:

    {"id": "q1", "model": "mini", "samples": [{"score": 1, "ans": "42", "out_tok": 150, "cost": 0.00011}, ...]}
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

_Row = TypeVar("_Row")


class Recorded(msgspec.Struct, frozen=True):
    """One answer of one model."""

    score: float
    ans: str | None = None
    out_tok: int = 0
    cost: float | None = None

    @property
    def nano_usd(self) -> int:
        return round((self.cost or 0.0) * 1e9)


class Question(msgspec.Struct, frozen=True):
    """A row of a task's file."""

    id: str
    models: dict[str, Recorded]
    domain: str = ""
    prompt: str = ""
    contaminated: bool = False


class Sampled(msgspec.Struct, frozen=True):
    """A row of a file of samples."""

    id: str
    model: str
    samples: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """A task's questions, the models that answered them all, and samples by model, in the order of the questions."""

    questions: Sequence[Question]
    models: Sequence[str]
    samples: Mapping[str, Sequence[Sequence[Recorded]]]

    def answers(self, model: str, index: int, count: int) -> Sequence[Recorded]:
        """The first `count` answers to a question: of one that is asked once, the recorded one."""
        return (self.questions[index].models[model],) if count == 1 else self.samples[model][index][:count]

    def most_samples(self, model: str) -> int:
        """How often it was asked the same."""
        return len(self.samples[model][0]) if model in self.samples else 1


def find(data: Path, name: str, kind: str = "") -> Path | None:
    """The file of a task, of `kind` "samples" its samples; None where there is none."""
    wanted = [f"{name}{word}{kind and '.' + kind}.jsonl{end}" for word in ("", ".*") for end in ("", ".gz")]
    found = sorted({path for pattern in wanted for path in data.glob(pattern)})
    if not kind:
        found = [path for path in found if ".samples." not in path.name]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise SystemExit(f"{data} has several files for {name}: {names}; leave one there.")
    return found[0] if found else None


def load(path: Path, samples: Path | None = None) -> Recording:
    """What the files hold; SystemExit names a row that cannot be read."""
    questions = [row for row in _rows(path, Question) if not row.contaminated]
    if not questions:
        raise SystemExit(f"{path} has no rows, or only contaminated ones.")
    models = [name for name in questions[0].models if all(_known(row.models.get(name)) for row in questions)]
    given: dict[str, dict[str, Sequence[Recorded]]] = {}
    for row in _rows(samples, Sampled) if samples else ():
        given.setdefault(row.model, {})[row.id] = row.samples
    return Recording(questions, models, {model: _in_order(model, questions, by_id) for model, by_id in given.items()})


def _known(answer: Recorded | None) -> bool:
    return answer is not None and answer.cost is not None


def _in_order(
    model: str, questions: Sequence[Question], by_id: Mapping[str, Sequence[Recorded]]
) -> Sequence[Sequence[Recorded]]:
    missing = [question.id for question in questions if question.id not in by_id]
    if missing:
        raise SystemExit(f"there are no samples of {model} for {len(missing)} questions, the first is {missing[0]}.")
    counts = {len(by_id[question.id]) for question in questions}
    if len(counts) > 1 or counts <= {0, 1} or not all(map(_known, (one for row in by_id.values() for one in row))):
        raise SystemExit(f"samples of {model}: every row needs the same number, two or more, each with its cost.")
    return [by_id[question.id] for question in questions]


def _rows(path: Path, kind: type[_Row]) -> Iterator[_Row]:
    decoder = msgspec.json.Decoder(kind)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise SystemExit(f"{path}, line {number}: {error}; see benchmarks/recordings.py.") from None
