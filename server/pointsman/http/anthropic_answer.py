"""Answers in the words of the Messages API: content blocks, why they end, and what was used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, field

from pointsman.http.anthropic_request import Thinking
from pointsman.http.anthropic_state import Keeper, seal
from pointsman.http.details import Details
from pointsman.model.answer import Ending, FinishReason, Usage
from pointsman.model.request import Part, Reasoning, Text, ToolCall

_ENCODER: Final = msgspec.json.Encoder()
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_EMPTY: Final = Raw(b"{}")
_STOPS: Final = {
    FinishReason.STOP: "end_turn",
    FinishReason.MAX_TOKENS: "max_tokens",
    FinishReason.COST_LIMIT: "max_tokens",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.REFUSAL: "refusal",
    FinishReason.OTHER: "end_turn",
}
# What the provider says itself, where it speaks this API and says more than our own reasons do.
_FINER: Final = frozenset({"stop_sequence", "model_context_window_exceeded", "pause_turn"})


class TextBlock(Struct, frozen=True, tag="text"):
    text: str


class ThinkingBlock(Struct, frozen=True, tag="thinking"):
    thinking: str
    signature: str


class RedactedThinkingBlock(Struct, frozen=True, tag="redacted_thinking"):
    data: str


class ToolUseBlock(Struct, frozen=True, tag="tool_use"):
    id: str
    name: str
    input: Raw


Block = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock


class _CacheCreation(Struct, frozen=True):
    short: int = field(name="ephemeral_5m_input_tokens")
    hourly: int = field(name="ephemeral_1h_input_tokens")


class _OutputDetails(Struct, frozen=True):
    thinking_tokens: int


class Used(Struct, frozen=True):
    """Usage as this API tells it: input leaves out what was read from the cache or written to it."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cache_creation: _CacheCreation
    output_tokens_details: _OutputDetails


class _Refused(Struct, frozen=True, tag="refusal"):
    """Why a model refused, which only its provider knows."""

    category: None = None
    explanation: None = None


class Stop(Struct, frozen=True):
    """Why an answer ends."""

    stop_reason: str | None
    stop_sequence: str | None = None
    stop_details: _Refused | None = None


class Message(Struct, frozen=True, kw_only=True, tag="message"):
    """A message, whole or about to begin; `pointsman` for callers that want it."""

    id: str
    role: str = "assistant"
    model: str
    content: Sequence[Block] = ()
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: _Refused | None = None
    usage: Used
    pointsman: Details | UnsetType = UNSET


def message_id(decision_id: str) -> str:
    """What a message is called, by the decision that it follows."""
    return f"msg_{decision_id}"


def used(usage: Usage) -> Used:
    """Our inclusive totals as this API counts."""
    read, written = usage.cached_input_tokens, usage.cache_write_input_tokens
    hourly = usage.cache_write_1h_input_tokens
    return Used(
        max(0, usage.input_tokens - read - written),
        usage.output_tokens,
        read,
        written,
        _CacheCreation(max(0, written - hourly), hourly),
        _OutputDetails(usage.reasoning_tokens),
    )


def stop(ending: Ending) -> Stop:
    """Why an answer ends. Which stop sequence it met is known where the provider tells."""
    reason = ending.upstream_reason if ending.upstream_reason in _FINER else _STOPS[ending.reason]
    return Stop(reason, ending.stop_sequence or None, _Refused() if reason == "refusal" else None)


def blocks(parts: Sequence[Part], thinking: Thinking) -> list[Block]:
    """The parts of a whole answer as blocks, with what is to come back with them."""
    made: list[Block] = []
    keeper = Keeper()
    for part in parts:
        match part:
            case Reasoning() if thinking is not Thinking.HIDDEN:
                made.append(ThinkingBlock(part.text, seal(part.state) if part.state else ""))
            case Reasoning():
                keeper.hide("reasoning", part.state)
            case Text() if not part.text:
                keeper.hide("text", part.state)
            case Text():
                keeper.show_text(part.state)
                made.append(TextBlock(part.text))
            case ToolCall():
                keeper.keep_call(part.id, part.state)
                _give_back(keeper, made)
                keeper.show_call()
                made.append(ToolUseBlock(part.id, part.name, _input(part.arguments_json)))
    if made and isinstance(made[-1], ToolUseBlock):
        _give_back(keeper, made)
    return made


def _give_back(keeper: Keeper, made: list[Block]) -> None:
    if data := keeper.data():
        made.append(RedactedThinkingBlock(data))


def _input(arguments: str) -> Raw:
    """The arguments as they are, if they are an object, which the API promises; else in one."""
    if not arguments.strip():
        return _EMPTY
    try:
        _OBJECT.decode(arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return Raw(_ENCODER.encode({"arguments": arguments}))
    return Raw(arguments.encode())
