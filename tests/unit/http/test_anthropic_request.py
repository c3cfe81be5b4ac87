from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.http.anthropic_bodies import (
    CALL,
    SCHEMA,
    THINKING,
    TOOL,
    asked,
    assistant,
    read,
    read_bytes,
    refused,
    text,
    user,
)

from pointsman.errors import InvalidRequest, Reason
from pointsman.http.anthropic_body import read_asked, read_prompt_body
from pointsman.http.anthropic_request import Thinking, thinking_of
from pointsman.model.request import (
    CacheHint,
    Image,
    Message,
    Params,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
HOUR = {"type": "ephemeral", "ttl": "1h"}
CLOSED = {**SCHEMA, "required": ["city"], "additionalProperties": False}


def test_a_conversation() -> None:
    request = read(
        system=[text("Be brief."), text("Be kind.", cache_control={"type": "ephemeral"})],
        messages=[
            user(text("What is this?"), PNG),
            assistant(text("Looking."), CALL),
            {"role": "system", "content": "Hurry."},
            user(
                text("And?"),
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("hail"), PNG], "is_error": True},
            ),
            {"role": "assistant", "content": "It"},
        ],
        tools=[TOOL | {"description": "Looks out of the window.", "strict": True, "cache_control": HOUR}],
    )
    picture = Image(data=b"hi", media_type="image/png")
    assert request.messages == (
        Message(Role.SYSTEM, (Text("Be brief."), Text("Be kind.", cache=CacheHint()))),
        Message(Role.USER, (Text("What is this?"), picture)),
        Message(Role.ASSISTANT, (Text("Looking."), ToolCall("toolu_1", "get_weather", '{"city": "Paris"}'))),
        Message(Role.SYSTEM, (Text("Hurry."),)),
        # What a tool said stands in front, where every provider looks for it.
        Message(Role.TOOL, (ToolResult("toolu_1", "hail", True, (picture,)),)),
        Message(Role.USER, (Text("And?"),)),
        Message(Role.ASSISTANT, (Text("It"),)),
    )
    schema = json.dumps(SCHEMA)
    assert request.tools == (Tool("get_weather", "Looks out of the window.", schema, True, CacheHint(3600.0)),)
    assert (request.facts.images, request.facts.tools, request.facts.hourly_cache) == (2, 1, True)


def test_the_input_of_a_tool_goes_on_byte_for_byte() -> None:
    written = b'{ "n": 1.50, "big": 12345678901234567890123, "caf\xc3\xa9":null }'
    body = json.dumps(asked(messages=[assistant(CALL | {"input": "HERE"}), user(text("x"))])).encode()
    call = read_bytes(body.replace(b'"HERE"', written)).messages[0].parts[0]
    assert isinstance(call, ToolCall)
    assert call.arguments_json.encode() == written


def test_parameters() -> None:
    params = read(
        stop_sequences=["END", "\n\n"], temperature=0.5, top_p=0.9, top_k=40, metadata={"user_id": "u-1"}
    ).params
    assert params == Params(4096, 0.5, 0.9, ("END", "\n\n"), end_user_id="u-1", top_k=40)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "tool", "name": "get_weather"}, ToolChoice("required", ("get_weather",))),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice("auto", parallel=False)),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice("required", parallel=True)),
    ],
)
def test_tool_choices(said: Any, meant: ToolChoice) -> None:
    assert read(tools=[TOOL], tool_choice=said).tool_choice == meant


