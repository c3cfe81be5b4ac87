"""What a stream of events adds up to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pointsman_client.v1 import chat_pb2, router_service_pb2, routing_pb2


@dataclass(slots=True)
class _Part:
    """A content part as far as it has come."""

    texts: list[str] = field(default_factory=list)
    id: str = ""
    name: str = ""
    state: chat_pb2.ProviderState | None = None

    def content(self, kind: str) -> chat_pb2.ContentPart:
        text = "".join(self.texts)
        if kind == "tool_call_delta":
            call = chat_pb2.ToolCall(id=self.id, name=self.name, arguments_json=text)
            return chat_pb2.ContentPart(tool_call=call, provider_state=self.state)
        if kind == "reasoning_delta":
            reasoning = chat_pb2.ReasoningPart(text=text)
            return chat_pb2.ContentPart(reasoning=reasoning, provider_state=self.state)
        return chat_pb2.ContentPart(text=text, provider_state=self.state)


class Answer:
    """Holds what came of an answer: feed it every event. A reset drops what was shown of it so far.

    `generation` is the highest yet, 0 before the first event; `decision`, `usage` and `finish` are None until they
    come. `complete` is True only once the stream ended well after a `finish`: anything less is no answer.
    """

    def __init__(self) -> None:
        self.generation = 0
        self.decision: routing_pb2.Decision | None = None
        self.notices: list[router_service_pb2.RouteNotice] = []
        self.resets: list[router_service_pb2.OutputReset] = []
        self.usage: router_service_pb2.UsageReport | None = None
        self.finish: router_service_pb2.Finish | None = None
        self._parts: dict[tuple[int, str], _Part] = {}
        self._ended = False

    def feed(self, event: router_service_pb2.CompleteResponse) -> None:
        """Take one event in; members that this client does not know are skipped."""
        if event.generation > self.generation:
            self.generation = event.generation
            self._parts.clear()
        match event.WhichOneof("event"):
            case "text_delta":
                self._extend(event, "text_delta", event.text_delta.text, event.text_delta)
            case "reasoning_delta":
                self._extend(event, "reasoning_delta", event.reasoning_delta.text, event.reasoning_delta)
            case "tool_call_delta":
                delta = event.tool_call_delta
                part = self._extend(event, "tool_call_delta", delta.arguments_json_fragment, delta)
                part.id, part.name = part.id or delta.id, part.name or delta.name
            case "decision":
                self.decision = event.decision
            case "notice":
                self.notices.append(event.notice)
            case "reset":
                self.resets.append(event.reset)
            case "usage":
                self.usage = event.usage
            case "finish":
                self.finish = event.finish

    def end(self) -> None:
        """The stream ended with status OK."""
        self._ended = True

    @property
    def complete(self) -> bool:
        """Whether this is a whole answer."""
        return self._ended and self.finish is not None

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(part.text for part in self._content() if part.HasField("text"))

    @property
    def reasoning(self) -> str:
        """All reasoning so far, where it was asked for."""
        return "".join(part.reasoning.text for part in self._content() if part.HasField("reasoning"))

    @property
    def tool_calls(self) -> list[chat_pb2.ToolCall]:
        """The calls so far, by part; the arguments of one are to be parsed only when the answer is complete."""
        return [part.tool_call for part in self._content() if part.HasField("tool_call")]

    def message(self) -> chat_pb2.ChatMessage:
        """The assistant's message, to be appended to the conversation as it is, with what its provider wants back."""
        return chat_pb2.ChatMessage(role=chat_pb2.ROLE_ASSISTANT, parts=self._content())

    def _content(self) -> list[chat_pb2.ContentPart]:
        return [self._parts[key].content(key[1]) for key in sorted(self._parts)]

    def _extend(
        self,
        event: router_service_pb2.CompleteResponse,
        kind: str,
        text: str,
        delta: router_service_pb2.TextDelta | router_service_pb2.ReasoningDelta | router_service_pb2.ToolCallDelta,
    ) -> _Part:
        part = self._parts.setdefault((event.part_index, kind), _Part())
        part.texts.append(text)
        if delta.HasField("provider_state"):
            part.state = delta.provider_state
        return part
