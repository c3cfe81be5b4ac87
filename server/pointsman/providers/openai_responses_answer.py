"""Answers in the words of the `openai-responses` wire, as decoded: whole ones, events of streams, what they used."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.request import Part, Reasoning, Text, ToolCall
from pointsman.providers.call_ids import new_call_id
from pointsman.providers.failures import Complaint, Origin, failed_inside, garbled
from pointsman.providers.openai_answer import Costed, nano_usd, read_cost
from pointsman.providers.openai_errors import read_complaint
from pointsman.providers.openai_logprobs import Likelihood
from pointsman.providers.openai_responses_state import keep, keep_phase

ABSENT: Final = (Raw(), Raw(b"null"))
PARAGRAPH: Final = "\n\n"
"""What stands between two parts of a summary: each has a headline of its own."""

_UNFINISHED: Final = frozenset({"queued", "in_progress"})
_FINISHES: Final = {
    "completed": FinishReason.STOP,
    "max_output_tokens": FinishReason.MAX_TOKENS,
    "content_filter": FinishReason.CONTENT_FILTER,
}


class Content(Struct):
    """A piece of a message, of a summary or of reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    logprobs: Raw = ABSENT[0]


class Item(Struct):
    """One thing that a model puts out, of the types that we know."""

    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    phase: str | None = None
    content: list[Content] | None = None
    summary: list[Content] | None = None

    @property
    def thoughts(self) -> str:
        """Reasoning as it is told: summed up, or, by open models, as it was."""
        told = self.summary or self.content or ()
        return PARAGRAPH.join(piece.text for piece in told if piece.text)


class _Incomplete(Struct):
    reason: str | None = None


class Response(Struct):
    """A whole answer, or what an event tells of it."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[Raw] | None = None
    incomplete_details: _Incomplete | None = None
    error: Raw = ABSENT[0]
    usage: Raw = ABSENT[0]

    @property
    def finish(self) -> str:
        """The provider's reason to end, in its words."""
        details = self.incomplete_details
        return (details.reason if details is not None else None) or self.status or "completed"


class Event(Struct):
    """One event of a stream, whatever its type."""

    type: str = ""
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    item: Raw = ABSENT[0]
    response: Response | None = None
    # Any: events that are none of ours put other things here.
    delta: Any = None
    logprobs: Raw = ABSENT[0]


class _Typed(Struct):
    type: str = ""


