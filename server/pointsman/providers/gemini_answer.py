"""Answers in the words of the `gemini` wire: a whole one and each chunk of a stream have the same shape."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from pointsman.model.answer import FinishReason, Usage
from pointsman.providers.failures import Complaint, Origin, blocked, failed_inside, garbled
from pointsman.providers.gemini_errors import read_complaint

_ABSENT: Final = (Raw(), Raw(b"null"))
_FILTERED: Final = (
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "ESCALATION",
    "MODEL_ARMOR",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
)
_FINISHES: Final = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.MAX_TOKENS,
    **dict.fromkeys(_FILTERED, FinishReason.CONTENT_FILTER),
}
# The model wrote what its own server could not read: there is no answer, but another model may have one.
_UNREADABLE: Final = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})


class Called(Struct):
    name: str | None = None
    id: str | None = None
    args: Raw = _ABSENT[0]

    @property
    def arguments(self) -> str:
        """The arguments as they are written."""
        return "{}" if self.args in _ABSENT else bytes(self.args).decode()


class Piece(Struct, rename="camel"):
    """A part, or a piece of one."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: Called | None = None


class Content(Struct):
    parts: list[Piece] | None = None


class Candidate(Struct, rename="camel"):
    content: Content | None = None
    finish_reason: str | None = None
    index: int | None = None


class Feedback(Struct, rename="camel"):
    block_reason: str | None = None


class Response(Struct, rename="camel"):
    """`usage_metadata` is read last, on its own: what is odd in it fails no answer."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: Raw = _ABSENT[0]
    model_version: str | None = None
    response_id: str | None = None
    # Any: only whether it is there counts here; gemini_errors reads it.
    error: Any = None

    @property
    def used(self) -> Raw | None:
        """The usage it carries."""
        return None if self.usage_metadata in _ABSENT else self.usage_metadata


class _Usage(Struct, rename="camel"):
    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


_RESPONSE = msgspec.json.Decoder(Response)
_USAGE = msgspec.json.Decoder(_Usage)


def decode(data: bytes, origin: Origin) -> Response:
    """A whole answer or a chunk. Raises ProviderError for what is not one, and for the errors it carries."""
    try:
        found = _RESPONSE.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise garbled(origin, "sent JSON that is broken or not an answer") from None
    if found.error:
        raise failed_inside(origin, read_complaint(data))
    if found.prompt_feedback is not None and found.prompt_feedback.block_reason and not found.candidates:
        raise blocked(origin.charging(read_usage(found.used)), Complaint((found.prompt_feedback.block_reason.lower(),)))
    for candidate in found.candidates or ():
        if candidate.finish_reason in _UNREADABLE:
            raise garbled(
                origin.charging(read_usage(found.used)),
                f"could not read what its model wrote ({candidate.finish_reason.lower()})",
            )
    return found


def finish_reason(upstream: str, *, called: bool) -> FinishReason:
    """Ours for theirs, which is STOP after tool calls too."""
    reason = _FINISHES.get(upstream.upper(), FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if called and reason is FinishReason.STOP else reason


def read_usage(raw: Raw | None) -> Usage | None:
    """Tokens in inclusive totals; None for what was not told in a way we understand."""
    if raw is None:
        return None
    try:
        told = _USAGE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # A zero is left out, but not all of them: there is no answer without a prompt.
    if told.prompt_token_count is None and told.candidates_token_count is None:
        return None
    # Thoughts stand beside the candidates, results of the provider's own tools beside the prompt.
    thoughts = max(0, told.thoughts_token_count or 0)
    return Usage(
        input_tokens=max(0, told.prompt_token_count or 0) + max(0, told.tool_use_prompt_token_count or 0),
        output_tokens=max(0, told.candidates_token_count or 0) + thoughts,
        cached_input_tokens=max(0, told.cached_content_token_count or 0),
        reasoning_tokens=thoughts,
    )
