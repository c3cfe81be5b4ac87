"""Relaying a stream: what the caller has been sent, and so what can no longer be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from pointsman.engine.exchange import Exchange, Sink, Terms
from pointsman.model.answer import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import Part, Reasoning, Text, ToolCall


class Relay:
    """One attempt's deltas on their way to the caller. From the first one sent, the attempt is committed."""

    def __init__(self, sink: Sink, terms: Terms, exchange: Exchange, clock: Callable[[], float]) -> None:
        self.committed = False
        self.writing = False
        self.deltas: list[Delta] = []
        self._sink, self._exchange, self._clock = sink, exchange, clock
        self._withhold = not terms.include_reasoning
        self._indexes: dict[int, int] = {}

    async def send(self, deltas: Sequence[Delta]) -> None:
        """Pass on what the caller asked for; returns when it was taken."""
        self.deltas.extend(deltas)
        visible = self._visible(deltas) if self._withhold else deltas
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
        """Without reasoning, and with part indexes closed up: the caller's parts must not have gaps."""
        visible: list[Delta] = []
        for delta in deltas:
            if isinstance(delta, ReasoningDelta):
                continue
            index = self._indexes.setdefault(delta.part, len(self._indexes))
            visible.append(delta if index == delta.part else msgspec.structs.replace(delta, part=index))
        return visible


def assemble(deltas: Sequence[Delta], *, reasoning: bool) -> tuple[Part, ...]:
    """The content parts that deltas make, in order of their index; reasoning only where wanted."""
    grouped: dict[int, list[Delta]] = {}
    for delta in deltas:
        grouped.setdefault(delta.part, []).append(delta)
    parts = (_part(grouped[index]) for index in sorted(grouped))
    return tuple(part for part in parts if reasoning or not isinstance(part, Reasoning))


def _part(deltas: Sequence[Delta]) -> Part:
    first = deltas[0]
    if isinstance(first, ToolCallDelta):
        arguments = "".join(d.arguments_json for d in deltas if isinstance(d, ToolCallDelta))
        return ToolCall(first.id, first.name, arguments)
    text = "".join(d.text for d in deltas if isinstance(d, (TextDelta, ReasoningDelta)))
    return Reasoning(text) if isinstance(first, ReasoningDelta) else Text(text)
