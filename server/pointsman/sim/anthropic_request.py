"""The request side of the `anthropic` wire: what we read of it, what we refuse, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import Struct

from pointsman.sim.request import (
    ChatRequest,
    Function,
    Json,
    Message,
    Part,
    Refusal,
    ResponseFormat,
    SchemaFormat,
    Tool,
)
from pointsman.sim.seals import genuine

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_LEAST_BUDGET = 1024
_MOST_MARKS = 4
_EFFORTS: Final = {"max": "xhigh"}
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}


class Block(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A content block of any type that callers send."""

    type: Literal["text", "image", "tool_use", "tool_result", "thinking", "redacted_thinking"]
    text: str = ""
    source: Json = None
    id: str = ""
    name: str = ""
    input: Json = None
    tool_use_id: str = ""
    content: str | list[Block] = ""
    is_error: bool = False
    thinking: str = ""
    signature: str = ""
    data: str = ""
    cache_control: Json = None


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    role: Literal["user", "assistant"]
    content: str | list[Block]

    @property
    def blocks(self) -> list[Block]:
        return [Block("text", self.content)] if isinstance(self.content, str) else self.content


class _Tool(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    input_schema: dict[str, Json]
    description: str | None = None
    strict: bool = False
    cache_control: Json = None
    type: str | None = None


class _Choice(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str = ""
    disable_parallel_tool_use: bool = False


class _Thinking(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: int | None = None
    display: str | None = None


class _Format(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["json_schema"]
    schema: dict[str, Json]


class _OutputConfig(Struct, frozen=True, forbid_unknown_fields=True):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: _Format | None = None


class MessagesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A request for a message. Other fields are refused, as the provider does."""

    model: str
    max_tokens: int
    messages: list[Turn]
    system: str | list[Block] = ""
    stream: bool = False
    stop_sequences: list[str] = []
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: list[_Tool] = []
    tool_choice: _Choice | None = None
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    metadata: dict[str, str | None] | None = None
    service_tier: str | None = None
    cache_control: Json = None

    @property
    def thinks(self) -> bool:
        return self.thinking is not None and self.thinking.type != "disabled"

    @property
    def instructions(self) -> list[Block]:
        """The system prompt."""
        if isinstance(self.system, str):
            return [Block("text", self.system)] if self.system else []
        return self.system

    @property
    def marks(self) -> list[Json]:
        """What blocks are marked for the cache with."""
        blocks = [*self.instructions, *(block for turn in self.messages for block in turn.blocks)]
        marks = [block.cache_control for block in blocks] + [tool.cache_control for tool in self.tools]
        return [mark for mark in (*marks, self.cache_control) if mark]


_DECODER: Final = msgspec.json.Decoder(MessagesRequest)


def authenticate(headers: Mapping[str, str]) -> Refusal | None:
    """Any key is valid but `bad-key`, also as a bearer token; the version of the API must be named."""
    key = headers.get("x-api-key") or headers.get("Authorization", "").removeprefix("Bearer ")
    if not key:
        return Refusal(401, "x-api-key header is required")
    if key == "bad-key":
        return Refusal(401, "invalid x-api-key", code="invalid_api_key")
    return None if headers.get("anthropic-version") else Refusal(400, "anthropic-version: header is required")


def parse(body: bytes) -> ChatRequest | Refusal:
    """Read and check a request body."""
    try:
        asked = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        found = _WHERE.search(str(error))
        return Refusal(400, f"{found.group(1) if found else 'request'}: {error}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refusal(400, "The request body is not valid JSON")
    problem = next(_Check(asked).problems(), None)
    if problem is not None:
        return Refusal(404 if problem.startswith("model:") else 400, problem)
    return _neutral(asked)


@dataclass(frozen=True, slots=True)
class _Check:
    """What the provider would refuse, in an order of its own."""

    asked: MessagesRequest

    def problems(self) -> Iterator[str]:
        asked = self.asked
        if asked.model == "no-such-model":
            yield "model: no-such-model"
        if asked.max_tokens < 1:
            yield "max_tokens: must be at least 1"
        if not asked.messages:
            yield "messages: at least one message is required"
        if len(asked.marks) > _MOST_MARKS:
            yield f"A maximum of 4 blocks with cache_control may be provided. Found {len(asked.marks)}."
        yield from self._sampling()
        yield from self._thinking()
        for at, turn in enumerate(asked.messages):
            yield from self._turn(at, turn)
        if any(block.type == "tool_use" for turn in asked.messages for block in turn.blocks) and not asked.tools:
            yield "Requests which include `tool_use` or `tool_result` blocks must define `tools`."
        if asked.tool_choice is not None and not asked.tools:
            yield "tool_choice may only be specified while providing tools"

    def _sampling(self) -> Iterator[str]:
        asked = self.asked
        if asked.temperature is not None and not 0 <= asked.temperature <= 1:
            yield "temperature: range: 0..1"
        if asked.temperature is not None and asked.top_p is not None:
            yield "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        if any(not stop.strip() for stop in asked.stop_sequences):
            yield "stop_sequences: each stop sequence must contain non-whitespace"

    def _thinking(self) -> Iterator[str]:
        asked, thinking = self.asked, self.asked.thinking
        if thinking is None or thinking.type == "disabled":
            return
        if thinking.type == "enabled":
            budget = thinking.budget_tokens or 0
            if budget < _LEAST_BUDGET:
                yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
            if budget >= asked.max_tokens:
                yield "`max_tokens` must be greater than `thinking.budget_tokens`."
            if _amid_calls(asked.messages):
                yield "Expected `thinking` or `redacted_thinking`, but found `tool_use`."
        elif thinking.budget_tokens is not None:
            yield "thinking.adaptive.budget_tokens: Extra inputs are not permitted"
        if asked.temperature not in (None, 1) or asked.top_k is not None:
            yield "`temperature` may only be set to 1 when thinking is enabled."
        if asked.tool_choice is not None and asked.tool_choice.type in ("any", "tool"):
            yield "Thinking may not be enabled when tool_choice forces tool use."

    def _turn(self, at: int, turn: Turn) -> Iterator[str]:
        where = f"messages.{at}"
        if not turn.blocks:
            yield f"{where}: all messages must have non-empty content"
        before = self.asked.messages[at - 1] if at else None
        called = {block.id for block in before.blocks if block.type == "tool_use"} if before else set()
        behind = False
        for block in turn.blocks:
            if block.type == "text" and not block.text.strip():
                yield f"{where}: text content blocks must be non-empty"
            if block.type in ("tool_use", "tool_result") and not _ID.fullmatch(block.id or block.tool_use_id):
                yield f"{where}: ids of tool calls should match pattern '^[a-zA-Z0-9_-]+$'"
            if block.type == "tool_result":
                if block.tool_use_id not in called:
                    yield f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {block.tool_use_id}"
                if behind:
                    yield f"{where}: `tool_result` blocks must come before other content"
                called.discard(block.tool_use_id)
            else:
                behind = True
            if block.type in ("thinking", "redacted_thinking") and not genuine(
                block.thinking, block.signature or block.data
            ):
                yield f"{where}: Invalid `signature` in `thinking` block"
        if called:
            yield f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {sorted(called)}"


def _amid_calls(turns: list[Turn]) -> bool:
    if len(turns) < 2 or not any(block.type == "tool_result" for block in turns[-1].blocks):
        return False
    return turns[-2].blocks[0].type not in ("thinking", "redacted_thinking")


def _neutral(asked: MessagesRequest) -> ChatRequest:
    choice, config = asked.tool_choice, asked.output_config or _OutputConfig()
    schema = config.format.schema if config.format else None
    messages = [Message("system", _joined(asked.instructions))] if asked.system else []
    messages += [message for turn in asked.messages for message in _said(turn)]
    return ChatRequest(
        asked.model,
        messages,
        stream=asked.stream,
        max_tokens=asked.max_tokens,
        stop=asked.stop_sequences,
        tools=[Tool(Function(tool.name, tool.description, tool.input_schema)) for tool in asked.tools],
        tool_choice=_choice(choice) if choice else None,
        parallel_tool_calls=False if choice and choice.disable_parallel_tool_use else None,
        response_format=None if schema is None else ResponseFormat("json_schema", SchemaFormat("answer", schema)),
        reasoning_effort=_effort(asked, config.effort),
        cache_marked=bool(asked.marks),
        cache_hourly=any(isinstance(mark, dict) and mark.get("ttl") == "1h" for mark in asked.marks),
    )


def _choice(choice: _Choice) -> Json:
    return _CHOICES.get(choice.type) or {"type": "function", "function": {"name": choice.name}}


def _effort(asked: MessagesRequest, effort: str | None) -> str:
    """In the words of chat completions; nothing is thought unless it is asked for."""
    if not asked.thinks:
        return "none"
    budget = asked.thinking.budget_tokens if asked.thinking else None
    if budget is None:
        return _EFFORTS.get(effort or "high", effort or "high")
    return "low" if budget <= 2048 else "medium" if budget <= 8192 else "high" if budget <= 16384 else "xhigh"


def _said(turn: Turn) -> Iterator[Message]:
    """A turn as messages: results of tools, each one of its own, then what is left of it."""
    rest = []
    for block in turn.blocks:
        if block.type == "tool_result":
            yield Message("tool", [*_parts(block.content)], tool_call_id=block.tool_use_id)
        else:
            rest.append(block)
    if not rest:
        return
    if turn.role == "user":
        yield Message("user", [*_parts(rest)])
        return
    calls = [{"id": block.id, "name": block.name, "input": block.input} for block in rest if block.type == "tool_use"]
    yield Message("assistant", _joined(rest), tool_calls=calls or None)


def _parts(content: str | list[Block]) -> Iterator[Part]:
    if isinstance(content, str):
        yield Part("text", content)
        return
    for block in content:
        yield Part("image_url", image_url=block.source) if block.type == "image" else Part("text", block.text)


def _joined(blocks: list[Block]) -> str:
    return "\n".join(block.text for block in blocks if block.type == "text")
