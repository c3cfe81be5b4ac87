"""What tests say in the words of the Messages API, and how they read what comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pointsman.doors.violations import Violations
from pointsman.errors import InvalidRequest
from pointsman.http.anthropic_body import read_asked
from pointsman.http.anthropic_request import request_from_body
from pointsman.model.request import Request

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "get_weather", "input_schema": SCHEMA}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
THINKING = {"type": "enabled", "budget_tokens": 2048}


# Any: bodies as they are written, wrong ones too.
def user(*blocks: Any) -> Any:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> Any:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str, **more: Any) -> Any:
    return {"type": "text", "text": words} | more


def asked(**more: Any) -> dict[str, Any]:
    return {"model": "mini", "max_tokens": 4096, "messages": [{"role": "user", "content": "Hello"}]} | more


def read(**more: Any) -> Request:
    return read_bytes(json.dumps(asked(**more), ensure_ascii=False).encode())


def read_bytes(body: bytes) -> Request:
    found = Violations()
    request = request_from_body(read_asked(body), found)
    found.raise_if_any()
    return request


def refused(**more: Any) -> InvalidRequest:
    try:
        read(**more)
    except InvalidRequest as error:
        return error
    raise AssertionError("it was taken")


def events(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each named twice alike."""
    read = []
    for event in stream.decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        told = json.loads(data.removeprefix("data: "))
        assert name == f"event: {told['type']}"
        read.append(told)
    return read


def content(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks that events make, as clients put them together; one is open at a time."""
    blocks: list[dict[str, Any]] = []
    written: dict[int, str] = {}
    ended = True
    for event in told:
        match event["type"]:
            case "content_block_start":
                assert ended
                assert event["index"] == len(blocks)
                blocks.append(event["content_block"])
                ended = False
            case "content_block_delta":
                delta = event["delta"]
                kind = delta["type"].removesuffix("_delta")
                if kind == "input_json":
                    written[event["index"]] = written.get(event["index"], "") + delta["partial_json"]
                elif kind == "signature":
                    assert not blocks[event["index"]]["signature"]
                    blocks[event["index"]]["signature"] = delta["signature"]
                else:
                    blocks[event["index"]][kind] += delta[kind]
            case "content_block_stop":
                assert event["index"] == len(blocks) - 1
                ended = True
    assert ended
    for index, arguments in written.items():
        blocks[index]["input"] = json.loads(arguments)
    return blocks