class _InputDetails(Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(Struct):
    reasoning_tokens: int | None = None


class _Usage(Costed):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


_RESPONSE: Final = msgspec.json.Decoder(Response)
_EVENT: Final = msgspec.json.Decoder(Event)
_TYPED: Final = msgspec.json.Decoder(_Typed)
_ITEM: Final = msgspec.json.Decoder(Item)
_USAGE: Final = msgspec.json.Decoder(_Usage)
_BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_KNOWN: Final = frozenset({"message", "function_call", "reasoning"})


def wire_to_answer(data: bytes, origin: Origin, model: str) -> Answer:
    """A whole answer of a model, as it is named upstream; its parts in the order of its items."""
    try:
        response = _RESPONSE.decode(data)
    except _BROKEN:
        raise garbled(origin, "sent JSON that is broken or not an answer") from None
    check(response, origin)
    if response.output is None:
        raise garbled(_charging(origin, response), "answered without output")
    if response.status in _UNFINISHED:
        raise garbled(_charging(origin, response), "answered before it was done")
    told = Told(origin)
    parts: list[Part] = []
    for raw in response.output:
        kind, item = decode_item(raw, origin)
        parts += _parts(kind, item, raw, told, model)
    told.response(response)
    return Answer(tuple(parts), told.ending())


def decode_event(data: bytes, origin: Origin) -> Event:
    """One event. Raises ProviderError for what is not one, and for the error it carries."""
    try:
        event = _EVENT.decode(data)
    except _BROKEN:
        raise garbled(origin, "sent JSON that is broken or not an event") from None
    if event.type == "error":
        raise failed_inside(origin, read_complaint(data))
    return event


def decode_item(raw: Raw, origin: Origin) -> tuple[str, Item]:
    """The type of an item, and what we know of it; "" for those that only tools of the provider's own make."""
    try:
        kind = _TYPED.decode(raw).type
        return (kind, _ITEM.decode(raw)) if kind in _KNOWN else ("", Item())
    except _BROKEN:
        raise garbled(origin, "put out an item that is none") from None


def check(response: Response, origin: Origin) -> None:
    """Raise what a response says that went wrong."""
    if response.error not in ABSENT:
        raise failed_inside(_charging(origin, response), read_complaint(response.error))
    if response.status in ("failed", "cancelled"):
        raise failed_inside(_charging(origin, response), Complaint())


class Told:
    """What is told beside the parts of an answer, summed up in its ending."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._id = self._model = self._finish = ""
        self._usage: Raw = ABSENT[0]
        self.likelihood = Likelihood()
        self.called = self.refused = False

    @property
    def provider(self) -> str:
        return self._origin.provider

    def response(self, response: Response, *, ended: bool = True) -> None:
        """Take in what a response says of itself."""
        self._id, self._model = response.id or self._id, response.model or self._model
        self._usage = response.usage if response.usage not in ABSENT else self._usage
        if ended:
            self._finish = response.finish

    def ending(self) -> Ending:
        """What is known so far."""
        usage, cost = _read_usage(self._usage)
        return Ending(
            reason=self._reason(),
            upstream_reason=self._finish,
            usage=usage,
            cost_nano_usd=cost,
            served_model=self._model,
            upstream_request_id=self._origin.request_id or self._id,
            mean_logprob=self.likelihood.mean,
        )

    def _reason(self) -> FinishReason:
        reason = _FINISHES.get(self._finish, FinishReason.OTHER)
        if reason is FinishReason.STOP and self.refused:
            return FinishReason.REFUSAL
        return FinishReason.TOOL_CALLS if reason is FinishReason.STOP and self.called else reason


def _parts(kind: str, item: Item, raw: Raw, told: Told, model: str) -> list[Part]:
    provider = told.provider
    if kind == "reasoning":
        state = keep(provider, model, raw)
        return [Reasoning(item.thoughts, state)] if item.thoughts or state else []
    if kind == "function_call":
        told.called = True
        return [ToolCall(item.call_id or new_call_id(), item.name or "", item.arguments or "")]
    parts: list[Part] = []
    for content in item.content or ():
        told.refused = told.refused or bool(content.refusal)
        told.likelihood.add_tokens(content.logprobs)
        if text := content.text or content.refusal:
            parts.append(Text(text, keep_phase(provider, item.phase)))
    return parts


def _charging(origin: Origin, response: Response) -> Origin:
    return origin.charging(*_read_usage(response.usage))


def _read_usage(raw: Raw) -> tuple[Usage | None, int | None]:
    """Tokens, and the provider's own cost in nano-USD; None for what was not told in a way we understand."""
    if raw in ABSENT:
        return None, None
    try:
        told = _USAGE.decode(raw)
    except _BROKEN:
        return None, read_cost(raw)
    if told.input_tokens is None and told.output_tokens is None:
        return None, nano_usd(told)
    given = told.input_tokens_details or _InputDetails()
    made = told.output_tokens_details or _OutputDetails()
    usage = Usage(
        input_tokens=max(0, told.input_tokens or 0),
        output_tokens=max(0, told.output_tokens or 0),
        cached_input_tokens=max(0, given.cached_tokens or 0),
        cache_write_input_tokens=max(0, given.cache_write_tokens or 0),
        reasoning_tokens=max(0, made.reasoning_tokens or 0),
    )
    return usage, nano_usd(told)
