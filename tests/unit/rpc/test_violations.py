from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rpc.calls import HELLO, TOOL, complete, fields_of, part, refused, said

from pointsman.doors.limits import STATE_BYTES, TEXT_BYTES
from pointsman.errors import Reason
from pointsman.model.caller import ANYBODY
from pointsman.rpc.from_wire import call_from_wire
from pointsman.rpc.parsing import parse
from pointsman.v1 import chat_pb2
from pointsman.v1.router_service_pb2 import CompleteRequest

STATE = {"provider": "acme", "data": "AA=="}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "input.messages"),
        (said({"role": "ROLE_USER"}), "input.messages[0].parts"),
        (said({"parts": [{"text": "x"}]}), "input.messages[0].role"),
        (said({"role": 77, "parts": [{"text": "x"}]}), "input.messages[0].role"),
        (said(HELLO | {"name": "n" * 257}), "input.messages[0].name"),
        (part("USER", {"tool_call": {"id": "1", "name": "f"}}), "input.messages[0].parts[0].tool_call"),
        (part("USER", {"tool_result": {"tool_call_id": "1"}}), "input.messages[0].parts[0].tool_result"),
        (part("USER", {"reasoning": {}}), "input.messages[0].parts[0].reasoning"),
        (part("SYSTEM", {"image": {"url": "http://x"}}), "input.messages[0].parts[0].image"),
        (part("ASSISTANT", {"image": {"url": "http://x"}}), "input.messages[0].parts[0].image"),
        (part("TOOL", {"text": "x"}), "input.messages[0].parts[0].text"),
        (part("ASSISTANT", {"tool_call": {"name": "f"}}), "input.messages[0].parts[0].tool_call.id"),
        (part("ASSISTANT", {"tool_call": {"id": "1"}}), "input.messages[0].parts[0].tool_call.name"),
        (part("TOOL", {"tool_result": {"text": "x"}}), "input.messages[0].parts[0].tool_result.tool_call_id"),
        (part("USER", {"image": {}}), "input.messages[0].parts[0].image"),
        (part("USER", {"image": {"data": "AA=="}}), "input.messages[0].parts[0].image.media_type"),
        (
            part("USER", {"image": {"data": "AA==", "media_type": "text/html"}}),
            "input.messages[0].parts[0].image.media_type",
        ),
        (part("USER", {"image": {"url": "file:///etc/passwd"}}), "input.messages[0].parts[0].image.url"),
        (part("USER", {"image": {"url": "http://x", "detail": 9}}), "input.messages[0].parts[0].image.detail"),
        (part("USER", {"text": "x", "provider_state": STATE}), "input.messages[0].parts[0].provider_state"),
        (
            part("TOOL", {"tool_result": {"tool_call_id": "1"}, "provider_state": STATE}),
            "input.messages[0].parts[0].provider_state",
        ),
        (part("ASSISTANT", {"reasoning": {}, "cache_hint": {}}), "input.messages[0].parts[0].cache_hint"),
        (part("USER", {"text": "x", "cache_hint": {"ttl": "0s"}}), "input.messages[0].parts[0].cache_hint.ttl"),
        (
            part("TOOL", {"tool_result": {"tool_call_id": "1", "images": [{"url": "http://x"}, {"data": "AA=="}]}}),
            "input.messages[0].parts[0].tool_result.images[1].media_type",
        ),
        (
            part("ASSISTANT", {"text": "x", "provider_state": {"data": "AA=="}}),
            "input.messages[0].parts[0].provider_state.provider",
        ),
        (
            part("ASSISTANT", {"reasoning": {}, "provider_state": {"provider": "acme"}}),
            "input.messages[0].parts[0].provider_state.data",
        ),
        (
            part(
                "ASSISTANT",
                {"text": "", "provider_state": {"provider": "acme", "data": "AAAA" * (STATE_BYTES // 3 + 1)}},
            ),
            "input.messages[0].parts[0].provider_state.data",
        ),
    ],
)
def test_wrong_messages(content: dict[str, Any], field: str) -> None:
    error = refused(complete(input=content))
    assert fields_of(error) == [field]
    assert error.reason in (Reason.INVALID_REQUEST, Reason.REQUEST_TOO_LARGE)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"tools": [{"name": "no blanks"}]}, "tools[0].name"),
        ({"tools": [{"name": "n" * 65}]}, "tools[0].name"),
        ({"tools": [TOOL, TOOL]}, "tools[1].name"),
        ({"tools": [{"name": "a", "parameters_json_schema": "{"}]}, "tools[0].parameters_json_schema"),
        ({"tools": [{"name": "a", "parameters_json_schema": "[]"}]}, "tools[0].parameters_json_schema"),
        (
            {"tools": [{"name": "a", "parameters_json_schema": '{"a":' + "[" * 100_000}]},
            "tools[0].parameters_json_schema",
        ),
        ({"tools": [TOOL | {"cache_hint": {"ttl": "-1s"}}]}, "tools[0].cache_hint.ttl"),
        ({"tool_choice": {"mode": "TOOL_CHOICE_MODE_REQUIRED"}}, "tool_choice.mode"),
        ({"tools": [TOOL], "tool_choice": {"mode": 9}}, "tool_choice.mode"),
        ({"tools": [TOOL], "tool_choice": {"allowed_tool_names": ["get"]}}, "tool_choice.allowed_tool_names"),
        (
            {"tools": [TOOL], "tool_choice": {"mode": "TOOL_CHOICE_MODE_REQUIRED", "allowed_tool_names": ["put"]}},
            "tool_choice.allowed_tool_names[0]",
        ),
        ({"response_format": {"type": 9}}, "response_format.type"),
        ({"response_format": {"json_schema": "{}"}}, "response_format.type"),
        ({"response_format": {"type": "RESPONSE_FORMAT_TYPE_JSON_SCHEMA"}}, "response_format.json_schema"),
        (
            {"response_format": {"type": "RESPONSE_FORMAT_TYPE_JSON_SCHEMA", "json_schema": "7"}},
            "response_format.json_schema",
        ),
        (
            {"response_format": {"type": "RESPONSE_FORMAT_TYPE_JSON_SCHEMA", "json_schema": "{}", "schema_name": "ä"}},
            "response_format.schema_name",
        ),
        ({"params": {"max_output_tokens": 0}}, "params.max_output_tokens"),
        ({"params": {"top_k": 0}}, "params.top_k"),
        ({"params": {"reasoning_max_tokens": -1}}, "params.reasoning_max_tokens"),
        ({"params": {"temperature": "NaN"}}, "params.temperature"),
        ({"params": {"temperature": 2.01}}, "params.temperature"),
        ({"params": {"top_p": "Infinity"}}, "params.top_p"),
        ({"params": {"top_p": -0.1}}, "params.top_p"),
        ({"params": {"frequency_penalty": 3}}, "params.frequency_penalty"),
        ({"params": {"presence_penalty": "-Infinity"}}, "params.presence_penalty"),
        ({"params": {"stop_sequences": [""]}}, "params.stop_sequences[0]"),
        ({"params": {"reasoning_effort": 9}}, "params.reasoning_effort"),
    ],
)
def test_wrong_ways_to_answer(content: dict[str, Any], field: str) -> None:
    error = refused(complete(input=said(HELLO) | content))
    assert fields_of(error) == [f"input.{field}"]
    assert error.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    ("hints", "field"),
    [
        ({"mode": 9}, "hints.mode"),
        ({"max_cost_nano_usd": -1}, "hints.max_cost_nano_usd"),
        ({"input_tokens": -1}, "hints.input_tokens"),
        ({"tags": [""]}, "hints.tags[0]"),
        ({"model_override": {"strict": True}}, "hints.model_override"),
        ({"labels": {"Upper": "x"}}, "hints.labels"),
        ({"labels": {"": "x"}}, "hints.labels"),
    ],
)
def test_wrong_hints(hints: dict[str, Any], field: str) -> None:
    error = refused(complete(hints=hints))
    assert fields_of(error) == [field]
    assert error.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"input": {"messages": [HELLO] * 2_049}}, "input.messages"),
        ({"input": said({"role": "ROLE_USER", "parts": [{"text": ""}] * 8_193})}, "input.messages[0].parts"),
        ({"input": said(HELLO) | {"tools": [{"name": f"t{i}"} for i in range(257)]}}, "input.tools"),
        (
            {"input": said(HELLO) | {"tools": [{"name": "a", "parameters_json_schema": '"' + "x" * 262_144}]}},
            "input.tools[0].parameters_json_schema",
        ),
        (
            {"input": said(HELLO) | {"tools": [TOOL], "tool_choice": {"mode": 3, "allowed_tool_names": ["get"] * 257}}},
            "input.tool_choice.allowed_tool_names",
        ),
        ({"input": said(HELLO) | {"params": {"stop_sequences": ["x"] * 9}}}, "input.params.stop_sequences"),
        ({"input": said(HELLO) | {"params": {"end_user_id": "ä" * 129}}}, "input.params.end_user_id"),
        ({"hints": {"task": "x" * 257}}, "hints.task"),
        ({"hints": {"tags": ["x"] * 17}}, "hints.tags"),
        ({"hints": {"exclude_providers": ["x"] * 65}}, "hints.exclude_providers"),
        ({"hints": {"allowed_regions": ["x" * 257]}}, "hints.allowed_regions[0]"),
        ({"hints": {"model_override": {"model": "x" * 257}}}, "hints.model_override.model"),
        ({"hints": {"labels": {f"k{i}": "" for i in range(17)}}}, "hints.labels"),
        ({"hints": {"labels": {"k": "ä" * 129}}}, "hints.labels['k']"),
    ],
)
def test_too_much(fields: dict[str, Any], field: str) -> None:
    error = refused(complete(**fields))
    assert fields_of(error) == [field]
    assert error.reason is Reason.REQUEST_TOO_LARGE


