"""Deltas as a wire finds them in a stream: neighbours of one part become one, whatever the pieces they came in."""

from __future__ import annotations

from pointsman.model.answer import Delta, ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import ProviderState

Kind = type[TextDelta | ReasoningDelta] | None


class DeltaRun:
    """Collects between two reads.

    run = DeltaRun()
    run.extend(TextDelta, 0, "Hel")
    run.extend(TextDelta, 0, "lo")
    assert run.take() == [TextDelta(0, "Hello")]
    """

    __slots__ = ("_deltas", "_head", "_kind", "_part", "_run")

    def __init__(self) -> None:
        self._deltas: list[Delta] = []
        self._run: list[str] = []
        self._kind: Kind = None
        self._head = ("", "")
        self._part = -1

    def extend(self, kind: Kind, part: int, text: str, head: tuple[str, str] = ("", "")) -> None:
        """Add to a part; `kind` None is a tool call, `head` its id and name if this begins it."""
        if part != self._part:
            self._flush()
            self._kind, self._part, self._head = kind, part, head
        self._run.append(text)

    def keep(self, kind: Kind, part: int, state: ProviderState) -> None:
        """Add what the provider wants back with a part."""
        self._flush()
        if kind is None:
            self._deltas.append(ToolCallDelta(part, "", "", "", state))
        else:
            self._deltas.append(kind(part, "", state))

    def take(self) -> list[Delta]:
        """The deltas since the last time."""
        self._flush()
        deltas, self._deltas = self._deltas, []
        return deltas

    def _flush(self) -> None:
        if self._part < 0:
            return
        text = self._run[0] if len(self._run) == 1 else "".join(self._run)
        if self._kind is None:
            self._deltas.append(ToolCallDelta(self._part, *self._head, text))
        else:
            self._deltas.append(self._kind(self._part, text))
        self._run.clear()
        self._part = -1