@pytest.mark.parametrize(
    ("more", "effort", "most", "shown"),
    [
        ({}, "", None, Thinking.HIDDEN),
        ({"thinking": {"type": "disabled"}}, "none", None, Thinking.HIDDEN),
        ({"thinking": {"type": "adaptive"}}, "high", None, Thinking.SHOWN),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, "high", None, Thinking.OMITTED),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, "max", None, Thinking.SHOWN),
        ({"output_config": {"effort": "low"}}, "low", None, Thinking.HIDDEN),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low", 1024, Thinking.SHOWN),
        ({"thinking": THINKING | {"display": "summarized"}}, "low", 2048, Thinking.SHOWN),
        ({"thinking": {"type": "enabled", "budget_tokens": 3000}}, "medium", 3000, Thinking.SHOWN),
        ({"thinking": {"type": "enabled", "budget_tokens": 50_000}, "max_tokens": 64_000}, "max", 50_000, "shown"),
    ],
)
def test_thinking(more: Any, effort: str, most: int | None, shown: str) -> None:
    params = read(**more).params
    assert (params.reasoning_effort, params.reasoning_max_tokens) == (effort, most)
    assert thinking_of(read_asked(json.dumps(asked(**more)).encode())) == shown


@pytest.mark.parametrize(("schema", "strict"), [(CLOSED, True), (SCHEMA, False), ({"type": "object"}, False)])
def test_a_schema_is_strict_where_every_provider_can_keep_to_it(schema: Any, strict: bool) -> None:
    wanted = read(output_config={"format": {"type": "json_schema", "schema": schema}}).response_format
    assert wanted == ResponseFormat("json_schema", "", json.dumps(schema), strict)


def test_a_mark_for_the_whole_prompt_is_on_its_last_part() -> None:
    request = read(messages=[user(text("a"), text("b"))], cache_control=HOUR)
    assert request.messages[0].parts == (Text("a"), Text("b", cache=CacheHint(3600.0)))


def test_what_a_provider_signed_for_somebody_else_is_reasoning_without_a_state() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "EqQBCkYIBxgC"}
    request = read(messages=[assistant(thought, {"type": "redacted_thinking", "data": "b3BhcXVl"}), user(text("x"))])
    assert request.messages[0].parts == (Reasoning("Hm."), Reasoning(""))