PNG = {"data": "AAAA", "media_type": "image/png"}
PICTURE = {"image": PNG}
WORDS = "x" * (TEXT_BYTES // 2)
# Each half of what is taken, and together with anything else too much.
BESIDE_IMAGES = {
    "texts": {"messages": [{"role": "ROLE_USER", "parts": [PICTURE, {"text": WORDS}, {"text": WORDS}]}]},
    "UTF-8": {"messages": [{"role": "ROLE_USER", "parts": [PICTURE, {"text": "ä" * (TEXT_BYTES // 2)}]}]},
    "URLs": {"messages": [{"role": "ROLE_USER", "parts": [PICTURE, *[{"image": {"url": f"http://{WORDS}"}}] * 2]}]},
    "results of tools": {
        "messages": [
            {
                "role": "ROLE_TOOL",
                "parts": [
                    {"tool_result": {"tool_call_id": "1", "text": "ä" * (TEXT_BYTES // 2) + ".", "images": [PNG]}}
                ],
            }
        ]
    },
    "descriptions of tools": {
        "messages": [{"role": "ROLE_USER", "parts": [PICTURE]}],
        "tools": [{"name": name, "description": WORDS} for name in "ab"],
    },
    "stop sequences": {
        "messages": [{"role": "ROLE_USER", "parts": [PICTURE]}],
        "params": {"stop_sequences": [WORDS] * 2},
    },
}


@pytest.mark.parametrize("content", BESIDE_IMAGES.values(), ids=BESIDE_IMAGES)
def test_too_much_beside_images(content: dict[str, Any]) -> None:
    error = refused(complete(input=content))
    assert fields_of(error) == ["input"]
    assert error.reason is Reason.REQUEST_TOO_LARGE
    assert "without the data of images, and at most 4,194,304 are taken" in error.message


def test_too_much_text_without_images() -> None:
    error = refused(complete(input=said({"role": "ROLE_USER", "parts": [{"text": "x" * TEXT_BYTES}]})))
    assert (fields_of(error), error.reason) == (["input"], Reason.REQUEST_TOO_LARGE)


def test_images_are_no_text() -> None:
    wire = complete()
    parts = wire.input.messages[0].parts
    for _ in range(3):
        parts.add().image.MergeFrom(chat_pb2.ImagePart(data=bytes(TEXT_BYTES), media_type="image/png"))
    parts.add(text="x" * (TEXT_BYTES - 1_000))
    result = wire.input.messages.add(role="ROLE_TOOL").parts.add().tool_result
    result.tool_call_id = "1"
    result.images.add(data=bytes(TEXT_BYTES), media_type="image/png")
    assert call_from_wire(wire, ANYBODY).request.facts.images == 4


def test_a_part_from_a_newer_client_is_named_even_beside_other_problems() -> None:
    # Field 15 of ContentPart, length-delimited, empty: a member that this server does not have.
    newer = b"\x7a\x00"
    body = b"\x08\x03\x12" + bytes([len(newer)]) + newer
    content = b"\x0a" + bytes([len(body)]) + body
    wire = parse(CompleteRequest)(b"\x12" + bytes([len(content)]) + content)
    assert isinstance(wire, CompleteRequest)
    wire.input.params.temperature = 3
    error = refused(wire)
    assert fields_of(error) == ["input.messages[0].parts[0]", "input.params.temperature"]
    assert error.reason is Reason.UNSUPPORTED_CONTENT_PART


@pytest.mark.parametrize(
    ("unknown", "field"),
    [
        # Field 100 = varint 1, in the hints and in their override (field 7).
        (b"\xa0\x06\x01", "hints"),
        (b"\x3a\x03\xa0\x06\x01", "hints.model_override"),
        # Field 1 is the task, a string: as a varint it is a field we do not know.
        (b"\x08\x01", "hints"),
    ],
)
def test_unknown_hints_are_refused(unknown: bytes, field: str) -> None:
    wire = complete()
    wire.hints.MergeFromString(unknown)
    assert fields_of(refused(wire)) == [field]


def test_at_most_ten_violations() -> None:
    error = refused(complete(input={"messages": [{}] * 100}))
    assert len(error.violations) == 10


def test_all_is_told_at_once() -> None:
    error = refused(
        complete(
            input={"messages": [{"role": "ROLE_USER"}], "params": {"temperature": 9}},
            hints={"mode": 9},
            trace_level=9,
            stream_options={"restart_policy": 9},
        )
    )
    assert fields_of(error) == [
        "input.messages[0].parts", "input.params.temperature", "hints.mode", "trace_level",
        "stream_options.restart_policy",
    ]  # fmt: skip
