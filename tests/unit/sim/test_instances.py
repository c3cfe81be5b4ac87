from __future__ import annotations

import random
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from pointsman.sim.instances import instance
from pointsman.sim.prompt import Prompt

PROMPT = Prompt('Extract "Ada" and Grace Hopper, born 1906, from: the celsius report')


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["leaf"]
    weight: float = Field(gt=0, le=2.5)


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=3, max_length=12)
    children: list[Tree] = Field(max_length=2)
    leaf: Leaf | None
    tags: Annotated[list[Literal["a", "b", "c"]], Field(min_length=1)]
    pair: tuple[int, str]
    count: int = Field(ge=10, lt=20, multiple_of=5)
    code: str = Field(pattern=r"^[A-Z]{3}-\d{3}$")


@pytest.mark.parametrize("seed", range(30))
def test_instances_are_valid(seed: int) -> None:
    made = instance(Tree.model_json_schema(), chance(seed), PROMPT)
    Tree.model_validate(made, strict=False)


FIELDS: list[Any] = [
    str,
    bool,
    None,
    int | None,
    Annotated[int, Field(gt=-7, lt=-5)],
    Annotated[float, Field(ge=0.25, le=0.5)],
    Annotated[int, Field(ge=1000)],
    Annotated[str, Field(min_length=40)],
    Literal["celsius", "fahrenheit"],
    list[str],
    dict[str, int],
    list[Leaf] | Leaf,
    Annotated[list[str], Field(min_length=4, max_length=4)],
]


@given(st.lists(st.sampled_from(FIELDS), max_size=6), st.integers(0, 2**32))
def test_any_mix_of_fields_is_valid(fields: list[Any], seed: int) -> None:
    definitions: dict[str, Any] = {f"field_{at}": (kind, ...) for at, kind in enumerate(fields)}
    model = create_model("Mixed", **definitions)
    model.model_validate(instance(model.model_json_schema(), chance(seed), PROMPT))


def test_the_prompt_colours_values() -> None:
    schema = {
        "type": "object",
        "properties": {
            "who": {"type": "string"},
            "year": {"type": "integer"},
            "unit": {"enum": ["kelvin", "celsius"]},
        },
    }
    assert instance(schema, chance(0), PROMPT) == {"who": "Grace Hopper", "year": 1906, "unit": "celsius"}


@pytest.mark.parametrize("form", ["date", "date-time", "uuid", "email", "ipv4"])
def test_formats(form: str) -> None:
    made = instance({"type": "string", "format": form}, chance(0), PROMPT)
    assert TypeAdapter(str).validate_python(made)
    assert made != "Grace Hopper"


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "nonsense"},
        {"$ref": "#/nowhere"},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 2},
        {"type": "string", "pattern": "("},
        {"anyOf": [1]},
    ],
)
def test_odd_schemas_do_not_break_it(schema: Any) -> None:
    instance(schema, chance(0), PROMPT)


def test_unique_items_are_unique() -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 6, "uniqueItems": True}
    made = instance(schema, chance(0), PROMPT)
    assert len(set(made)) == 6