def test_what_a_coding_agent_sends_is_taken() -> None:
    read(
        stream=True,
        system=[text("x-billing: y"), text("You are.", cache_control={"type": "ephemeral", "scope": "global"})],
        messages=[user(text("hi", cache_control={"type": "ephemeral"})), assistant(text("ho", citations=None))],
        tools=[{**TOOL, "type": "custom", "eager_input_streaming": True, "allowed_callers": ["direct"]}],
        thinking={"type": "adaptive"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        output_config={"effort": "medium"},
        metadata={"user_id": '{"device_id":"0"}'},
        service_tier="auto",
    )


@pytest.mark.parametrize(
    ("more", "field", "told"),
    [
        ({"temperatur": 1}, "temperatur", "is no field"),
        ({"messages": []}, "messages", "at least one"),
        ({"messages": [user()]}, "messages[0].content", "empty"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content", "empty"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "'tool' is not supported"),
        ({"messages": [user(CALL)]}, "messages[0].content[0].type", "tool_use does not belong"),
        ({"messages": [assistant(PNG)]}, "messages[0].content[0].type", "image does not belong"),
        ({"messages": [user(text("x", colour="red"))]}, "messages[0].content[0].colour", "is no field"),
        ({"messages": [user(text("x", citations=[{}]))]}, "messages[0].content[0].citations", "length <= 0"),
        ({"messages": [assistant(CALL | {"input": [1]})]}, "messages[0].content[0].input", "JSON object"),
        ({"messages": [assistant(CALL | {"id": ""})]}, "messages[0].content[0].id", "empty"),
        ({"messages": [user(*[text("x")] * 8_193)]}, "messages", "more than 8,192 blocks"),
        ({"messages": [user(text("x"))] * 2_049}, "messages", "at most 2,048"),
        ({"max_tokens": 0}, "max_tokens", "at least 1"),
        ({"max_tokens": 2**40}, "max_tokens", "2147483647"),
        ({"max_tokens": "many"}, "max_tokens", "int"),
        ({"temperature": 2.5}, "temperature", "between 0 and 2"),
        ({"top_p": -1}, "top_p", "between 0 and 1"),
        ({"top_k": 0}, "top_k", "at least 1"),
        ({"stop_sequences": [""]}, "stop_sequences[0]", "empty"),
        ({"stop_sequences": ["x"] * 9}, "stop_sequences", "at most 8"),
        ({"metadata": {"user_id": "x" * 300}}, "metadata.user_id", "at most 256"),
        ({"tools": [TOOL, TOOL]}, "tools[1].name", "earlier tool"),
        ({"tools": [TOOL | {"name": "a b"}]}, "tools[0].name", "must match"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type", "not supported"),
        ({"tools": [TOOL | {"defer_loading": True}]}, "tools[0].defer_loading", "not supported"),
        ({"tool_choice": {"type": "any"}}, "tool_choice", "needs tools"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, "tool_choice.name", "none of the tools"),
        ({"thinking": {"type": "enabled", "budget_tokens": 100}}, "thinking.budget_tokens", "at least 1,024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, "thinking.budget_tokens", "less than max_tokens"),
        ({"thinking": {"type": "adaptive", "budget_tokens": 2048}}, "thinking.budget_tokens", "enabled only"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type", "not supported"),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
            "output_config.effort",
            "leave one out",
        ),
        ({"service_tier": "standard_only"}, "service_tier", "not supported"),
        ({"speed": "fast"}, "speed", "not supported"),
        ({"container": "c"}, "container", "not supported"),
        ({"inference_geo": "eu"}, "inference_geo", "not supported"),
        ({"context_management": {"edits": [{"type": "compact"}]}}, "context_management.edits[0].type", "not supported"),
        ({"cache_control": {"type": "ephemeral", "ttl": "1d"}}, "cache_control.ttl", "not supported"),
    ],
)
def test_what_is_refused(more: Any, field: str, told: str) -> None:
    error = refused(**more)
    assert error.violations[0][0] == field
    assert told in error.violations[0][1]


@pytest.mark.parametrize("block", [{"type": "document", "source": {}}, {"type": "image", "source": {"type": "file"}}])
def test_content_that_is_not_known_is_named(block: Any) -> None:
    assert refused(messages=[user(block)]).reason is Reason.UNSUPPORTED_CONTENT_PART


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"model":"\\ud800"}'])
def test_what_is_no_body(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="request:"):
        read_asked(body)


def test_counting_takes_no_more_than_counts() -> None:
    counted = asked(tools=[TOOL])
    with pytest.raises(InvalidRequest, match="max_tokens"):
        read_prompt_body(json.dumps(counted).encode())
    del counted["max_tokens"]
    assert read_prompt_body(json.dumps(counted).encode()).tools[0].name == "get_weather"


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text("aZ0é\0 😀", max_size=5),
    st.sampled_from(["text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking", "user", "assistant"]),
)  # fmt: skip
NAMES = st.sampled_from([
    "type", "text", "source", "data", "id", "name", "input", "content", "thinking", "signature", "cache_control",
    "role", "tool_use_id", "is_error", "citations", "url", "budget_tokens", "format", "schema", "edits", "user_id",
])  # fmt: skip
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
FIELDS = st.sampled_from([
    "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "context_management",
    "metadata", "max_tokens", "stop_sequences", "temperature", "stream",
])  # fmt: skip


def read_or_refused(body: bytes) -> None:
    try:
        read_bytes(body)
    except InvalidRequest as error:
        told = error.violations
    else:
        return
    assert 0 < len(told) <= 10
    assert all(field and len(why) < 500 for field, why in told)


@settings(max_examples=100)
@given(st.dictionaries(FIELDS, JSON, max_size=3), st.lists(st.dictionaries(NAMES, JSON, max_size=5), max_size=2))
def test_whatever_a_body_says_it_is_read_or_refused(more: Any, blocks: Any) -> None:
    body = {"messages": [user(text("x"), *blocks), assistant(*blocks)]} | more
    read_or_refused(json.dumps(asked(**body)).encode())


@settings(max_examples=100)
@given(st.data())
def test_bytes_that_were_damaged_are_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(json.dumps(asked(tools=[TOOL], messages=[user(text("é"), PNG), assistant(CALL)])).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(bytes(body))
