"""Is the answer one of a known set of labels?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, field_validator

from pointsman import Accepted, Assessed, GatedAnswer, PolicySetup, Rejected, Request, Services, register_gate
from pointsman_gates.extraction import normalised
from pointsman_gates.json_text import read_json
from pointsman_gates.one_by_one import judge_each

POINTSMAN_API = 1

_MAX_SCHEMA = 128 * 1024


# A validator is handed whatever the YAML held.
def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_EDGES = " ?!.,;:()[]{}<>#"


class LabelOptions(BaseModel):
    """Options of the gate `label`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: (
        Annotated[
            tuple[StrictStr, ...], BeforeValidator(_listed, json_schema_input_type=list[str]), Field(min_length=1)
        ]
        | None
    ) = Field(
        default=None,
        description="The labels; case, spacing, quotes and punctuation around them do not matter. Unset: the `enum` of "
        "the JSON Schema that the caller asks for, of the whole or of each property that has one.",
    )

    @field_validator("labels")
    @classmethod
    def _distinct(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        folded = [fold(label) for label in value or ()]
        if "" in folded:
            raise ValueError("a label must hold a letter or a digit")
        if len(set(folded)) < len(folded):
            raise ValueError("two labels differ in case or punctuation only; remove one")
        return value


class Label:
    """Accepts an answer that is a label and nothing else."""

    def __init__(self, options: LabelOptions, setup: PolicySetup) -> None:
        self._labels = frozenset(map(fold, options.labels)) if options.labels else None

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        if (labels := self._labels) is not None:
            return judge_each(answers, lambda answer: _bare(answer.text, labels))
        enums = _enums(request)
        if not enums:
            return Accepted("the caller names no labels")
        return judge_each(answers, lambda answer: _by_schema(answer.text, enums))


def fold(text: str) -> str:
    """A label without what models vary in writing it."""
    return normalised(text).replace("_", " ").replace("-", " ").strip(_EDGES)


def _bare(text: str, labels: frozenset[str]) -> str:
    return "" if fold(text) in labels else f"none of the {len(labels)} labels"


# JSON, of any shape.
def _by_schema(text: str, enums: Mapping[str | None, frozenset[str]]) -> str:
    if None in enums:
        return _bare(text, enums[None])
    try:
        value: Any = read_json(text, fence=True)
    except ValueError as error:
        return str(error)
    if not isinstance(value, dict):
        return "JSON, but no object"
    held = (value.get(name) for name in enums)
    wrong = [labels for one, labels in zip(held, enums.values(), strict=True) if _text(one) not in labels]
    return f"none of the {len(wrong[0])} labels" if wrong else ""


def _enums(request: Request) -> Mapping[str | None, frozenset[str]]:
    """The labels that the caller's schema names, by property; None stands for the whole answer."""
    wanted = request.response_format
    if wanted is None or not wanted.json_schema or len(wanted.json_schema) > _MAX_SCHEMA:
        return {}
    try:
        schema: Any = read_json(wanted.json_schema)
    except ValueError:
        return {}
    if not isinstance(schema, dict):
        return {}
    if labels := _labels(schema):
        return {None: labels}
    properties = schema.get("properties")
    rows = properties.items() if isinstance(properties, dict) else ()
    return {name: labels for name, one in rows if (labels := _labels(one))}


def _labels(schema: Any) -> frozenset[str]:
    enum = schema.get("enum") if isinstance(schema, dict) else None
    return frozenset(map(_text, enum)) if isinstance(enum, list) else frozenset()


def _text(value: Any) -> str:
    return fold(value if isinstance(value, str) else repr(value))


plugin = register_gate(Label, config=LabelOptions)
