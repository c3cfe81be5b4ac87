"""A streaming answer of the `openai` wire: events in, deltas out, and how it ended."""

from __future__ import annotations

import anyio

from pointsman.errors import ProviderError
from pointsman.model.answer import Delta, Ending, FinishReason, ReasoningDelta, TextDelta, Usage
from pointsman.ports import HttpStream
from pointsman.providers.call_ids import new_call_id
from pointsman.providers.deltas import DeltaRun
from pointsman.providers.event_stream import EventStream
from pointsman.providers.failures import Origin, failed_inside, unfinished
from pointsman.providers.openai_answer import (
    CallPiece,
    Completion,
    Said,
    decode,
    finish_reason,
    given_id,
    read_usage,
    texts,
)
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_logprobs import Likelihood
from pointsman.providers.sse import SseEvent

_DONE = b"[DONE]"


class OpenAIStream(EventStream):
    """An AnswerStream over an HTTP stream that was accepted.

    An answer that has said why it ended waits `usage_wait` seconds at most for its usage.
    """

    def __init__(self, body: HttpStream, origin: Origin, max_event_bytes: int, *, usage_wait: float = 2.0) -> None:
        self._pieces = Pieces(origin)
        super().__init__(body, origin, max_event_bytes, self._pieces)
        self._usage_wait = usage_wait
        self._usage_due = 0.0

    async def _advance(self) -> None:
        if self._pieces.finish:
            self.complete = not await self._receive_usage()
        else:
            await super()._advance()
        if self.complete:
            self._pieces.close()

    async def _receive_usage(self) -> bool:
        """What follows the finish reason; False where nothing more is to come, or too late."""
        self._usage_due = self._usage_due or anyio.current_time() + self._usage_wait
        with anyio.CancelScope(deadline=self._usage_due):
            if chunk := await self._body.read_some():
                self._feed(chunk)
                return not self.complete
        return False

    def _fail(self, failure: ProviderError) -> None:
        """Once the answer has said why it ended, what goes wrong behind it does not undo it."""
        if self._pieces.finish:
            self.complete = True
        else:
            super()._fail(failure)
        self._pieces.close()

    def _take_in(self, event: SseEvent) -> None:
        if event.data == _DONE:
            if not self._pieces.finish:
                raise unfinished(self._origin)
            self.complete = True
        elif event.name == "error":
            raise failed_inside(self._origin, read_complaint(event.data))
        elif event.data:
            self._pieces.add(decode(event.data, self._origin))


class _Call:
    """A tool call under way. `held` are arguments that came before its name did."""

    __slots__ = ("held", "id", "name", "part")

    def __init__(self, part: int) -> None:
        self.part = part
        self.id = self.name = self.held = ""


class Pieces:
    """Puts chunks together: numbers the parts by first appearance and merges neighbouring deltas of one part.

    `finish` is the provider's reason to end, "" until it has said one.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._run = DeltaRun()
        self._parts = 0
        self._text_part = self._reasoning_part = -1
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._refused = False
        self.finish = ""
        self._id = self._model = ""
        self._usage: Usage | None = None
        self._cost: int | None = None
        self._likelihood = Likelihood()

    def add(self, chunk: Completion) -> None:
        """Take one chunk in."""
        if not self._id and chunk.id:
            self._id = str(chunk.id)
        if not self._model and chunk.model:
            self._model = chunk.model
        if (used := chunk.used) is not None:
            # What the last ones leave out undoes nothing: some are empty.
            usage, cost = read_usage(used)
            self._usage = self._usage if usage is None else usage
            self._cost = self._cost if cost is None else cost
        for choice in chunk.choices or ():
            if choice.index:
                continue
            if (said := choice.delta or choice.message) is not None:
                self._add_said(said)
            self._likelihood.add(choice.logprobs)
            if choice.finish_reason:
                self.finish = choice.finish_reason

    def take(self) -> list[Delta]:
        """The deltas since the last time."""
        return self._run.take()

    def close(self) -> None:
        """No more will come: calls whose name never came are given as they are."""
        for call in self._calls:
            if not call.name and call.held:
                self._run.extend(None, call.part, call.held, (call.id or new_call_id(), ""))
                call.held = ""

    def ending(self) -> Ending:
        """What is known so far."""
        reason = FinishReason.OTHER
        if self.finish:
            reason = finish_reason(self.finish, refused=self._refused, called=bool(self._calls))
        return Ending(
            reason=reason,
            upstream_reason=self.finish,
            usage=self._usage,
            cost_nano_usd=self._cost,
            served_model=self._model,
            upstream_request_id=self._origin.request_id or self._id,
            mean_logprob=self._likelihood.mean,
        )

    def _add_said(self, said: Said) -> None:
        text, reasoning = texts(said)
        if reasoning:
            if self._reasoning_part < 0:
                self._reasoning_part = self._new_part()
            self._run.extend(ReasoningDelta, self._reasoning_part, reasoning)
        if text:
            if said.refusal:
                self._refused = True
            if self._text_part < 0:
                self._text_part = self._new_part()
            self._run.extend(TextDelta, self._text_part, text)
        if said.tool_calls:
            for piece in said.tool_calls:
                self._add_call(piece)

    def _add_call(self, piece: CallPiece) -> None:
        call = self._call(piece)
        call.id = call.id or given_id(piece)
        called = piece.function
        if called is None:
            return
        arguments = called.arguments or ""
        if call.name:
            if arguments:
                self._run.extend(None, call.part, arguments)
        elif called.name:
            call.name = called.name
            call.id = call.id or new_call_id()
            self._run.extend(None, call.part, call.held + arguments, (call.id, call.name))
            call.held = ""
        else:
            call.held += arguments

    def _call(self, piece: CallPiece) -> _Call:
        """The call that a piece belongs to.

        By its index; where there is none by its id; where there is neither it is the last. A second name begins
        another call, whatever its index, unless the id is the same.
        """
        own, named = given_id(piece), bool(piece.function and piece.function.name)
        if piece.index is not None:
            known = self._by_index.get(piece.index)
            again = known is not None and known.name and named and own and own != known.id
        else:
            known = self._without_index(own)
            again = known is not None and known.name and named and not own
        if known is None or again:
            known = _Call(self._new_part())
            self._calls.append(known)
            if piece.index is not None:
                self._by_index[piece.index] = known
        return known

    def _without_index(self, own: str) -> _Call | None:
        if not own:
            return self._calls[-1] if self._calls else None
        return next((call for call in self._calls if call.id == own), None)

    def _new_part(self) -> int:
        self._parts += 1
        return self._parts - 1
