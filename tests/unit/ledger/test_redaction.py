from __future__ import annotations

import msgspec
from tests.contract.ledger.records import CANARY, telling_request

from pointsman.ledger.redaction import redacted
from pointsman.model.request import (
    Image,
    Params,
    Reasoning,
    Request,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)


def test_no_text_is_left() -> None:
    assert CANARY.encode() in msgspec.json.encode(telling_request())
    left = redacted(telling_request())
    assert CANARY.encode() not in msgspec.json.encode(left)
    assert all(not part.data for message in left.messages for part in message.parts if isinstance(part, Image))


def test_what_routing_looks_at_is_left() -> None:
    asked = msgspec.structs.replace(telling_request(), tenant="acme", key="0f3a9c51d7e2")
    left = redacted(asked)
    assert (left.hints, left.tenant, left.key, left.facts) == (asked.hints, asked.tenant, asked.key, asked.facts)
    assert left.params == Params(max_output_tokens=100, stop_sequences=("",))
    assert left.tools == (Tool("lookup", strict=True),)
    assert left.response_format == ResponseFormat("json_schema", "reply", strict=True)


def test_messages_keep_their_shape() -> None:
    asked, left = telling_request(), redacted(telling_request())
    assert [m.role for m in left.messages] == [m.role for m in asked.messages]
    shapes = [[[type(part) for part in m.parts] for m in request.messages] for request in (asked, left)]
    assert shapes[0] == shapes[1]
    assert left.messages[1].parts[1] == Image(media_type="image/png")
    assert left.messages[3].parts[1] == ToolCall("call-1", "lookup", "")
    assert left.messages[5].parts[0] == ToolResult("call-1", "", is_error=True)


def test_nothing_that_providers_want_back_is_left() -> None:
    # In JSON bytes are base64, where a canary would hide.
    parts = [part for message in redacted(telling_request()).messages for part in message.parts]
    stateful = [part for part in parts if isinstance(part, Text | Reasoning | ToolCall)]
    assert [part.state for part in stateful] == [None] * 5


def test_an_empty_request() -> None:
    assert redacted(Request(messages=())) == Request(messages=())
