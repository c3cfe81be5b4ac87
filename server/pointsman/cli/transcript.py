"""One streamed answer as it was received, up to its end or failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msgspec import Struct

from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.rpc.client.views import (
    CallFailed,
    DecisionView,
    Failure,
    FinishView,
    NoticeView,
    ResetView,
    StreamEvent,
    UsageView,
)


class CalledTool(Struct, frozen=True):
    """`arguments` is the model's JSON text."""

    name: str
    arguments: str


@dataclass(slots=True)
class Transcript:
    """Filled event by event; `text`, `reasoning` and `tools` are by part."""

    decision: DecisionView | None = None
    usage: UsageView | None = None
    finish: FinishView | None = None
    failure: Failure | None = None
    notices: list[NoticeView] = field(default_factory=list)
    deltas: int = 0
    _texts: dict[int, str] = field(default_factory=dict)
    _thoughts: dict[int, str] = field(default_factory=dict)
    _tools: dict[int, CalledTool] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(text for _, text in sorted(self._texts.items()))

    @property
    def reasoning(self) -> str:
        return "".join(text for _, text in sorted(self._thoughts.items()))

    @property
    def tools(self) -> list[CalledTool]:
        return [tool for _, tool in sorted(self._tools.items())]

    def follow(self, events: Iterable[StreamEvent], shown: Callable[[StreamEvent], None]) -> None:
        """Take every event, showing each as it comes; a failure of the call ends it and is kept."""
        try:
            for event in events:
                self.add(event)
                shown(event)
        except CallFailed as failed:
            self.failure = failed.failure

    def add(self, event: StreamEvent) -> None:
        match event:
            case TextDelta(part, text):
                self._texts[part] = self._texts.get(part, "") + text
            case ReasoningDelta(part, text):
                self._thoughts[part] = self._thoughts.get(part, "") + text
            case ToolCallDelta(part, _, name, fragment):
                begun = self._tools.get(part, CalledTool(name, ""))
                self._tools[part] = CalledTool(begun.name, begun.arguments + fragment)
            case DecisionView():
                self.decision = event
            case UsageView():
                self.usage = event
            case FinishView():
                self.finish = event
            case NoticeView():
                self.notices.append(event)
            case ResetView():
                for parts in (self._texts, self._thoughts, self._tools):
                    parts.clear()
        self.deltas += isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta)

    def document(self) -> dict[str, object]:
        """Everything, for JSON output."""
        return {
            "decision": self.decision,
            "text": self.text,
            "reasoning": self.reasoning,
            "tool_calls": self.tools,
            "notices": self.notices,
            "usage": self.usage,
            "finish": self.finish,
            **({"error": self.failure} if self.failure else {}),
        }
