"""Where the deltas of an attempt go: to the caller at once, or held until somebody has judged them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from pointsman.engine.exchange import Exchange, Sink, Terms
from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import Part, Reasoning, Text, ToolCall

MOST = 16 * 1024 * 1024
"""Characters that one answer may have: many times what any model gives, and a bound on what a stream can hold."""


class Held:
    """One attempt's deltas, kept. `committed`: the caller has seen some; `writing`: he is being sent some right now."""

    def __init__(self) -> None:
        self.committed = False
        self.writing = False
        self.deltas: list[Delta] = []
        self._size = 0

    async def send(self, deltas: Sequence[Delta]) -> None:
        """Take what came; ProviderError where it is more than any answer should be."""
        self._keep(deltas)

    def _keep(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            self._size += len(delta.arguments_json if isinstance(delta, ToolCallDelta) else delta.text)
        if self._size > MOST:
            raise ProviderError(Reason.PROVIDER_PROTOCOL_ERROR, f"sent an answer of more than {MOST:,} characters")
        self.deltas.extend(deltas)


class Relay(Held):
    """The same, on their way to the caller. From the first one sent, the attempt is committed."""

    def __init__(self, sink: Sink, terms: Terms, exchange: Exchange, clock: Callable[[], float]) -> None:
        super().__init__()
        self._sink, self._exchange, self._clock = sink, exchange, clock
        self._withhold = not terms.include_reasoning
        self._indexes: dict[int, int] = {}
        self._held: list[Delta] = []

    async def send(self, deltas: Sequence[Delta]) -> None:
        """Pass on what the caller asked for; returns when it was taken."""
        if len(deltas) > 1:
            deltas = joined(deltas)
        self._keep(deltas)
        visible = self._visible(deltas) if self._withhold else deltas
        if not self.committed:
            self._held.extend(visible)
            if not any(map(has_content, visible)):
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


def joined(deltas: Sequence[Delta]) -> Sequence[Delta]:
    """The same with neighbours of one part as one: what arrived together goes out together."""
    if not any(_continues(*pair) for pair in pairwise(deltas)):
        return deltas
    runs: list[list[Delta]] = [[deltas[0]]]
    for before, delta in pairwise(deltas):
        if _continues(before, delta):
            runs[-1].append(delta)
        else:
            runs.append([delta])
    return [run[0] if len(run) == 1 else _join(run) for run in runs]


def _continues(before: Delta, delta: Delta) -> bool:
    # State belongs to the end of its part.
    if before.part != delta.part or type(before) is not type(delta) or before.state is not None:
        return False
    # An id or a name begins a call; only text can be glued to text.
    return not (isinstance(delta, ToolCallDelta) and (delta.id or delta.name))


def _join(run: Sequence[Delta]) -> Delta:
    if isinstance(run[0], ToolCallDelta):
        arguments = "".join([d.arguments_json for d in run if isinstance(d, ToolCallDelta)])
        return msgspec.structs.replace(run[0], arguments_json=arguments, state=run[-1].state)
    text = "".join([d.text for d in run if not isinstance(d, ToolCallDelta)])
    return msgspec.structs.replace(run[0], text=text, state=run[-1].state)


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


def has_content(delta: Delta) -> bool:
    """Is it a caller's first token? A tool call that begins is, even without arguments."""
    return isinstance(delta, ToolCallDelta) or bool(delta.text)
