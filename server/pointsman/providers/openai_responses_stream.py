"""A streaming answer of the `openai-responses` wire: events in, deltas out, and how it ended."""

from __future__ import annotations

from msgspec import Raw

from pointsman.model.answer import Delta, Ending, ReasoningDelta, TextDelta
from pointsman.ports import HttpStream
from pointsman.providers.call_ids import new_call_id
from pointsman.providers.deltas import DeltaRun
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin
from pointsman.providers.openai_responses_answer import (
    PARAGRAPH,
    Event,
    Item,
    Response,
    Told,
    check,
    decode_event,
    decode_item,
)
from pointsman.providers.openai_responses_state import keep, keep_phase
from pointsman.providers.sse import SseEvent

_DONE = b"[DONE]"  # some compatible servers end with it, as chat completions do


class ResponsesStream(EventStream):
    """An AnswerStream over an HTTP stream that was accepted. Only the last event, with the whole answer, ends it well.

    `model` is its name upstream; `max_event_bytes` must have room for that last event.
    """

    def __init__(self, body: HttpStream, origin: Origin, model: str, max_event_bytes: int) -> None:
        self._items = Items(origin, model)
        super().__init__(body, origin, max_event_bytes, self._items)

    def _take_in(self, event: SseEvent) -> None:
        if event.data and event.data != _DONE:
            self._items.add(decode_event(event.data, self._origin))
            self.complete = self._items.complete


class _Open:
    """An item under way: its type, and the parts that it has become, by the index of their content.

    Reasoning is told by `source`, its summary or its text; `paragraph` is the index of the piece that came last.
    """

    __slots__ = ("kind", "paragraph", "parts", "phase", "source", "written")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.parts: dict[int, int] = {}
        self.phase: str | None = None
        self.source, self.paragraph = "", -1
        self.written = False


class Items:
    """Puts events together: numbers the parts by first appearance and merges neighbouring deltas of one part."""

    def __init__(self, origin: Origin, model: str) -> None:
        self.complete = False
        self._origin, self._model = origin, model
        self._run = DeltaRun()
        self._told = Told(origin)
        self._open: dict[int, _Open] = {}
        self._closed: set[int] = set()
        self._parts = 0

    def add(self, event: Event) -> None:
        """Take one event in; what repeats others, and what is not known, says nothing."""
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                self._say(event)
            case "response.function_call_arguments.delta":
                self._call(event)
            case "response.reasoning_summary_text.delta":
                self._think(event, "summary", event.summary_index)
            case "response.reasoning_text.delta":
                self._think(event, "content", event.content_index)
            case "response.output_item.added":
                self._begin(event.output_index, *decode_item(event.item, self._origin))
            case "response.output_item.done":
                self._close(event.output_index, event.item)
            case "response.completed" | "response.incomplete" | "response.failed":
                self._end(event.response or Response())
            case _:
                if event.response is not None:
                    self._told.response(event.response, ended=False)

    def take(self) -> list[Delta]:
        """The deltas since the last time."""
        return self._run.take()

    def ending(self) -> Ending:
        """What is known so far."""
        return self._told.ending()

    def _begin(self, index: int, kind: str, item: Item) -> _Open:
        opened = self._open[index] = _Open(kind)
        self._closed.discard(index)
        opened.phase = item.phase
        if kind == "function_call":
            self._told.called = True
            self._run.extend(None, self._part(opened), "", (item.call_id or new_call_id(), item.name or ""))
        return opened

    def _say(self, event: Event) -> None:
        """A piece of text, or of a refusal, which is told as one."""
        opened = self._opened(event, "message")
        if not isinstance(event.delta, str) or not event.delta or opened is None:
            return
        self._told.refused = self._told.refused or event.type == "response.refusal.delta"
        self._told.likelihood.add_tokens(event.logprobs)
        self._run.extend(TextDelta, self._part(opened, event.content_index), event.delta)

    def _call(self, event: Event) -> None:
        opened = self._opened(event, "function_call")
        if isinstance(event.delta, str) and event.delta and opened is not None and opened.parts:
            opened.written = True
            self._run.extend(None, opened.parts[0], event.delta)

    def _think(self, event: Event, source: str, paragraph: int) -> None:
        opened = self._opened(event, "reasoning")
        if not isinstance(event.delta, str) or not event.delta or opened is None:
            return
        opened.source = opened.source or source
        if opened.source != source:
            return
        between = PARAGRAPH if opened.paragraph not in (-1, paragraph) else ""
        opened.paragraph = paragraph
        self._run.extend(ReasoningDelta, self._part(opened), between + event.delta)

    def _opened(self, event: Event, kind: str) -> _Open | None:
        """The item that a piece belongs to, which may never have been announced; None where it is of another kind."""
        opened = self._open.get(event.output_index)
        if opened is None:
            opened = self._open[event.output_index] = _Open(kind)
        return opened if opened.kind == kind else None

    def _close(self, index: int, raw: Raw) -> None:
        """An item as a whole: what has not been told of it in pieces, and what the provider wants back of it."""
        if index in self._closed:
            return
        kind, item = decode_item(raw, self._origin)
        opened = self._open.get(index)
        if opened is None or opened.kind != kind or (kind == "function_call" and not opened.parts):
            opened = self._begin(index, kind, item)
        self._closed.add(index)
        if kind == "message":
            self._close_message(opened, item)
        elif kind == "function_call" and item.arguments and not opened.written:
            self._run.extend(None, opened.parts[0], item.arguments)
        elif kind == "reasoning":
            if item.thoughts and not opened.parts:
                self._run.extend(ReasoningDelta, self._part(opened), item.thoughts)
            if (state := keep(self._origin.provider, self._model, raw)) is not None:
                self._run.keep(ReasoningDelta, self._part(opened), state)

    def _close_message(self, opened: _Open, item: Item) -> None:
        for at, content in enumerate(item.content or ()):
            text = content.text or content.refusal
            if text and at not in opened.parts:
                self._told.refused = self._told.refused or bool(content.refusal)
                self._told.likelihood.add_tokens(content.logprobs)
                self._run.extend(TextDelta, self._part(opened, at), text)
        if (state := keep_phase(self._origin.provider, item.phase or opened.phase)) is not None:
            for part in opened.parts.values():
                self._run.keep(TextDelta, part, state)

    def _end(self, response: Response) -> None:
        self._told.response(response)
        check(response, self._origin)
        # Some compatible servers stream nothing but this.
        for index, raw in enumerate(response.output or () if not self._parts else ()):
            self._close(index, raw)
        self.complete = True

    def _part(self, opened: _Open, content: int = 0) -> int:
        if content not in opened.parts:
            opened.parts[content] = self._parts
            self._parts += 1
        return opened.parts[content]
