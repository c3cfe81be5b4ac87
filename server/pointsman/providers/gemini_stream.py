"""Answers of the `gemini` wire, streamed or whole: parts in, deltas out, and how it ended."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from pointsman.model.answer import Answer, Delta, Ending, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.request import Part, ProviderState, Reasoning, Text, ToolCall
from pointsman.model.tokens import estimate_tokens
from pointsman.ports import HttpStream
from pointsman.providers.call_ids import new_call_id
from pointsman.providers.deltas import DeltaRun, Kind
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin, failed_inside, garbled, unfinished
from pointsman.providers.gemini_answer import Called, Piece, Response, decode, finish_reason, read_usage
from pointsman.providers.gemini_errors import read_complaint
from pointsman.providers.sse import SseEvent


def wire_to_answer(data: bytes, origin: Origin) -> Answer:
    """A whole answer, its parts in the order of the wire."""
    pieces = Pieces(origin, whole=True)
    pieces.add(decode(data, origin))
    if not pieces.spoke:
        raise garbled(origin.charging(pieces.ending().usage), "answered without a candidate")
    parts: dict[int, Part] = {}
    for delta in pieces.take():
        parts[delta.part] = _part(delta, parts.get(delta.part))
    return Answer(tuple(parts.values()), pieces.ending())


class GeminiStream(EventStream):
    """An AnswerStream over an HTTP stream that was accepted.

    Nothing marks its end but that of the body, and more may follow a chunk that says why it ended: an answer is
    complete once both have come.
    """

    def __init__(self, body: HttpStream, origin: Origin, max_event_bytes: int) -> None:
        self._pieces = Pieces(origin)
        super().__init__(body, origin, max_event_bytes, self._pieces)

    def _take_in(self, event: SseEvent) -> None:
        if event.name == "error":
            raise failed_inside(self._origin, read_complaint(event.data))
        if event.data:
            self._pieces.add(decode(event.data, self._origin))

    def _end(self) -> None:
        if not self._pieces.finish:
            raise unfinished(self._origin)
        self.complete = True


class Pieces:
    """Puts chunks together: numbers the parts in their order and merges neighbouring pieces of one part.

    A signature ends its part, since two signed parts must not be merged; without a text of its own it belongs to the
    part before it, if that is of its kind. `finish` is the provider's reason to end, "" until it has said one; `spoke`
    says whether there was a candidate. `whole`: what is said of its usage is the last word.
    """

    def __init__(self, origin: Origin, *, whole: bool = False) -> None:
        self._origin, self._whole = origin, whole
        self._run = DeltaRun()
        self._open: Kind = None  # the kind of the part under way; None where there is none
        self._part = -1
        self._called = False
        self._id = self._model = ""
        self._usage: Raw | None = None
        self._said: list[str] = []
        self.finish = ""
        self.spoke = False

    def add(self, chunk: Response) -> None:
        """Take one chunk in."""
        self._id = self._id or chunk.response_id or ""
        self._model = self._model or chunk.model_version or ""
        if chunk.used is not None:
            self._usage = chunk.used
        for candidate in chunk.candidates or ():
            if candidate.index:
                continue
            self.spoke = self.spoke or candidate.content is not None or bool(candidate.finish_reason)
            for piece in (candidate.content.parts or ()) if candidate.content is not None else ():
                self._add_piece(piece)
            if candidate.finish_reason:
                self.finish = candidate.finish_reason

    def take(self) -> list[Delta]:
        """The deltas since the last time."""
        return self._run.take()

    def ending(self) -> Ending:
        """What is known so far."""
        return Ending(
            reason=finish_reason(self.finish, called=self._called) if self.finish else FinishReason.OTHER,
            upstream_reason=self.finish,
            usage=self._used(),
            served_model=self._model,
            upstream_request_id=self._origin.request_id or self._id,
        )

    def _used(self) -> Usage | None:
        """Before the chunk that says why it ended the input is told, but of the output perhaps nothing."""
        usage = read_usage(self._usage)
        if usage is None or self.finish or self._whole:
            return usage
        output = max(usage.output_tokens, estimate_tokens(*self._said))
        return msgspec.structs.replace(usage, output_tokens=output, estimated=True)

    def _add_piece(self, piece: Piece) -> None:
        signature = piece.thought_signature
        kind: Kind = None
        if piece.function_call is not None:
            self._add_call(piece.function_call)
        elif piece.text or signature:
            kind = ReasoningDelta if piece.thought else TextDelta
            if kind is not self._open:
                self._open = kind
                self._part += 1
            if piece.text:
                self._said.append(piece.text)
                self._run.extend(kind, self._part, piece.text)
        if signature and (kind is not None or piece.function_call is not None):
            self._run.keep(kind, self._part, ProviderState(self._origin.provider, signature.encode()))
            self._open = None

    def _add_call(self, called: Called) -> None:
        self._open, self._called = None, True
        self._part += 1
        try:
            arguments = called.arguments
        except UnicodeDecodeError:
            raise garbled(self._origin, "sent JSON that is broken or not an answer") from None
        self._said += (called.name or "", arguments)
        self._run.extend(None, self._part, arguments, (called.id or new_call_id(), called.name or ""))


def _part(delta: Delta, begun: Part | None) -> Part:
    """The part that a delta makes, or begun, that its state completes."""
    if begun is not None:
        return msgspec.structs.replace(begun, state=delta.state)
    if isinstance(delta, ToolCallDelta):
        return ToolCall(delta.id, delta.name, delta.arguments_json, delta.state)
    made = Reasoning if isinstance(delta, ReasoningDelta) else Text
    return made(delta.text, delta.state)
