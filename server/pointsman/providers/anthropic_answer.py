"""Answers in the words of the `anthropic` wire, as decoded: whole ones, the events of streams, and what they used."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct, field

from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.request import Part, Reasoning, Text, ToolCall
from pointsman.providers.anthropic_errors import read_complaint
from pointsman.providers.anthropic_state import keep
from pointsman.providers.failures import Origin, failed_inside, garbled

_ABSENT: Final = (Raw(), Raw(b"null"))
_FINISHES: Final = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.MAX_TOKENS,
    "model_context_window_exceeded": FinishReason.MAX_TOKENS,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.REFUSAL,
}


class Block(Struct):
    """A content block of any type, with the fields of those we know; `input` as the model wrote it."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = _ABSENT[0]


class Said(Struct):
    """A message. `content` is read block by block, since thinking goes back as it came."""

    id: str | None = None
    type: str = ""
    model: str | None = None
    content: list[Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Raw = _ABSENT[0]


class Piece(Struct):
    """The delta of an event: of a block, or of the whole message."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class Event(Struct):
    """One event of a stream, whatever its type."""

    type: str = ""
    index: int = 0
    message: Said | None = None
    content_block: Raw = _ABSENT[0]
    delta: Piece | None = None
    usage: Raw = _ABSENT[0]


class Used(Struct):
    """Usage as it is told. Input leaves out what was read from the cache or written to it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | None = None

    def merged(self, later: Used) -> Used:
        """With what is told later, which counts from the beginning too."""
        return Used(**{
            name: getattr(later, name) if getattr(later, name) is not None else getattr(self, name)
            for name in self.__struct_fields__
        })  # fmt: skip

    def usage(self) -> Usage | None:
        """In inclusive totals; None where no tokens were told."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        read, written = max(0, self.cache_read_input_tokens or 0), max(0, self.cache_creation_input_tokens or 0)
        thought = self.output_tokens_details and self.output_tokens_details.thinking_tokens
        return Usage(
            input_tokens=max(0, self.input_tokens) + read + written,
            output_tokens=max(0, self.output_tokens),
            cached_input_tokens=read,
            cache_write_input_tokens=written,
            reasoning_tokens=max(0, thought or 0),
            cache_write_1h_input_tokens=max(0, (self.cache_creation and self.cache_creation.hourly) or 0),
        )


class _CacheCreation(Struct):
    hourly: int | None = field(default=None, name="ephemeral_1h_input_tokens")


class _OutputDetails(Struct):
    thinking_tokens: int | None = None


_SAID: Final = msgspec.json.Decoder(Said)
_BLOCK: Final = msgspec.json.Decoder(Block)
_EVENT: Final = msgspec.json.Decoder(Event)
_USED: Final = msgspec.json.Decoder(Used)
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def wire_to_answer(data: bytes, origin: Origin, model: str) -> Answer:
    """A whole answer of a model, as it is named upstream; its parts in the order of its blocks."""
    try:
        said = _SAID.decode(data)
        blocks = [(_BLOCK.decode(raw), raw) for raw in said.content or ()]
    except _BROKEN:
        raise garbled(origin, "sent JSON that is broken or not an answer") from None
    if said.type == "error":
        raise failed_inside(origin, read_complaint(data))
    if said.content is None:
        raise garbled(origin, "answered without a message")
    parts = [part for block, raw in blocks if (part := _part(block, raw, origin.provider, model)) is not None]
    used = read_used(said.usage)
    ending = Ending(
        reason=finish_reason(said.stop_reason),
        upstream_reason=said.stop_reason or "",
        usage=used.usage() if used else None,
        served_model=said.model or "",
        upstream_request_id=origin.request_id or said.id or "",
        stop_sequence=said.stop_sequence or "",
    )
    return Answer(tuple(parts), ending)


def decode_event(data: bytes, origin: Origin) -> Event:
    """One event. Raises ProviderError for what is not one, and for the error it carries."""
    try:
        event = _EVENT.decode(data)
    except _BROKEN:
        raise garbled(origin, "sent JSON that is broken or not an event") from None
    if event.type == "error":
        raise failed_inside(origin, read_complaint(data))
    return event


def decode_block(raw: Raw, origin: Origin) -> Block:
    """The block that an event begins."""
    try:
        return _BLOCK.decode(raw)
    except _BROKEN:
        raise garbled(origin, "began a block that is none") from None


def finish_reason(upstream: str | None) -> FinishReason:
    """Ours for theirs."""
    return _FINISHES.get(upstream or "", FinishReason.OTHER)


def read_used(raw: Raw) -> Used | None:
    """The usage that is told, None where none is, or none that we understand: what is odd in it fails no answer."""
    if raw in _ABSENT:
        return None
    try:
        return _USED.decode(raw)
    except _BROKEN:
        return None


def written_input(block: Block) -> str:
    """The arguments of a call that came with its beginning, as the model wrote them."""
    return "" if block.input in _ABSENT else bytes(block.input).decode()


def _part(block: Block, raw: Raw, provider: str, model: str) -> Part | None:
    """The part that a block is; None for those that only tools of the provider's own make."""
    match block.type:
        case "text":
            return Text(block.text or "") if block.text else None
        case "thinking":
            return Reasoning(block.thinking or "", keep(provider, model, raw))
        case "redacted_thinking":
            return Reasoning("", keep(provider, model, raw))
        case "tool_use":
            return ToolCall(block.id or "", block.name or "", written_input(block) or "{}")
        case _:
            return None
