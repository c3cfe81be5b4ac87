"""The `openai` wire as a provider speaks it: chat completions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from pointsman.sim.openai_request import authenticate, parse
from pointsman.sim.reply import Reply
from pointsman.sim.request import ChatRequest, Json, Refusal
from pointsman.sim.toolcalls import ToolCall

DONE: Final = b"data: [DONE]\n\n"
_JSON = msgspec.json.Encoder()
_ERROR = _JSON.encode(
    {"error": {"message": "Provider returned error", "type": "server_error", "param": None, "code": 502}}
)


class OpenAIWire:
    """A Wire. Its requests are ChatRequests as they come."""

    routes = ("/{provider}/v1/chat/completions",)
    id_header = "x-request-id"
    ping = b": PROCESSING\n\n"
    broken = b'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"conte\n\n'

    def authenticate(self, headers: Mapping[str, str]) -> Refusal | None:
        """As Wire says."""
        return authenticate(headers.get("Authorization", ""))

    def parse(self, body: bytes, route: Mapping[str, str]) -> ChatRequest | Refusal:
        """As Wire says."""
        return parse(body)

    def refused(self, refusal: Refusal) -> bytes:
        """As Wire says."""
        error = {"message": refusal.message, "type": refusal.kind, "param": refusal.param, "code": refusal.code}
        return _JSON.encode({"error": error})

    def blocked(self, *, stream: bool) -> bytes:
        """An error status."""
        return b""

    def body(self, reply: Reply) -> bytes:
        """The whole answer as a `chat.completion`."""
        answer = reply.answer
        message: dict[str, Json] = {"role": "assistant", "content": None if answer.calls else answer.text}
        message["refusal"] = None
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        if answer.calls:
            message["tool_calls"] = [_call(call, call.arguments) for call in answer.calls]
        likely = logprobs(reply, enumerate(answer.content)) if answer.content else None
        choice = {"index": 0, "message": message, "logprobs": _told(likely), "finish_reason": answer.finish}
        return _JSON.encode(_object(reply, "chat.completion", [choice], billed(reply)))

    def opening(self, reply: Reply) -> bytes:
        """The role, no content."""
        return _event(reply, {"role": "assistant", "content": "", "refusal": None})

    def deltas(self, reply: Reply) -> list[bytes]:
        """As Wire says; a call's first names it."""
        answer = reply.answer
        events = _texts(reply, "reasoning_content", answer.reasoning)
        if reply.sureness is None:
            events += _texts(reply, "content", answer.content)
        else:
            events += [
                _event(reply, {"content": token}, likely=logprobs(reply, [(at, token)]))
                for at, token in enumerate(answer.content)
            ]
        for at, call in enumerate(answer.calls):
            events.append(_event(reply, {"tool_calls": [{"index": at, **_call(call, "")}]}))
            for fragment in call.fragments:
                events.append(_event(reply, {"tool_calls": [{"index": at, "function": {"arguments": fragment}}]}))
        return events

    def closing(self, reply: Reply) -> bytes:
        """Why it ended, usage if it was asked for, and the end mark."""
        last = _event(reply, {}, reply.answer.finish)
        if reply.usage is None or not reply.stream_usage:
            return last + DONE
        return last + _sse(_object(reply, "chat.completion.chunk", [], billed(reply))) + DONE

    def failure(self) -> bytes:
        """As Wire says."""
        return b"data: " + _ERROR + b"\n\n"

    def failed(self, reply: Reply | None) -> bytes:
        """The error beside the choices, as OpenRouter writes it."""
        if reply is None:
            return _ERROR
        return self.body(replace(reply, answer=replace(reply.answer, finish="error")))[:-1] + b"," + _ERROR[1:]


def logprobs(reply: Reply, tokens: Iterable[tuple[int, str]]) -> list[Json] | None:
    """How likely tokens of the content were, each with its place there; None where nobody asked."""
    if reply.sureness is None:
        return None
    return [
        {"token": token, "logprob": reply.likelihood(at), "bytes": list(token.encode()), "top_logprobs": []}
        for at, token in tokens
    ]


def _told(likely: list[Json] | None) -> Json:
    return None if likely is None else {"content": likely, "refusal": None}


def _event(reply: Reply, delta: Json, finish: str | None = None, likely: list[Json] | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": _told(likely), "finish_reason": finish}
    return _sse(_object(reply, "chat.completion.chunk", [choice], None))


def _texts(reply: Reply, field: str, tokens: tuple[str, ...]) -> list[bytes]:
    if not tokens:
        return []
    before, _, after = _event(reply, {field: "\0"}).partition(b'"\\u0000"')
    encode = _JSON.encode
    return [before + encode(token) + after for token in tokens]


def billed(reply: Reply) -> Json:
    if reply.usage is None:
        return None
    usage, answer = reply.usage, reply.answer
    made: dict[str, Json] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": answer.tokens,
        "total_tokens": usage.prompt + answer.tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": len(answer.reasoning)},
    }
    if usage.price is not None:
        made["cost"] = round((usage.prompt * usage.price[0] + answer.tokens * usage.price[1]) / 1e6, 9)
    return made


def _object(reply: Reply, kind: str, choices: Json, usage: Json) -> Json:
    made = {"id": f"chatcmpl-{reply.mark[:28]}", "object": kind, "created": reply.created, "model": reply.model}
    made |= {"service_tier": "default", "system_fingerprint": "fp_simulated", "choices": choices}
    if usage is not None or (reply.stream_usage and kind == "chat.completion.chunk"):
        made["usage"] = usage
    return made


def _call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _sse(payload: Json) -> bytes:
    return b"data: " + _JSON.encode(payload) + b"\n\n"
