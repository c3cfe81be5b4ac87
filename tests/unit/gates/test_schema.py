from __future__ import annotations

import json as text_of
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.gates.asking import gate, said, verdict

from pointsman import Accepted, Request, ResponseFormat, Tool, ToolCall
from pointsman.testing import make_answer, make_request
from pointsman_gates import schema
from pointsman_gates.schemas import Schema, Schemas, SchemaUnusable

NUMBERS = {"type": "array", "items": {"type": "integer"}}
WRONG = "does not match the schema"


def asking(document: Any) -> Request:
    text = document if isinstance(document, str) else text_of.dumps(document)
    request = make_request()
    return Request(messages=request.messages, response_format=ResponseFormat("json_schema", json_schema=text))


@pytest.mark.parametrize(("answer", "why"), [("[1, 2]", ""), ('["a"]', WRONG), ("{}", WRONG), ("one", "not JSON")])
async def test_the_callers_schema(answer: str, why: str) -> None:
    assert await said(gate(schema.plugin), answer, asking(NUMBERS)) == why


async def test_a_caller_without_a_schema_gets_every_answer() -> None:
    assert await verdict(gate(schema.plugin), "one") == Accepted("the caller asks for no schema")


async def test_a_fence() -> None:
    fenced = "```json\n[1]\n```"
    assert await said(gate(schema.plugin), fenced, asking(NUMBERS)) == "not JSON"
    assert await said(gate(schema.plugin, fence=True), fenced, asking(NUMBERS)) == ""


async def test_a_schema_from_a_file_wins(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    path.write_text(text_of.dumps(NUMBERS))
    made = gate(schema.plugin, file=str(path))
    assert await said(made, "[1]", asking({"type": "string"})) == ""
    assert await said(made, '"a"', asking({"type": "string"})) == WRONG


def test_the_options_hold_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    path.write_text(text_of.dumps(NUMBERS))
    assert schema.SchemaOptions(file=str(path)).model_dump()["file"] == text_of.dumps(NUMBERS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("[]", "is no JSON Schema: that is an object"),
        ('{"properties": {"a": {"type": "strin"}}}', "is no JSON Schema at /properties/a/type"),
        ('{"pattern": "a(?=b)"}', "is no JSON Schema at /pattern"),
        ('{"$ref": "https://example.com/a.json"}', "refers to another document"),
        ('{"$ref": "file:///etc/hostname"}', "refers to another document"),
        ('{"$ref": "other.json"}', "refers to another document"),
        ('{"$ref": "#/$defs/a"}', "refers to a part that it does not have"),
        ('{"$schema": "https://example.com/dialect"}', "a dialect we do not know"),
        ('{"items": ' * 250 + "{}" + "}" * 250, "is nested too deep"),
        (text_of.dumps({"enum": list(range(20_000))}), "holds more than 10,000 values"),
        (text_of.dumps({"description": "a" * 300_000}), "is longer than"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(ValidationError, match=why):
        gate(schema.plugin, file=str(path))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ValidationError, match="cannot be read: No such file or directory"):
        gate(schema.plugin, file="nowhere.json")


async def test_arguments_of_tools() -> None:
    tools = (Tool("add", parameters_json_schema=text_of.dumps({"required": ["a"]})), Tool("stop"))
    request, made = make_request(tools=tools), gate(schema.plugin)

    async def of(name: str, arguments: str) -> str:
        return await said(made, make_answer("", calls=[ToolCall("call-1", name, arguments)]), request)

    assert await of("add", '{"a": 1}') == ""
    assert await of("add", "{}") == "a tool call's arguments do not match the tool's schema"
    assert await of("add", "{") == "not JSON"
    assert await of("stop", "") == ""
    assert await of("shout", "{}") == "calls a tool that was not offered"


def laughs(depth: int) -> dict[str, Any]:
    """Each part twice the next: few characters, and two to the power of `depth` steps."""
    parts = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(depth)}
    return {"$defs": {**parts, f"a{depth}": {"type": "integer"}}, "$ref": "#/$defs/a0"}


def test_what_could_take_long_is_not_tried() -> None:
    with pytest.raises(SchemaUnusable, match="with its references written out"):
        Schema(text_of.dumps(laughs(40)))
    assert Schema(text_of.dumps(laughs(5))).fits(1)
    many = Schema(text_of.dumps({"items": {"enum": list(range(5_000))}}))
    assert many.fits([1, 2])
    with pytest.raises(SchemaUnusable, match="too large for an answer of this size"):
        many.fits([1] * 1_000)


def test_recursive_schemas_are_checked_however_deep_the_answer_is() -> None:
    tree = Schema('{"properties": {"a": {"$ref": "#"}, "b": {"type": "integer"}}, "additionalProperties": false}')
    assert tree.fits({"a": {"a": {"b": 1}}})
    assert not tree.fits({"a": {"a": {"b": "1"}}})
    either = {"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": [name]} for name in "bc"]}
    deep: Any = 1
    for _ in range(100):
        deep = {"a": deep}
    assert not Schema(text_of.dumps(either)).fits(deep)


def test_references_by_anchor_and_escaped_pointers() -> None:
    document = {"$defs": {"a/b": {"$anchor": "here", "type": "integer"}}, "allOf": [{"$ref": "#here"}]}
    assert Schema(text_of.dumps(document)).fits(1)
    assert not Schema(text_of.dumps({**document, "allOf": [{"$ref": "#/$defs/a~1b"}]})).fits("a")


def test_an_answer_nested_as_deep_as_json_can_be_read() -> None:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    assert Schema('{"items": {"$ref": "#"}, "type": "array"}').fits(deep)


def test_the_latest_few_are_kept() -> None:
    kept = Schemas(most=2)
    first = kept.get("{}")
    kept.get("true")
    assert kept.get("{}") is first
    kept.get("false")
    assert len(kept) == 2
    assert kept.get("{}") is first


async def test_a_callers_schema_that_cannot_be_used_is_the_gates_failure() -> None:
    with pytest.raises(SchemaUnusable):
        await said(gate(schema.plugin), "{}", asking({"$ref": "https://example.com"}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)
KEYWORDS = [
    "$ref",
    "$defs",
    "allOf",
    "anyOf",
    "items",
    "properties",
    "type",
    "enum",
    "pattern",
    "$anchor",
    "$id",
    "not",
]
DOCUMENTS = st.dictionaries(
    st.sampled_from(KEYWORDS),
    VALUES | st.sampled_from(["#", "#/allOf/0", "#/$defs/a", "object", "^a*$", "x"]) | st.just([{"$ref": "#"}]),
    max_size=4,
)


@given(DOCUMENTS, VALUES)
def test_no_schema_and_no_value_break_it(document: dict[str, Any], value: Any) -> None:
    with suppress(SchemaUnusable):
        assert Schema(text_of.dumps(document)).fits(value) in (True, False)
