"""The request side of the chat-completions wire: what we read of it, and what we refuse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import msgspec

# Any: JSON that callers define (schemas, arguments); the code that walks it checks each step.
Json = Any

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_FORMATS = frozenset({"text", "json_object", "json_schema"})
_THINKERS = re.compile(r"reason|think|(?:^|[-/])(?:o[1-9]|r1)(?:-|$)")
_WHERE = re.compile(r" - at `\$\.?(.*)`$")


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

        Names with "reason", "think", o1 to o9 or r1 think unless the effort is none or minimal; gpt-5 only if asked to.
        """
        asked = self.reasoning_effort or (self.reasoning.effort if self.reasoning else None)
        if asked in ("none", "minimal"):
            return "none"
        if _THINKERS.search(self.model):
            return asked or "medium"
        return asked if "gpt-5" in self.model else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in OpenAI's shape. `kind` is its `type`; `headers` are added to the response."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())

    def body(self) -> bytes:
        """The JSON that is sent."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})


_DECODER = msgspec.json.Decoder(ChatRequest)


def parse(body: bytes) -> ChatRequest | Refusal:
    """Read and check a request body."""
    try:
        request = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        found = _WHERE.search(str(error))
        return Refusal(400, f"Invalid request: {error}.", param=found.group(1) if found else None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(400, "We could not parse the JSON body of your request. It must be one JSON object in UTF-8.")
    return _problem(request) or request


def authenticate(header: str | None) -> Refusal | None:
    """Anything after `Bearer ` is a valid key, except `bad-key`."""
    scheme, _, key = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "You didn't provide an API key. Send it in an Authorization header: `Authorization: Bearer KEY`."
        return Refusal(401, message)
    if key.strip() == "bad-key":
        return Refusal(401, "Incorrect API key provided.", code="invalid_api_key")
    return None


def _problem(request: ChatRequest) -> Refusal | None:
    if not request.messages:
        return Refusal(400, "Invalid 'messages': empty array; send at least one message.", param="messages")
    for at, message in enumerate(request.messages):
        if message.role not in _ROLES:
            where = f"messages[{at}].role"
            return Refusal(400, f"Invalid '{where}': {message.role!r} is not one of {sorted(_ROLES)}.", param=where)
    if request.limit is not None and request.limit < 1:
        return Refusal(400, f"Invalid 'max_completion_tokens': {request.limit}; send 1 or more.", param="max_tokens")
    if request.n not in (None, 1):
        return Refusal(400, f"Invalid 'n': {request.n}; the simulator gives one choice.", param="n")
    if request.tool_choice == "required" and not request.tools:
        return Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    if request.model == "no-such-model":
        told = "The model `no-such-model` does not exist or you do not have access to it."
        return Refusal(404, told, code="model_not_found")
    return _format_problem(request.response_format)


def _format_problem(shape: ResponseFormat | None) -> Refusal | None:
    if shape is None:
        return None
    if shape.type not in _FORMATS:
        return Refusal(400, f"Invalid 'response_format.type': {shape.type!r}.", param="response_format.type")
    if shape.type == "json_schema" and (shape.json_schema is None or not isinstance(shape.json_schema.schema, dict)):
        where = "response_format.json_schema.schema"
        return Refusal(400, f"Missing required parameter: '{where}'.", param=where)
    return None
