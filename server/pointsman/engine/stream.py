"""Relaying a stream: what the caller has been sent, and so what can no longer be taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from pointsman.engine.exchange import Exchange, Sink, Terms
from pointsman.model.answer import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import Part, Reasoning, Text, ToolCall


class Relay:
    """One attempt's deltas on their way to the caller. From the first one sent, the attempt is committed.

    Empty deltas, which carry a provider's state alone, wait for the first content: they are none themselves.
    """

    def __init__(self, sink: Sink, terms: Terms, exchange: Exchange, clock: Callable[[], float]) -> None:
        self.committed = False
        self.writing = False
        self.deltas: list[Delta] = []
        self._sink, self._exchange, self._clock = sink, exchange, clock
        self._withhold = not terms.include_reasoning
        self._indexes: dict[int, int] = {}
        self._held: list[Delta] = []

    async def send(self, deltas: Sequence[Delta]) -> None:
        """Pass on what the caller asked for; returns when it was taken."""
        self.deltas.extend(deltas)
        visible = self._visible(deltas) if self._withhold else deltas
        if not self.committed:
            self._held.extend(visible)
            if not any(map(_has_content, visible)):
                return
            visible, self._held = self._held, []
        if not visible:
            return
        self._commit()
        self.writing = True
        await self._sink.deltas(visible)
        self.writing = False

    def _commit(self) -> None:
        if self.committed:
            return
        self.committed = self._exchange.output_started = True
        if self._exchange.ttft is None:
            self._exchange.ttft = self._clock() - self._exchange.started

    def _visible(self, deltas: Sequence[Delta]) -> Sequence[Delta]:
        """Of reasoning only its state, and part indexes closed up: the caller's parts must not have gaps."""
        visible: list[Delta] = []
        for delta in deltas:
            shown = delta
            if isinstance(delta, ReasoningDelta):
                if delta.state is None:
                    continue
                shown = ReasoningDelta(delta.part, "", delta.state)
            index = self._indexes.setdefault(delta.part, len(self._indexes))
            visible.append(shown if index == delta.part else msgspec.structs.replace(shown, part=index))
        return visible


def assemble(deltas: Sequence[Delta], *, reasoning: bool) -> tuple[Part, ...]:
    """The content parts that deltas make, in order of their index; without `reasoning` as `without_reasoning` says."""
    grouped: dict[int, list[Delta]] = {}
    for delta in deltas:
        grouped.setdefault(delta.part, []).append(delta)
    parts = tuple(_part(grouped[index]) for index in sorted(grouped))
    return parts if reasoning else without_reasoning(parts)


def without_reasoning(parts: Iterable[Part]) -> tuple[Part, ...]:
    """What a caller sees who did not ask for reasoning: of it, only the state that its provider wants back."""
    shown: list[Part] = []
    for part in parts:
        if not isinstance(part, Reasoning):
            shown.append(part)
        elif part.state is not None:
            shown.append(Reasoning("", part.state))
    return tuple(shown)


def _part(deltas: Sequence[Delta]) -> Part:
    first = deltas[0]
    state = next((delta.state for delta in reversed(deltas) if delta.state is not None), None)
    if isinstance(first, ToolCallDelta):
        arguments = "".join(d.arguments_json for d in deltas if isinstance(d, ToolCallDelta))
        return ToolCall(first.id, first.name, arguments, state)
    text = "".join(d.text for d in deltas if isinstance(d, (TextDelta, ReasoningDelta)))
    return Reasoning(text, state) if isinstance(first, ReasoningDelta) else Text(text, state)


def _has_content(delta: Delta) -> bool:
    """Is it a caller's first token? A tool call that begins is, even without arguments."""
    return isinstance(delta, ToolCallDelta) or bool(delta.text)
