"""An answer in the words of the wire: one JSON object, or the events of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from pointsman.sim.answers import Answer
from pointsman.sim.request import Json
from pointsman.sim.toolcalls import ToolCall

DONE = b"data: [DONE]\n\n"
_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Usage:
    """What is billed besides the answer's tokens. `price` is USD per million (input, output); None tells no cost."""

    prompt: int
    cached: int
    price: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer under one id. `usage` None leaves it out everywhere; `stream_usage` sends it after a stream."""

    id: str
    created: int
    model: str
    answer: Answer
    usage: Usage | None
    stream_usage: bool

    def body(self) -> bytes:
        """The whole answer as a `chat.completion`."""
        answer = self.answer
        message: dict[str, Json] = {"role": "assistant", "content": None if answer.calls else answer.text}
        message["refusal"] = None
        if answer.reasoning:
            message["reasoning_content"] = "".join(answer.reasoning)
        if answer.calls:
            message["tool_calls"] = [_call(call, call.arguments) for call in answer.calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
        return _JSON.encode(self._object("chat.completion", [choice], self.billed()))

    def opening(self) -> bytes:
        """The first event: the role, no content."""
        return self.event({"role": "assistant", "content": "", "refusal": None})

    def deltas(self) -> list[bytes]:
        """One event per token of reasoning, content and tool arguments; a call's first names it."""
        answer = self.answer
        events = self._texts("reasoning_content", answer.reasoning) + self._texts("content", answer.content)
        for at, call in enumerate(answer.calls):
            events.append(self.event({"tool_calls": [{"index": at, **_call(call, "")}]}))
            for fragment in call.fragments:
                events.append(self.event({"tool_calls": [{"index": at, "function": {"arguments": fragment}}]}))
        return events

    def closing(self) -> bytes:
        """Why it ended, usage if it was asked for, and the end mark."""
        return self.finished() + DONE

    def finished(self) -> bytes:
        """`closing` without the end mark."""
        last = self.event({}, self.answer.finish)
        if self.usage is None or not self.stream_usage:
            return last
        return last + _sse(self._object("chat.completion.chunk", [], self.billed()))

    def event(self, delta: Json, finish: str | None = None) -> bytes:
        """One event with this delta."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _sse(self._object("chat.completion.chunk", [choice], None))

    def around(self, field: str) -> tuple[bytes, bytes]:
        """What stands before and after a JSON string in the event whose delta has only `field`."""
        before, _, after = self.event({field: "\0"}).partition(b'"\\u0000"')
        return before, after

    def billed(self) -> Json:
        """The usage object."""
        if self.usage is None:
            return None
        usage, answer = self.usage, self.answer
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

    def _texts(self, field: str, tokens: tuple[str, ...]) -> list[bytes]:
        if not tokens:
            return []
        before, after = self.around(field)
        encode = _JSON.encode
        return [before + encode(token) + after for token in tokens]

    def _object(self, kind: str, choices: Json, usage: Json) -> Json:
        made = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        made |= {"service_tier": "default", "system_fingerprint": "fp_simulated", "choices": choices}
        if usage is not None or (self.stream_usage and kind == "chat.completion.chunk"):
            made["usage"] = usage
        return made


def _call(call: ToolCall, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _sse(payload: Json) -> bytes:
    return b"data: " + _JSON.encode(payload) + b"\n\n"
