"""The `anthropic` wire as a provider speaks it: the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from pointsman.sim.anthropic_request import authenticate, parse
from pointsman.sim.reply import Reply
from pointsman.sim.request import ChatRequest, Json, Refusal
from pointsman.sim.seals import sealed, signature
from pointsman.sim.toolcalls import ToolCall

_JSON = msgspec.json.Encoder()
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
# What these faults are called here is in the message: their type is one for all.
_MESSAGES: Final = {
    "content_filter": "Output blocked by content filtering policy",
    "context_length_exceeded": "prompt is too long: 208310 tokens > 200000 maximum",
    "unsupported_parameter": "temperature: Extra inputs are not permitted",
}
_FINISHES: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
_OVERLOADED: Final = _JSON.encode({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})


class AnthropicWire:
    """A Wire. Thinking is signed, and redacted where the model's name has `redact`."""

    routes = ("/{provider}/v1/messages",)
    id_header = "request-id"
    ping = b'event: ping\ndata: {"type":"ping"}\n\n'
    broken = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_de\n\n'

    def authenticate(self, headers: Mapping[str, str]) -> Refusal | None:
        """As Wire says."""
        return authenticate(headers)

    def parse(self, body: bytes, route: Mapping[str, str]) -> ChatRequest | Refusal:
        """As Wire says."""
        return parse(body)

    def refused(self, refusal: Refusal) -> bytes:
        """As Wire says."""
        kind = _TYPES.get(refusal.status, "api_error")
        message = _MESSAGES.get(refusal.code or "", refusal.message)
        return _JSON.encode({"type": "error", "error": {"type": kind, "message": message}})

    def blocked(self, *, stream: bool) -> bytes:
        """An error status."""
        return b""

    def body(self, reply: Reply) -> bytes:
        """As Wire says."""
        answer, content = reply.answer, []
        if answer.reasoning:
            content.append(_thought(reply, "".join(answer.reasoning)))
        if answer.content:
            content.append({"type": "text", "text": answer.text})
        content += [{**_call(call), "input": _input(call)} for call in answer.calls]
        made = _message(reply) | {"content": content, "stop_reason": _FINISHES[answer.finish]}
        if reply.usage is not None:
            made["usage"] = _billed(reply, reply.answer.tokens)
        return _JSON.encode(made)

    def opening(self, reply: Reply) -> bytes:
        """The message without content, and a ping."""
        message = _message(reply)
        if reply.usage is not None:
            message["usage"] = _billed(reply, 1)
        return _sse({"type": "message_start", "message": message}) + self.ping

    def deltas(self, reply: Reply) -> list[bytes]:
        """As Wire says; what begins a block stands before its first, what ends it behind its last."""
        answer, events = reply.answer, _Events()
        if answer.reasoning:
            _think(events, reply)
        if answer.content:
            events.block({"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in answer.content])
        for call in answer.calls:
            pieces = [{"type": "input_json_delta", "partial_json": fragment} for fragment in call.fragments]
            events.block({**_call(call), "input": {}}, pieces)
        return events.made

    def closing(self, reply: Reply) -> bytes:
        """As Wire says."""
        delta = {"stop_reason": _FINISHES[reply.answer.finish], "stop_sequence": None}
        last: dict[str, Json] = {"type": "message_delta", "delta": delta}
        if reply.usage is not None:
            last["usage"] = _billed(reply, reply.answer.tokens)
        return _sse(last) + _sse({"type": "message_stop"})

    def failure(self) -> bytes:
        """As Wire says."""
        return b"event: error\ndata: " + _OVERLOADED + b"\n\n"

    def failed(self, reply: Reply | None) -> bytes:
        """The error alone: there is no place for both."""
        return _OVERLOADED


class _Events:
    """The events of blocks, one entry per token."""

    def __init__(self) -> None:
        self.made: list[bytes] = []
        self._index = 0

    def block(self, start: Json, pieces: list[Json], last: Json = None) -> None:
        """A block and its deltas; `last` is one more, which is no token."""
        begun = _sse({"type": "content_block_start", "index": self._index, "content_block": start})
        entries = [self._delta(piece) for piece in pieces] or [b""]
        entries[0] = begun + entries[0]
        if last is not None:
            entries[-1] += self._delta(last)
        entries[-1] += _sse({"type": "content_block_stop", "index": self._index})
        self.made += entries
        self._index += 1

    def _delta(self, piece: Json) -> bytes:
        return _sse({"type": "content_block_delta", "index": self._index, "delta": piece})


def _think(events: _Events, reply: Reply) -> None:
    thoughts = reply.answer.reasoning
    block = _thought(reply, "".join(thoughts))
    if block["type"] == "redacted_thinking":
        events.block(block, [])
        events.made += [b""] * (len(thoughts) - 1)  # thought in silence
        return
    signed = {"type": "signature_delta", "signature": block["signature"]}
    pieces = [{"type": "thinking_delta", "thinking": thought} for thought in thoughts]
    events.block({"type": "thinking", "thinking": "", "signature": ""}, pieces, signed)


def _thought(reply: Reply, thinking: str) -> Json:
    if "redact" in reply.model:
        return {"type": "redacted_thinking", "data": sealed(thinking)}
    return {"type": "thinking", "thinking": thinking, "signature": signature(thinking)}


def _message(reply: Reply) -> dict[str, Json]:
    made: dict[str, Json] = {"id": f"msg_{reply.mark[:24]}", "type": "message", "role": "assistant"}
    return made | {"model": reply.model, "content": [], "stop_reason": None, "stop_sequence": None}


def _call(call: ToolCall) -> Json:
    return {"type": "tool_use", "id": f"toolu_{call.id.removeprefix('call_')}", "name": call.name}


def _input(call: ToolCall) -> Json:
    """The arguments; none where a limit has cut them, since a body holds whole objects only."""
    try:
        msgspec.json.decode(call.arguments)
    except msgspec.DecodeError:
        return {}
    return msgspec.Raw(call.arguments.encode())


def _billed(reply: Reply, output: int) -> Json:
    """The usage object: input leaves out what was read from the cache and what was written to it."""
    usage = reply.usage
    assert usage is not None
    made: dict[str, Json] = {
        "input_tokens": usage.prompt - usage.cached - usage.written,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 0 if usage.hourly else usage.written,
            "ephemeral_1h_input_tokens": usage.written if usage.hourly else 0,
        },
        "output_tokens": output,
    }
    if reply.answer.reasoning and output > 1:
        made["output_tokens_details"] = {"thinking_tokens": len(reply.answer.reasoning)}
    return made


def _sse(event: dict[str, Json]) -> bytes:
    return f"event: {event['type']}\ndata: ".encode() + _JSON.encode(event) + b"\n\n"
