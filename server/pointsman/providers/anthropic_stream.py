"""A streaming answer of the `anthropic` wire: events in, deltas out, and how it ended."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.model.answer import Delta, Ending, FinishReason, ReasoningDelta, TextDelta, Usage
from pointsman.model.tokens import estimate_tokens
from pointsman.ports import HttpStream
from pointsman.providers.anthropic_answer import (
    Block,
    Event,
    Piece,
    Used,
    decode_block,
    decode_event,
    finish_reason,
    read_used,
    written_input,
)
from pointsman.providers.anthropic_state import RedactedBlock, ThinkingBlock, keep
from pointsman.providers.deltas import DeltaRun
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.sse import SseEvent


class AnthropicStream(EventStream):
    """An AnswerStream over an HTTP stream that was accepted. Only `message_stop` ends it well."""

    def __init__(self, body: HttpStream, origin: Origin, model: str, max_event_bytes: int) -> None:
        self._blocks = Blocks(origin, model)
        super().__init__(body, origin, max_event_bytes, self._blocks)

    def _take_in(self, event: SseEvent) -> None:
        if event.data:
            self._blocks.add(decode_event(event.data, self._origin))
            self.complete = self._blocks.complete


class _Open:
    """A block under way: its part, and what will have to be known of it at its end."""

    __slots__ = ("kind", "part", "signature", "thinking", "written")

    def __init__(self, kind: str, part: int) -> None:
        self.kind, self.part = kind, part
        self.thinking = self.signature = ""
        self.written = False


class Blocks:
    """Puts events together: numbers the parts by first appearance and merges neighbouring deltas of one part."""

    def __init__(self, origin: Origin, model: str) -> None:
        self.complete = False
        self._origin, self._model = origin, model
        self._run = DeltaRun()
        self._open: dict[int, _Open] = {}
        self._parts = 0
        self._finish = self._served = self._id = self._met = ""
        self._used: Used | None = None
        self._final = False
        self._said: list[str] = []

    def add(self, event: Event) -> None:
        """Take one event in; pings, and what is not known, say nothing."""
        match event.type:
            case "content_block_delta":
                if event.delta is not None and (block := self._open.get(event.index)) is not None:
                    self._extend(block, event.delta)
            case "content_block_start":
                self._begin(event.index, decode_block(event.content_block, self._origin))
            case "content_block_stop":
                if (block := self._open.pop(event.index, None)) is not None:
                    self._close(block)
            case "message_start":
                if (said := event.message) is not None:
                    self._id, self._served = said.id or "", said.model or ""
                    self._use(read_used(said.usage))
            case "message_delta":
                if event.delta is not None and event.delta.stop_reason:
                    self._finish, self._met = event.delta.stop_reason, event.delta.stop_sequence or ""
                used = read_used(event.usage)
                self._final = self._final or used is not None
                self._use(used)
            case "message_stop":
                self.complete = True

    def take(self) -> list[Delta]:
        """The deltas since the last time."""
        return self._run.take()

    def ending(self) -> Ending:
        """What is known so far."""
        return Ending(
            reason=finish_reason(self._finish) if self._finish else FinishReason.OTHER,
            upstream_reason=self._finish,
            usage=self._usage(),
            served_model=self._served,
            upstream_request_id=self._origin.request_id or self._id,
            stop_sequence=self._met,
        )

    def _usage(self) -> Usage | None:
        """Before the last event the input is told, but of the output no more than that it began."""
        usage = self._used.usage() if self._used is not None else None
        if usage is None or self._final:
            return usage
        output = max(usage.output_tokens, estimate_tokens(*self._said))
        return replace(usage, output_tokens=output, reasoning_tokens=0, estimated=True)

    def _use(self, used: Used | None) -> None:
        if used is not None:
            self._used = used if self._used is None else self._used.merged(used)

    def _begin(self, index: int, block: Block) -> None:
        if block.type not in ("text", "thinking", "redacted_thinking", "tool_use"):
            return
        opened = self._open[index] = _Open(block.type, self._parts)
        if block.type == "tool_use":
            arguments = written_input(block)
            opened.written = arguments not in ("", "{}")
            self._run.extend(None, opened.part, arguments if opened.written else "", (block.id or "", block.name or ""))
        elif block.type == "redacted_thinking":
            state = keep(self._origin.provider, self._model, RedactedBlock(block.data or ""))
            self._run.keep(ReasoningDelta, opened.part, state)
        elif block.type == "thinking":
            self._extend(opened, Piece(thinking=block.thinking, signature=block.signature))
        elif block.text:
            self._extend(opened, Piece(text=block.text))
        else:
            # An empty text is no part until it says something.
            opened.part = -1
            return
        self._parts += 1

    def _extend(self, block: _Open, piece: Piece) -> None:
        if block.kind == "text" and piece.text:
            if block.part < 0:
                block.part, self._parts = self._parts, self._parts + 1
            self._say(TextDelta, block, piece.text)
        elif block.kind == "tool_use" and piece.partial_json:
            block.written = True
            self._say(None, block, piece.partial_json)
        elif block.kind == "thinking":
            block.signature += piece.signature or ""
            if piece.thinking:
                block.thinking += piece.thinking
                self._say(ReasoningDelta, block, piece.thinking)

    def _say(self, kind: type[TextDelta | ReasoningDelta] | None, block: _Open, text: str) -> None:
        self._said.append(text)
        self._run.extend(kind, block.part, text)

    def _close(self, block: _Open) -> None:
        if block.kind == "tool_use" and not block.written:
            # Called without arguments, which is written as no JSON at all.
            self._run.extend(None, block.part, "{}")
        elif block.kind == "thinking":
            whole = ThinkingBlock(block.thinking, block.signature)
            self._run.keep(ReasoningDelta, block.part, keep(self._origin.provider, self._model, whole))
