"""The `gemini` wire as a provider speaks it: generateContent of the Generative Language API."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import msgspec

from pointsman.sim.answers import Answer
from pointsman.sim.gemini_request import parse
from pointsman.sim.reply import Reply, Usage
from pointsman.sim.request import ChatRequest, Json, Refusal
from pointsman.sim.toolcalls import ToolCall

_JSON = msgspec.json.Encoder()
_STATUSES: Final = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_FINISHES: Final = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS"}
_ERROR = _JSON.encode({"error": {"code": 500, "message": "An internal error has occurred.", "status": "INTERNAL"}})
_BLOCKED = _JSON.encode({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
_DETAIL: Final = "type.googleapis.com/google.rpc."


class GeminiWire:
    """A Wire. Thoughts come unasked, and streams are always those of `alt=sse`."""

    routes = ("/{provider}/v1beta/models/{model}:{method:generateContent|streamGenerateContent}",)
    id_header = "x-request-id"
    ping = b": \r\n\r\n"
    broken = b'data: {"candidates": [{"content": {"parts": [{"te\r\n\r\n'

    def authenticate(self, headers: Mapping[str, str]) -> Refusal | None:
        """As Wire says; a key in the URL, which the real API takes too, is none here."""
        key = headers.get("x-goog-api-key", "").strip()
        if not key:
            return Refusal(403, "Method doesn't allow unregistered callers. Please use API Key.")
        if key == "bad-key":
            return Refusal(400, "API key not valid. Please pass a valid API key.", code="invalid_api_key")
        return None

    def parse(self, body: bytes, route: Mapping[str, str]) -> ChatRequest | Refusal:
        """As Wire says."""
        return parse(body, route["model"], stream=route["method"] == "streamGenerateContent")

    def refused(self, refusal: Refusal) -> bytes:
        """As Wire says."""
        message, details = refusal.message, []
        if refusal.code == "context_length_exceeded":
            message = f"The input token count exceeds the maximum number of tokens allowed. {message}"
        if refusal.code == "invalid_api_key":
            details.append({"@type": f"{_DETAIL}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"})
        for name, value in refusal.headers:
            if name == "Retry-After" and value.isdecimal():
                details.append({"@type": f"{_DETAIL}RetryInfo", "retryDelay": f"{value}s"})
        status = _STATUSES.get(refusal.status, "INVALID_ARGUMENT")
        error: dict[str, Json] = {"code": refusal.status, "message": message, "status": status}
        return _JSON.encode({"error": error | ({"details": details} if details else {})})

    def blocked(self, *, stream: bool) -> bytes:
        """As Wire says."""
        return _event(_BLOCKED) if stream else _BLOCKED

    def body(self, reply: Reply) -> bytes:
        """The whole answer; its last text, or its first call, is signed."""
        answer = reply.answer
        parts: list[Json] = []
        if answer.reasoning:
            parts.append({"text": "".join(answer.reasoning), "thought": True})
        if answer.content:
            parts.append({"text": answer.text, "thoughtSignature": _signature(reply)})
        return _response(reply, [*parts, *_calls(reply)], finished=True)

    def opening(self, reply: Reply) -> bytes:
        """A text that is empty."""
        return _event(_response(reply, [{"text": ""}]))

    def deltas(self, reply: Reply) -> list[bytes]:
        """As Wire says, but a call comes as one piece."""
        thoughts = [_event(_response(reply, [{"text": token, "thought": True}])) for token in reply.answer.reasoning]
        calls = [_event(_response(reply, [call])) for call in _calls(reply)]
        if not reply.answer.content:
            return thoughts + calls
        before, _, after = _event(_response(reply, [{"text": "\0"}])).partition(b'"\\u0000"')
        return thoughts + [before + _JSON.encode(token) + after for token in reply.answer.content] + calls

    def closing(self, reply: Reply) -> bytes:
        """Why it ended, its usage, and a text's signature, which comes last. There is no end mark."""
        signed = {"thoughtSignature": _signature(reply)} if reply.answer.content else {}
        return _event(_response(reply, [{"text": "", **signed}], finished=True))

    def failure(self) -> bytes:
        """As Wire says."""
        return _event(_ERROR)

    def failed(self, reply: Reply | None) -> bytes:
        """As Wire says."""
        return _ERROR if reply is None else self.body(reply)[:-1] + b"," + _ERROR[1:]


def _response(reply: Reply, parts: list[Json], *, finished: bool = False) -> bytes:
    candidate: dict[str, Json] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finished:
        candidate["finishReason"] = _FINISHES.get(reply.answer.finish, "OTHER")
    made = {"candidates": [candidate], "modelVersion": reply.model, "responseId": reply.mark[:22]}
    if finished and reply.usage is not None:
        made["usageMetadata"] = _billed(reply, reply.usage)
    return _JSON.encode(made)


def _billed(reply: Reply, usage: Usage) -> Json:
    tokens, thoughts = reply.answer.tokens, len(reply.answer.reasoning)
    made = {"promptTokenCount": usage.prompt, "candidatesTokenCount": tokens - thoughts}
    if usage.cached:
        made["cachedContentTokenCount"] = usage.cached
    if thoughts:
        made["thoughtsTokenCount"] = thoughts
    return made | {"totalTokenCount": usage.prompt + tokens}


def _calls(reply: Reply) -> list[Json]:
    """The calls, the first of them signed. One that a limit cut short has no words here, and is left out."""
    parts: list[Json] = [
        {"functionCall": {"id": call.id, "name": call.name, "args": msgspec.Raw(call.arguments.encode())}}
        for call in reply.answer.calls
        if _whole(call, reply.answer)
    ]
    return [parts[0] | {"thoughtSignature": _signature(reply)}, *parts[1:]] if parts else []


def _whole(call: ToolCall, answer: Answer) -> bool:
    if answer.finish != "length":
        return True
    try:
        return isinstance(msgspec.json.decode(call.arguments), dict)
    except msgspec.DecodeError:
        return False


def _signature(reply: Reply) -> str:
    return b64encode(f"thought {reply.mark}".encode()).decode()


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\r\n\r\n"
