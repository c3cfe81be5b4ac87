"""What a gate is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.model.answer import Answer
from pointsman.model.request import Text, ToolCall


class GatedAnswer(Struct, frozen=True):
    """One whole answer of `target` (a model id). `ttft` and `duration` are seconds, `ttft` None for a unary call."""

    target: str
    answer: Answer
    duration: float
    ttft: float | None = None

    @property
    def text(self) -> str:
        """What the caller would read: without reasoning and tool calls."""
        return "".join(part.text for part in self.answer.parts if isinstance(part, Text))

    @property
    def tool_calls(self) -> Sequence[ToolCall]:
        return [part for part in self.answer.parts if isinstance(part, ToolCall)]


class Accepted(Struct, frozen=True):
    """`which` is the answer to return, by its index; None: whichever, and the first unless another gate chooses.

    Gates after this one judge only it, and `others`: indices of answers that would do as well.
    """

    reason: str = ""
    which: int | None = None
    others: tuple[int, ...] = ()


class Rejected(Struct, frozen=True):
    """None of the answers will do; `reason` is one English sentence, and quotes nothing of them."""

    reason: str
