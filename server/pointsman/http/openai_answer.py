"""A chat completion as OpenAI's JSON, whole and in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from pointsman.engine.exchange import Completion, Routed
from pointsman.engine.stream import assemble
from pointsman.http.api import Told
from pointsman.http.details import Details, details
from pointsman.http.hints import Hinted
from pointsman.http.openai_errors import error_body
from pointsman.http.state import sealed
from pointsman.model.answer import Delta, FinishReason, ReasoningDelta, TextDelta, Usage
from pointsman.model.request import Part, Reasoning, Request, Text, ToolCall

FINISHES: Final[Mapping[FinishReason, str]] = {
    FinishReason.STOP: "stop",
    FinishReason.MAX_TOKENS: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.REFUSAL: "stop",
    FinishReason.COST_LIMIT: "length",
    FinishReason.OTHER: "stop",
}
DECLINED = "The model declined to answer; what it said is in the content."
"""A stream's refusal: only its end tells that it was one."""

_encode = msgspec.json.Encoder().encode


class _Called(Struct):
    name: str
    arguments: str


class _Call(Struct):
    id: str
    function: _Called
    type: str = "function"


class _Message(Struct, omit_defaults=True):
    """`content` and `refusal` have no default: clients want the keys even where they are null."""

    role: str
    content: str | None
    refusal: str | None
    tool_calls: list[_Call] | None = None
    reasoning_content: str | None = None
    pointsman_state: str | None = None


class _Choice(Struct):
    index: int
    message: _Message
    finish_reason: str
    logprobs: None = None


class _Completion(Struct, omit_defaults=True, tag_field="object", tag="chat.completion"):
    id: str
    created: int
    model: str
    choices: list[_Choice]
    usage: Mapping[str, object]
    pointsman: Details | None = None


class ChatQuestion(Struct, frozen=True):
    """Implements `api.Question`. `include_usage`: a stream ends with what was used."""

    request: Request
    hinted: Hinted
    streamed: bool = False
    include_usage: bool = False

    def whole(self, completion: Completion) -> bytes:
        """A `chat.completion`."""
        routed, served = completion.routed, completion.served
        assert routed
        assert served
        assert served.answer
        message = _message(served.answer.parts, declined=served.ending.reason is FinishReason.REFUSAL)
        return _encode(
            _Completion(
                id=f"chatcmpl-{completion.decision_id}",
                created=int(routed.decided_at),
                model=served.attempt.target,
                choices=[_Choice(0, message, FINISHES[served.ending.reason])],
                usage=_usage(served.attempt.usage),
                pointsman=details(completion) if self.hinted.details else None,
            )
        )

    def script(self, routed: Routed) -> ChatScript:
        """The writer of `chat.completion.chunk`s."""
        return ChatScript(self, routed)


class ChatScript:
    """Implements `api.Script`. All but what differs of a chunk is rendered once: one passes here for every token."""

    def __init__(self, question: ChatQuestion, routed: Routed) -> None:
        self._question, self._routed = question, routed
        self._model = ""
        self._head = self._tail = b""
        # Of calls, by part: their place among calls, and whether there were arguments.
        self._calls: dict[int, int] = {}
        self._argued: set[int] = set()
        # The deltas that carry state and, once there is one, all others: where its part stood must be known.
        self._kept: list[Delta] = []
        self._stateful = False

    def begin(self, model: str) -> bytes:
        self._model = model
        self._head = b"data: " + self._object() + b',"choices":[{"index":0,"delta":'
        usage = b',"usage":null' if self._question.include_usage else b""
        self._tail = b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"
        return self._chunk(b'{"role":"assistant","content":"","refusal":null}')

    def deltas(self, deltas: Sequence[Delta]) -> bytes:
        self._kept += deltas
        return b"".join(map(self._delta, deltas))

    def beat(self) -> bytes:
        return b": still working\n\n"

    def end(self, completion: Completion) -> bytes:
        served = completion.served
        assert served
        question = self._question
        last = b"".join([self._call(at, b'"function":{"arguments":"{}"}') for at in self._unargued()])
        if served.ending.reason is FinishReason.REFUSAL:
            last += self._chunk(b'{"refusal":' + _encode(DECLINED) + b"}")
        if self._stateful:
            last += self._chunk(b'{"pointsman_state":' + _encode(sealed(assemble(self._kept, reasoning=True))) + b"}")
        told = b',"pointsman":' + _encode(details(completion)) if question.hinted.details else b""
        usage = b',"usage":null' if question.include_usage else told
        finish = _encode(FINISHES[served.ending.reason])
        last += self._head + b'{},"logprobs":null,"finish_reason":' + finish + b"}]" + usage + b"}\n\n"
        if question.include_usage:
            spent = _encode(_usage(served.attempt.usage))
            last += b"data: " + self._object() + b',"choices":[],"usage":' + spent + told + b"}\n\n"
        return last + b"data: [DONE]\n\n"

    def fail(self, told: Told) -> bytes:
        # Without [DONE], which would mean that this was all.
        return b"data: " + error_body(told) + b"\n\n"

    def _object(self) -> bytes:
        routed = self._routed
        chunk = {
            "id": f"chatcmpl-{routed.decision_id}",
            "object": "chat.completion.chunk",
            "created": int(routed.decided_at),
            "model": self._model,
        }
        return _encode(chunk)[:-1]

    def _chunk(self, delta: bytes) -> bytes:
        return self._head + delta + self._tail

    def _delta(self, delta: Delta) -> bytes:
        if delta.state is not None:
            self._stateful = True
        if isinstance(delta, TextDelta):
            return self._chunk(b'{"content":' + _encode(delta.text) + b"}") if delta.text else b""
        if isinstance(delta, ReasoningDelta):
            return self._chunk(b'{"reasoning_content":' + _encode(delta.text) + b"}") if delta.text else b""
        first = delta.part not in self._calls
        at = self._calls.setdefault(delta.part, len(self._calls))
        if delta.arguments_json:
            self._argued.add(at)
        elif not first:
            return b""
        arguments = b'"arguments":' + _encode(delta.arguments_json)
        if not first:
            return self._call(at, b'"function":{' + arguments + b"}")
        named = b'"id":' + _encode(delta.id) + b',"type":"function","function":{"name":' + _encode(delta.name)
        return self._call(at, named + b"," + arguments + b"}")

    def _call(self, at: int, rest: bytes) -> bytes:
        return self._chunk(b'{"tool_calls":[{"index":' + str(at).encode() + b"," + rest + b"}]}")

    def _unargued(self) -> list[int]:
        """Calls without arguments: callers parse them as JSON, and an empty text is none."""
        return [at for at in self._calls.values() if at not in self._argued]


def _message(parts: Sequence[Part], *, declined: bool) -> _Message:
    text = "".join([part.text for part in parts if isinstance(part, Text)])
    calls = [_Call(p.id, _Called(p.name, p.arguments_json or "{}")) for p in parts if isinstance(p, ToolCall)]
    return _Message(
        role="assistant",
        content=None if declined or (calls and not text) else text,
        refusal=text or DECLINED if declined else None,
        tool_calls=calls or None,
        reasoning_content="".join([part.text for part in parts if isinstance(part, Reasoning)]) or None,
        pointsman_state=sealed(parts) or None,
    )


def _usage(usage: Usage) -> Mapping[str, object]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
