"""One request of the Messages API, and how its answer is written: whole, or event by event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from pointsman.doors.checks import check_text
from pointsman.doors.limits import TEXT_BYTES
from pointsman.doors.violations import Violations
from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import InvalidRequest
from pointsman.http.anthropic_answer import Message, blocks, message_id, stop, used
from pointsman.http.anthropic_body import Asked, Prompt, read_asked, read_prompt_body
from pointsman.http.anthropic_errors import failure_event
from pointsman.http.anthropic_events import PING, Blocks, ended, started
from pointsman.http.anthropic_headers import check_headers
from pointsman.http.anthropic_request import Thinking, request_from_body, thinking_of
from pointsman.http.api import Headers, Told
from pointsman.http.details import Details, details
from pointsman.http.hints import Hinted, with_metadata, with_model
from pointsman.model.answer import Delta, Usage
from pointsman.model.request import Image, Request, ToolResult

P = TypeVar("P", bound=Prompt)
_ENCODER: Final = msgspec.json.Encoder()


class MessagesQuestion(Struct, frozen=True):
    """Implements `api.Question`. `thinking` is what the caller wants to see of the reasoning."""

    request: Request
    hinted: Hinted
    streamed: bool
    thinking: Thinking

    def whole(self, completion: Completion) -> bytes:
        served = completion.served
        assert served
        assert served.answer
        end = stop(served.ending)
        message = Message(
            id=message_id(completion.decision_id),
            model=served.attempt.target,
            content=blocks(served.answer.parts, self.thinking),
            stop_reason=end.stop_reason,
            stop_sequence=end.stop_sequence,
            stop_details=end.stop_details,
            usage=used(served.attempt.usage),
            pointsman=self.details(completion),
        )
        return _ENCODER.encode(message)

    def script(self, routed: Routed) -> MessagesScript:
        return MessagesScript(routed, self)

    def details(self, completion: Completion) -> Details | UnsetType:
        """Of the answer, where they are wanted."""
        return details(completion) if self.hinted.details else UNSET


class MessagesScript:
    """Implements `api.Script`. What the prompt used is estimated in the first event, and known in the last."""

    def __init__(self, routed: Routed, question: MessagesQuestion) -> None:
        self._routed, self._question = routed, question
        self._blocks = Blocks(question.thinking)

    def begin(self, model: str) -> bytes:
        decision = self._routed.decision
        estimates = {shaped.target: shaped.estimate for shaped in decision.shaped}
        usage = Usage(estimates[model if model in estimates else decision.target].input_tokens)
        return started(Message(id=message_id(self._routed.decision_id), model=model, usage=used(usage)))

    def deltas(self, deltas: Sequence[Delta]) -> bytes:
        return self._blocks.add(deltas)

    def beat(self) -> bytes:
        return PING

    def end(self, completion: Completion) -> bytes:
        served = completion.served
        assert served
        details = self._question.details(completion)
        return self._blocks.end() + ended(stop(served.ending), used(served.attempt.usage), details)

    def fail(self, told: Told) -> bytes:
        return failure_event(told)


def read_question(body: bytes, headers: Headers, hinted: Hinted) -> MessagesQuestion:
    """All that a request for a message says; as `Api.read` says."""
    found = Violations()
    check_headers(headers, found)
    asked = _understood(lambda: read_asked(body), found)
    hinted = _with_metadata(hinted, asked, found)
    thinking = _shown(thinking_of(asked), hinted, found)
    request, hinted = _read(asked, len(body), hinted, found)
    hinted = replace(hinted, reasoning=thinking is Thinking.SHOWN)
    return MessagesQuestion(request, hinted, asked.stream, thinking)


def _shown(thinking: Thinking, hinted: Hinted, found: Violations) -> Thinking:
    """What its caller sees of the reasoning, by the body and the hint, which must not contradict each other."""
    said = hinted.said.get("reasoning")
    if said is None:
        return thinking
    if hinted.reasoning and thinking is Thinking.OMITTED:
        found.add(said.field, "is true, and thinking.display is omitted; give one of them")
    elif not hinted.reasoning and thinking is Thinking.SHOWN:
        found.add(
            said.field, "is false, and thinking shows its text; set thinking.display to omitted, or leave this out"
        )
    return Thinking.SHOWN if hinted.reasoning else thinking


def read_prompt(body: bytes, headers: Headers, hinted: Hinted) -> Request:
    """A prompt whose tokens are to be counted; as `Counting.read` says."""
    found = Violations()
    check_headers(headers, found)
    prompt = _understood(lambda: read_prompt_body(body), found)
    return _read(prompt, len(body), hinted, found)[0]


def _understood(read: Callable[[], P], found: Violations) -> P:
    """What was read; or, beside why it cannot be, what was found in the headers: clients heed what they hear first."""
    try:
        return read()
    except InvalidRequest as error:
        for field, why in error.violations:
            found.add(field, why, error.reason)
        found.raise_if_any()
        raise


def _read(asked: Prompt, size: int, hinted: Hinted, found: Violations) -> tuple[Request, Hinted]:
    hinted = with_model(hinted, asked.model, found)
    request = request_from_body(asked, found)
    _check_size(size, request, found)
    found.raise_if_any()
    return replace(request, hints=hinted.hints, tenant=hinted.tenant, key=hinted.caller.key), hinted


def _check_size(size: int, request: Request, found: Violations) -> None:
    """Images aside, whose data base64 makes a third longer."""
    if size <= TEXT_BYTES:
        return
    parts = [part for message in request.messages for part in message.parts]
    images = [part for part in parts if isinstance(part, Image)]
    images += [image for part in parts if isinstance(part, ToolResult) for image in part.images]
    size -= sum(len(image.data) for image in images) * 4 // 3
    check_text("request", size, found)


def _with_metadata(hinted: Hinted, asked: Asked, found: Violations) -> Hinted:
    """With the hints and labels that stand beside the one key of metadata that is the API's own."""
    others: dict[str, str] = {}
    for key, value in asked.metadata.items():
        if key == "user_id":
            continue
        if value is None:
            found.add(f"metadata.{key[:64]}", "must be a string")
        else:
            others[key] = value
    return with_metadata(hinted, others, "metadata", found) if others else hinted
