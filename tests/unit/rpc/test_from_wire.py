from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rpc.calls import HELLO, TOOL, complete, fields_of, read, refused, said

from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.caller import ANYBODY
from pointsman.model.request import (
    Hints,
    Image,
    Message,
    Mode,
    ModelOverride,
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
from pointsman.rpc.from_wire import StreamOptions, TraceLevel, call_from_wire
from pointsman.rpc.metadata import read_metadata
from pointsman.v1.router_service_pb2 import CompleteRequest, CompleteUnaryRequest, RouteRequest


def test_a_small_request() -> None:
    call = call_from_wire(complete(), ANYBODY)
    assert call.request.messages == (Message(Role.USER, (Text("hello"),)),)
    assert call.request.hints == Hints()
    assert call.request.params == Params()
    assert (call.request.facts.turns, call.request.tenant) == (1, "default")
    assert (call.trace_level, call.stream) == (TraceLevel.SUMMARY, StreamOptions())


def test_every_kind_of_part() -> None:
    wire = [
        {"role": "ROLE_SYSTEM", "parts": [{"text": "be brief"}]},
        {
            "role": "ROLE_USER",
            "name": "ann",
            "parts": [
                {"image": {"data": "AAEC", "media_type": "image/png", "detail": "IMAGE_DETAIL_LOW"}},
                {"image": {"url": "https://a/b.png"}},
            ],
        },
        {
            "role": "ROLE_ASSISTANT",
            "parts": [
                {"reasoning": {"text": "hm"}},
                {"tool_call": {"id": "1", "name": "get", "arguments_json": "{no json"}},
            ],
        },
        {"role": "ROLE_TOOL", "parts": [{"tool_result": {"tool_call_id": "1", "text": "42"}}]},
    ]
    request = read(input={"messages": wire})
    assert request.messages == (
        Message(Role.SYSTEM, (Text("be brief"),)),
        Message(Role.USER, (Image(b"\0\1\2", "", "image/png", "low"), Image(url="https://a/b.png")), "ann"),
        Message(Role.ASSISTANT, (Reasoning("hm"), ToolCall("1", "get", "{no json"))),
        Message(Role.TOOL, (ToolResult("1", "42"),)),
    )
    assert (request.facts.images, request.facts.image_urls) == (2, 1)


def test_how_to_answer() -> None:
    request = read(
        input=said(HELLO)
        | {
            "tools": [TOOL | {"description": "gets", "strict": True}, {"name": "put"}],
            "tool_choice": {
                "mode": "TOOL_CHOICE_MODE_REQUIRED",
                "allowed_tool_names": ["put"],
                "allow_parallel_calls": False,
            },
            "response_format": {
                "type": "RESPONSE_FORMAT_TYPE_JSON_SCHEMA",
                "schema_name": "s",
                "json_schema": "{}",
                "strict": True,
            },
            "params": {
                "max_output_tokens": 9,
                "temperature": 0.0,
                "stop_sequences": ["END"],
                "seed": "-3",
                "presence_penalty": -2,
                "reasoning_effort": "REASONING_EFFORT_HIGH",
                "end_user_id": "u",
            },
        }
    )
    assert request.tools == (Tool("get", "gets", '{"type":"object"}', True), Tool("put"))
    assert request.tool_choice == ToolChoice("required", ("put",), False)
    assert request.response_format == ResponseFormat("json_schema", "s", "{}", True)
    assert request.params == Params(
        max_output_tokens=9, temperature=0.0, stop_sequences=("END",), seed=-3, presence_penalty=-2.0,
        reasoning_effort="high", end_user_id="u",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tools", "choice", "expected"),
    [
        ([], {"mode": "TOOL_CHOICE_MODE_NONE"}, None),
        ([TOOL], {}, ToolChoice("auto")),
        ([TOOL], {"mode": "TOOL_CHOICE_MODE_NONE"}, ToolChoice("none")),
        ([TOOL], {"allow_parallel_calls": True}, ToolChoice("auto", parallel=True)),
    ],
)
def test_tool_choice(tools: list[Any], choice: dict[str, Any], expected: ToolChoice | None) -> None:
    assert read(input=said(HELLO) | {"tools": tools, "tool_choice": choice}).tool_choice == expected


def test_text_is_no_response_format() -> None:
    assert read(input=said(HELLO) | {"response_format": {"type": "RESPONSE_FORMAT_TYPE_TEXT"}}).response_format is None


def test_hints() -> None:
    hints = {
        "task": "code", "tags": ["a", "b"], "mode": "MODE_SPORT", "tenant": "default",
        "model_override": {"model": "mini", "strict": True}, "max_cost_nano_usd": "0", "input_tokens": 0,
        "labels": {"user": "u", "project": "p"}, "exclude_providers": ["x"], "allowed_regions": ["eu"],
        "session_id": "s1",
    }  # fmt: skip
    assert read(hints=hints).hints == Hints(
        task="code", tags=("a", "b"), mode=Mode.SPORT, model_override=ModelOverride("mini", strict=True),
        max_cost_nano_usd=0, input_tokens=0, labels={"project": "p", "user": "u"}, exclude_providers=("x",),
        allowed_regions=("eu",), session_id="s1",
    )  # fmt: skip
    assert list(read(hints=hints).hints.labels) == ["project", "user"]


@pytest.mark.parametrize(
    ("hint", "metadata", "session"), [("", "m", "m"), ("h", "m", "h"), ("h", "", "h"), ("h", "m" * 257, "h")]
)
def test_the_session_of_the_message_wins(hint: str, metadata: str, session: str) -> None:
    wire = complete(hints={"session_id": hint})
    assert call_from_wire(wire, ANYBODY, metadata).request.hints.session_id == session


def test_sessions_have_at_most_256_bytes() -> None:
    assert fields_of(refused(complete(hints={"session_id": "ä" * 129}))) == ["hints.session_id"]
    with pytest.raises(InvalidRequest) as caught:
        call_from_wire(complete(), ANYBODY, "s" * 257)
    assert fields_of(caught.value) == ["x-pointsman-session-id"]
    assert call_from_wire(complete(), ANYBODY, "s" * 256).request.session == f"default/{'s' * 256}"


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        (None, ("", "")),
        ((), ("", "")),
        ((("x-pointsman-session-id", "s1"), ("user-agent", "x"), ("authorization", "Bearer k")), ("Bearer k", "s1")),
        ((("x-pointsman-session-id", b"s1"), ("authorization", b"Bearer k")), ("", "")),
        ((("authorization", "first"), ("authorization", "second")), ("first", "")),
    ],
)
def test_what_the_metadata_says(metadata: Any, found: tuple[str, str]) -> None:
    assert read_metadata(metadata) == found


