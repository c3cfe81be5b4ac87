"""Requests for a chat completion: what they say, and hostile ones, which are refused and never fall over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.http.hints import hints_of_headers
from pointsman.http.openai_answer import ChatQuestion
from pointsman.http.openai_request import read_question
from pointsman.model.caller import ANYBODY, Caller, Permission
from pointsman.model.request import (
    CacheHint,
    Image,
    Message,
    Mode,
    ModelOverride,
    Reasoning,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

HELLO = {"role": "user", "content": "hello"}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
NOBODY = Caller("acme", "k1")


def read(caller: Caller = ANYBODY, headers: dict[str, str] | None = None, **body: Any) -> ChatQuestion:
    asked = {"model": "pointsman/auto", "messages": [HELLO]} | body
    return read_question(json.dumps(asked).encode(), hints_of_headers(headers or {}, caller))


def refused(caller: Caller = ANYBODY, headers: dict[str, str] | None = None, **body: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(caller, headers, **body)
    return caught.value


def test_a_conversation() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Very."}]},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
            ],
        },
        {"role": "assistant", "content": "Wait.", "tool_calls": [call], "reasoning_content": "hm", "refusal": None},
        {"role": "tool", "tool_call_id": "c1", "content": "7"},
    ]
    assert read(messages=messages).request.messages == (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.DEVELOPER, (Text("Very."),)),
        Message(
            Role.USER,
            (
                Text("What is this?", cache=CacheHint(3600.0)),
                Image(data=b"\0\1\2", media_type="image/png", detail="low"),
                Image(url="https://example.com/a.png"),
            ),
            "ann",
        ),
        Message(Role.ASSISTANT, (Reasoning("hm"), Text("Wait."), ToolCall("c1", "f", "{}"))),
        Message(Role.TOOL, (ToolResult("c1", "7"),)),
    )


def test_tools_and_the_choice_among_them() -> None:
    assert read(tools=[FUNCTION]).request.tools == (Tool("f", "", '{"type": "object"}'),)
    for choice, parallel, expected in (
        (None, None, None),
        ("auto", None, ToolChoice("auto")),
        ("required", False, ToolChoice("required", (), False)),
        ({"type": "function", "function": {"name": "f"}}, None, ToolChoice("required", ("f",))),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
                {"type": "function", "function": {"name": "f"}}]}}, None, ToolChoice("required", ("f",)),
        ),
    ):  # fmt: skip
        asked = read(tools=[FUNCTION], tool_choice=choice, parallel_tool_calls=parallel)
        assert asked.request.tool_choice == expected


def test_formats() -> None:
    assert read(response_format={"type": "text"}).request.response_format is None
    assert read(response_format={"type": "json_object"}).request.response_format == ResponseFormat("json_object")
    schema = {"name": "place", "schema": {"type": "object"}, "strict": True, "description": "A place."}
    assert read(response_format={"type": "json_schema", "json_schema": schema}).request.response_format == (
        ResponseFormat("json_schema", "place", '{"type":"object","description":"A place."}', True)
    )


def test_parameters() -> None:
    params = read(
        max_completion_tokens=9, max_tokens=9, temperature=0.5, top_p=1, stop="x", seed=-3, frequency_penalty=-2,
        presence_penalty=2, reasoning_effort="xhigh", user="u", safety_identifier="u",
    ).request.params  # fmt: skip
    assert (params.max_output_tokens, params.temperature, params.top_p, params.stop_sequences) == (9, 0.5, 1, ("x",))
    assert (params.seed, params.frequency_penalty, params.presence_penalty) == (-3, -2, 2)
    assert (params.reasoning_effort, params.end_user_id) == ("max", "u")


def test_null_is_as_good_as_absent() -> None:
    fields = ("n", "stop", "tools", "tool_choice", "response_format", "user", "metadata", "logprobs", "audio", "stream")
    nothing: dict[str, Any] = dict.fromkeys(fields)
    assert read(**nothing).request == read().request
    assert read(n=1, store=False, logit_bias={}, service_tier="auto", modalities=["text"]).request == read().request


def test_hints() -> None:
    headers = {"X-Pointsman-Session-Id": "s", "X-Pointsman-Max-Cost-Usd": "0.002", "x-pointsman-tags": "a, b"}
    headers |= {"X-Pointsman-Project": "apollo", "X-Pointsman-Labels": "team=search", "X-Pointsman-Timeout-Ms": "1500"}
    read_ = read(headers=headers, metadata={"source": "cron", "pointsman_allow_hedging": "false"})
    hints = read_.request.hints
    assert (hints.session_id, hints.max_cost_nano_usd, hints.tags) == ("s", 2_000_000, ("a", "b"))
    assert hints.labels == {"project": "apollo", "source": "cron", "team": "search"}
    assert (hints.allow_hedging, read_.hinted.timeout) == (False, 1.5)


@pytest.mark.parametrize(
    ("model", "headers", "expected"),
    [
        ("pointsman/auto", {}, (None, "", None)),
        ("pointsman/auto:eco", {}, (Mode.ECO, "", None)),
        ("pointsman/auto:eco", {"X-Pointsman-Mode": "eco"}, (Mode.ECO, "", None)),
        ("pointsman/task:code", {"X-Pointsman-Mode": "sport"}, (Mode.SPORT, "code", None)),
        ("mini", {"X-Pointsman-Task": "code"}, (None, "code", ModelOverride("mini"))),
        ("mini", {"X-Pointsman-Strict": "true"}, (None, "", ModelOverride("mini", "", True))),
        ("pointsman/auto", {"X-Pointsman-Provider": "groq"}, (None, "", ModelOverride("", "groq"))),
        ("vendor/mini", {"X-Pointsman-Provider": "groq"}, (None, "", ModelOverride("vendor/mini", "groq"))),
    ],
)
def test_what_model_may_name(model: str, headers: dict[str, str], expected: object) -> None:
    hints = read(headers=headers, model=model).request.hints
    assert (hints.mode, hints.task, hints.model_override) == expected


def test_naming_a_model_needs_the_permission() -> None:
    naming: tuple[dict[str, Any], ...] = ({"model": "mini"}, {"headers": {"X-Pointsman-Provider": "groq"}})
    for asked in naming:
        with pytest.raises(RequestError) as caught:
            read(NOBODY, **asked)
        assert caught.value.reason is Reason.PERMISSION_DENIED
        assert "override" in caught.value.message
    assert read(NOBODY).request.tenant == "acme"
    able = Caller("acme", "k2", frozenset({Permission.OVERRIDE}))
    assert read(able, model="mini").request.hints.model_override == ModelOverride("mini")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [{"role": "owner", "content": "x"}]}, "messages[0].role"),
        ({"messages": [HELLO | {"extra": 1}]}, "messages[0].extra"),
        ({"messages": [{"role": "tool", "tool_call_id": "", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"model": ""}, "model"),
        ({"model": "pointsman/auto:fast"}, "model"),
        ({"model": "pointsman/task:"}, "model"),
        ({"tools": [FUNCTION, FUNCTION]}, "tools[1].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f g"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": 7}}]}, "tools[0].function.parameters"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
         "response_format.json_schema.schema"),
        ({"max_tokens": 1, "max_completion_tokens": 2}, "max_tokens"),
        ({"max_tokens": 2**31}, "max_tokens"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"seed": 2**63}, "seed"),
        ({"stop": [""]}, "stop[0]"),
        ({"stop": ["x"] * 9}, "stop"),
        ({"user": "a", "safety_identifier": "b"}, "user"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"parallel_tool_calls": True}, "parallel_tool_calls"),
        ({"metadata": {"Key": "x"}}, "metadata"),
        ({"metadata": {"key": 1}}, "metadata[...]"),
        ({"metadata": {"pointsman_mode": "eco"}, "headers": {"X-Pointsman-Mode": "sport"}}, "metadata.pointsman_mode"),
        ({"headers": {"X-Pointsman-Max-Cost-Usd": "NaN"}}, "x-pointsman-max-cost-usd"),
        ({"headers": {"X-Pointsman-Max-Cost-Usd": "-1"}}, "x-pointsman-max-cost-usd"),
        ({"headers": {"X-Pointsman-Timeout-Ms": "0"}}, "x-pointsman-timeout-ms"),
        ({"headers": {"X-Pointsman-Labels": "team"}}, "x-pointsman-labels"),
        ({"headers": {"X-Pointsman-Strict": "true"}}, "x-pointsman-strict"),
        ({"headers": {"X-Pointsman-Tag": "x"}}, "x-pointsman-tag"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(more: dict[str, Any], field: str) -> None:
    assert refused(**more).violations[0][0] == field


def test_everything_wrong_is_told_at_once() -> None:
    assert [field for field, _ in refused(n=2, temperature=9, stop=[""]).violations] == ["n", "temperature", "stop[0]"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([
    "model", "messages", "tools", "tool_choice", "response_format", "stop", "metadata", "stream_options", "n", "seed",
    "temperature", "max_tokens", "logit_bias", "user", "reasoning_effort", "pointsman_state",
])  # fmt: skip
PARTS = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "image_url", "refusal", "file", "x"])})
    | st.fixed_dictionaries({"type": st.just("text"), "text": st.text()})
    | st.fixed_dictionaries({
        "type": st.just("image_url"),
        "image_url": st.fixed_dictionaries({"url": st.text() | st.just("data:image/png;base64,") | st.just("data:,")}),
    }),
    max_size=3,
)  # fmt: skip
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "function"])},
    optional={
        "content": st.text() | PARTS | JSON,
        "tool_calls": JSON,
        "tool_call_id": st.text(),
        "pointsman_state": st.text() | st.just("kZWhclkLoKA="),
        "refusal": st.text(),
    },
)


def short(read: Callable[[], object]) -> None:
    """It is read, or refused in few words; nothing else may come of it."""
    message = "fine"
    try:
        read()
    except RequestError as error:
        message = error.message
    assert 0 < len(message) < 2_000


def tried(body: bytes) -> None:
    short(lambda: read_question(body, hints_of_headers({}, ANYBODY)))


@given(st.dictionaries(FIELDS, JSON) | JSON)
@settings(max_examples=150, deadline=None)
def test_hostile_fields(body: object) -> None:
    tried(json.dumps(body).encode())


@given(st.lists(MESSAGE, max_size=3))
@settings(max_examples=150, deadline=None)
def test_hostile_messages(messages: object) -> None:
    tried(json.dumps({"model": "pointsman/auto", "messages": messages}).encode())


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_hostile_bytes(body: bytes) -> None:
    tried(body)
    tried(b'{"model": "pointsman/auto", "messages": [{"role": "user", "content": "' + body + b'"}]}')


@pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000])
def test_depths(deep: bytes) -> None:
    tried(deep)
    schema = b'{"model":"pointsman/auto","messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":'
    tried(schema + deep)


@given(
    st.dictionaries(st.sampled_from(["task", "mode", "labels", "max-cost-usd", "timeout-ms", "tags", "x"]), st.text())
)
@settings(max_examples=100, deadline=None)
def test_hostile_hints(said: dict[str, str]) -> None:
    headers = {f"X-Pointsman-{name}": value for name, value in said.items()}
    short(lambda: hints_of_headers(headers, ANYBODY))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"tools": [FUNCTION]}, "tools[0].function.parameters"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
            "response_format.json_schema.schema",
        ),
    ],
)
def test_a_schema_that_is_not_utf8(more: dict[str, Any], field: str) -> None:
    body = json.dumps({"model": "pointsman/auto", "messages": [HELLO]} | more).encode()
    with pytest.raises(InvalidRequest) as caught:
        read_question(body.replace(b'{"type": "object"}', b'{"title": "\xff"}'), hints_of_headers({}, ANYBODY))
    assert caught.value.violations == ((field, "is not UTF-8"),)


@pytest.mark.parametrize(("own", "fits"), [("A place.", True), ("Another.", False), (["A place."], False)])
def test_a_schema_with_a_description_of_its_own(own: object, fits: bool) -> None:
    schema = {"name": "n", "description": "A place.", "schema": {"type": "object", "description": own}}
    wanted: dict[str, Any] = {"type": "json_schema", "json_schema": schema}
    if fits:
        shape = read(response_format=wanted).request.response_format
        assert shape
        assert json.loads(shape.json_schema) == schema["schema"]
    else:
        assert [field for field, _ in refused(response_format=wanted).violations] == [
            "response_format.json_schema.description"
        ]
