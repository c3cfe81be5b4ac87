"""The event stream of the Messages API: deltas in, server-sent events out, one block open at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from pointsman.http.anthropic_answer import (
    Block,
    Message,
    RedactedThinkingBlock,
    Stop,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
    Used,
)
from pointsman.http.anthropic_request import Thinking
from pointsman.http.anthropic_state import Keeper, seal
from pointsman.http.details import Details
from pointsman.model.answer import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import ProviderState

PING: Final = b'event: ping\ndata: {"type":"ping"}\n\n'

_ENCODER: Final = msgspec.json.Encoder()
_EMPTY: Final = Raw(b"{}")
_CHECKER: Final = msgspec.json.Decoder(Raw)
# Written by hand: one passes here for every token.
_DELTA: Final = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"%b_delta","%b":%b}}\n\n'
)
_STOP: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_STOPPED: Final = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'


Kind = Literal["text", "reasoning", "call"]


class _Started(Struct, frozen=True, tag="message_start"):
    message: Message


class _Begun(Struct, frozen=True, tag="content_block_start"):
    index: int
    content_block: Block


class _Ended(Struct, frozen=True, tag="message_delta"):
    delta: Stop
    usage: Used
    pointsman: Details | UnsetType = UNSET


def started(message: Message) -> bytes:
    """The event before all others."""
    return event("message_start", _Started(message))


def ended(stop: Stop, usage: Used, details: Details | UnsetType = UNSET) -> bytes:
    """The events behind all others."""
    return event("message_delta", _Ended(stop, usage, details)) + _STOP


def event(name: str, data: Struct) -> bytes:
    """One event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _ENCODER.encode(data))


class _Open:
    """The block under way: its part, and what will have to be known of it at its end."""

    __slots__ = ("arguments", "kind", "part", "state")

    def __init__(self, part: int, kind: Kind) -> None:
        self.part, self.kind = part, kind
        self.state: ProviderState | None = None
        self.arguments: list[str] = []

    @property
    def complete(self) -> bool:
        """May it be closed? A tool is called once its input is whole."""
        if self.kind != "call":
            return True
        if not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return False
        try:
            _CHECKER.decode("".join(self.arguments))
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return False
        return True


class Blocks:
    """Makes blocks of deltas, one after the other.

    Callers take the end of a tool's block for the end of its input: other parts wait until that is whole. A text, or
    reasoning, that goes on behind another part goes on in a block of its own.
    """

    def __init__(self, thinking: Thinking) -> None:
        self._thinking = thinking
        self._keeper = Keeper()
        self._open: _Open | None = None
        self._waiting: list[Delta] = []
        # The calls, by part: their blocks and their ids.
        self._calls: dict[int, tuple[int, str]] = {}
        self._index = -1
        self._last: Kind | None = None
        self._out: list[bytes] = []

    def add(self, deltas: Sequence[Delta]) -> bytes:
        """The events that some deltas make."""
        for delta in deltas:
            current = self._open
            if current is None or current.part == delta.part or (not self._waiting and current.complete):
                self._take(delta)
                while self._waiting and self._open is not None and self._open.complete:
                    self._take_waiting()
            else:
                self._waiting.append(delta)
        return self._taken()

    def end(self) -> bytes:
        """The events that end the content."""
        while self._waiting:
            self._take_waiting()
        self._close()
        if self._last == "call" or self._keeper.owes:
            self._give_back()
        return self._taken()

    def _taken(self) -> bytes:
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def _take_waiting(self) -> None:
        """What waits of the part that has waited longest."""
        part = self._waiting[0].part
        taken = [delta for delta in self._waiting if delta.part == part]
        self._waiting = [delta for delta in self._waiting if delta.part != part]
        for delta in taken:
            self._take(delta)

    def _take(self, delta: Delta) -> None:
        match delta:
            case TextDelta():
                self._say(delta)
            case ReasoningDelta():
                self._think(delta)
            case ToolCallDelta():
                self._call(delta)

    def _say(self, delta: TextDelta) -> None:
        current = self._current(delta.part)
        if current is None and not delta.text:
            self._hide("text", delta.state)
            return
        current = current or self._start(TextBlock(""), delta.part, "text")
        current.state = delta.state or current.state
        if delta.text:
            self._out.append(_DELTA % (self._index, b"text", b"text", _ENCODER.encode(delta.text)))

    def _think(self, delta: ReasoningDelta) -> None:
        if self._thinking is Thinking.HIDDEN:
            self._hide("reasoning", delta.state)
            return
        current = self._current(delta.part) or self._start(ThinkingBlock("", ""), delta.part, "reasoning")
        current.state = delta.state or current.state
        if delta.text:
            self._out.append(_DELTA % (self._index, b"thinking", b"thinking", _ENCODER.encode(delta.text)))

    def _call(self, delta: ToolCallDelta) -> None:
        known = self._calls.get(delta.part)
        if known is None:
            known = self._begin_call(delta)
        else:
            self._keeper.keep_call(known[1], delta.state)
        if (current := self._current(delta.part)) is not None:
            current.arguments.append(delta.arguments_json)
        if delta.arguments_json:
            text = _ENCODER.encode(delta.arguments_json)
            self._out.append(_DELTA % (known[0], b"input_json", b"partial_json", text))

    def _begin_call(self, delta: ToolCallDelta) -> tuple[int, str]:
        self._close()
        self._keeper.keep_call(delta.id, delta.state)
        self._give_back()
        self._keeper.show_call()
        self._start(ToolUseBlock(delta.id, delta.name, _EMPTY), delta.part, "call")
        self._calls[delta.part] = known = self._index, delta.id
        return known

    def _hide(self, kind: Literal["text", "reasoning"], state: ProviderState | None) -> None:
        if state is not None:
            self._close()
            self._keeper.hide(kind, state)

    def _give_back(self) -> None:
        if data := self._keeper.data():
            self._begin(RedactedThinkingBlock(data))
            self._out.append(_STOPPED % self._index)

    def _current(self, part: int) -> _Open | None:
        return self._open if self._open is not None and self._open.part == part else None

    def _start(self, block: Block, part: int, kind: Kind) -> _Open:
        self._close()
        self._begin(block)
        self._open, self._last = _Open(part, kind), kind
        return self._open

    def _begin(self, block: Block) -> None:
        self._index += 1
        self._out.append(event("content_block_start", _Begun(self._index, block)))

    def _close(self) -> None:
        closed, self._open = self._open, None
        if closed is None:
            return
        if closed.kind == "reasoning":
            if closed.state is not None:
                signature = _ENCODER.encode(seal(closed.state))
                self._out.append(_DELTA % (self._index, b"signature", b"signature", signature))
        elif closed.kind == "text":
            self._keeper.show_text(closed.state)
        self._out.append(_STOPPED % self._index)