def test_an_empty_override_says_nothing() -> None:
    assert read(hints={"model_override": {}}).hints.model_override is None


@pytest.mark.parametrize("tenant", ["acme", "x" * 10_000, "Default"])
def test_other_tenants_are_not_permitted(tenant: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(hints={"tenant": tenant})
    assert caught.value.reason is Reason.PERMISSION_DENIED
    assert "acme" not in caught.value.message


def test_request_ids_have_a_length() -> None:
    assert read(request_id="x" * 128).messages
    with pytest.raises(RequestError, match="request_id: is 129 bytes"):
        read(request_id="x" * 129)


def test_only_route_may_leave_the_prompt_at_home() -> None:
    hints = {"task": "code", "input_tokens": 5}
    assert call_from_wire(ParseDict({"hints": hints}, RouteRequest()), ANYBODY).request.messages == ()
    assert fields_of(refused(ParseDict({"hints": {"task": "code"}}, RouteRequest()))) == ["input.messages"]
    assert fields_of(refused(ParseDict({"hints": {"input_tokens": 5}}, RouteRequest()))) == ["input.messages"]
    assert fields_of(refused(ParseDict({"hints": hints}, CompleteUnaryRequest()))) == ["input.messages"]


@pytest.mark.parametrize(
    ("wire", "expected"),
    [("0s", None), ("1s", 1.0), ("1.5s", 1.5), ("600s", 600.0)],
)
def test_heartbeats(wire: str, expected: float | None) -> None:
    assert call_from_wire(complete(stream_options={"heartbeat_interval": wire}), ANYBODY).stream.heartbeat == expected


@pytest.mark.parametrize(("seconds", "nanos"), [(-1, 0), (0, 1), (600, 1), (5, -1), (5, 2_000_000_000), (2**62, 0)])
def test_wrong_heartbeats(seconds: int, nanos: int) -> None:
    wire = complete()
    wire.stream_options.heartbeat_interval.seconds, wire.stream_options.heartbeat_interval.nanos = seconds, nanos
    assert fields_of(refused(wire)) == ["stream_options.heartbeat_interval"]


def test_stream_options() -> None:
    options = {
        "restart_policy": "RESTART_POLICY_ALLOW", "include_reasoning": True, "include_notices": True,
        "include_final_message": True,
    }  # fmt: skip
    call = call_from_wire(complete(stream_options=options, trace_level="TRACE_LEVEL_FULL"), ANYBODY)
    assert call.stream == StreamOptions(True, True, True, 15.0, True)
    assert call.trace_level is TraceLevel.FULL


def test_unary_calls_may_always_start_over() -> None:
    wire = ParseDict({"input": said(HELLO), "include_reasoning": True}, CompleteUnaryRequest())
    assert call_from_wire(wire, ANYBODY).stream == StreamOptions(restart=True, include_reasoning=True, heartbeat=None)


SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(-1, 9),
}
TEXTS = st.one_of(
    st.sampled_from(["", "get", "default", "http://x", "image/png", "{}", "[", "code"]),
    st.text(st.characters(codec="utf-8"), max_size=20),
)


@st.composite
def messages(draw: st.DrawFn, descriptor: Any) -> dict[str, Any]:
    """Keyword arguments for any message of this type, each field there or not."""
    # Any: the stubs know two kinds of descriptors.
    values: dict[str, Any] = {}
    for field in descriptor.fields:
        if draw(st.integers(0, 3)) == 0:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            values[field.name] = draw(st.dictionaries(TEXTS, TEXTS, max_size=3))
        else:
            one = value_of(field)
            many: st.SearchStrategy[Any] = st.lists(one, max_size=3)
            values[field.name] = draw(many if field.is_repeated else one)
    return values


def value_of(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type:
        return messages(field.message_type)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return st.binary(max_size=8) if field.type == FieldDescriptor.TYPE_BYTES else TEXTS
    return SCALARS[field.cpp_type]


@settings(max_examples=60, deadline=None)
@given(messages(CompleteRequest.DESCRIPTOR))
def test_any_request_converts_or_is_refused(fields: dict[str, Any]) -> None:
    wire = CompleteRequest(**fields)
    # It is refused before anything else is looked at.
    wire.hints.ClearField("tenant")
    try:
        request = call_from_wire(wire, ANYBODY).request
    except RequestError:
        return
    assert len(request.messages) == len(wire.input.messages) > 0
