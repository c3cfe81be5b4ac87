"""What a simulated model is asked, in the shape of chat completions, which other wires are read into; and refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

# Any: JSON that callers define (schemas, arguments); the code that walks it checks each step.
Json = Any

_WILLING = re.compile(r"gpt-5|claude|gemini")
_THINKERS = re.compile(r"reason|think|(?:^|[-/])(?:o[1-9]|r1)(?:-|$)")


class Part(msgspec.Struct, frozen=True):
    """One content part; images are accepted and only counted."""

    type: str
    text: str = ""
    image_url: Json = None


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    role: str
    content: str | list[Part] | None = None
    tool_calls: Json = None
    tool_call_id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """Its text parts as one string."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.text)

    @property
    def images(self) -> int:
        return 0 if isinstance(self.content, str) else sum(part.type == "image_url" for part in self.content or ())


class Function(msgspec.Struct, frozen=True):
    name: str
    description: str | None = None
    parameters: Json = None


class Tool(msgspec.Struct, frozen=True):
    function: Function
    type: str = "function"


class SchemaFormat(msgspec.Struct, frozen=True):
    name: str = ""
    schema: Json = None


class ResponseFormat(msgspec.Struct, frozen=True):
    type: str
    json_schema: SchemaFormat | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class Reasoning(msgspec.Struct, frozen=True):
    effort: str | None = None


class ChatRequest(msgspec.Struct, frozen=True):
    """A chat completion request; fields not listed are accepted and ignored, as providers do with most."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: Json = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None
    reasoning: Reasoning | None = None
    seed: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    # Not of chat completions, which tell thinking as it was: whether it is told summed up.
    summarized: bool | None = None
    # Not of chat completions, where prompts are cached unasked: whether this one is marked for the cache,
    # and for an hour.
    cache_marked: bool | None = None
    cache_hourly: bool = False

    @property
    def limit(self) -> int | None:
        """The most completion tokens the caller wants, reasoning included; None for no limit."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def question(self) -> str:
        """The text of the last user message."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def instructions(self) -> str:
        """The text of all system messages."""
        return "\n".join(m.text for m in self.messages if m.role in ("system", "developer"))

    @property
    def effort(self) -> str | None:
        """How hard to think: "none" where this model does not, None where nothing says.

        Names with "reason", "think", o1 to o9 or r1 think unless the effort is none or minimal; others if asked.
        """
        asked = self.reasoning_effort or (self.reasoning.effort if self.reasoning else None)
        if asked in ("none", "minimal"):
            return "none"
        if _THINKERS.search(self.model):
            return asked or "medium"
        return asked if _WILLING.search(self.model) else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error, for the wire to put into words. `kind` and `code` are OpenAI's; `headers` are added to the response."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())
