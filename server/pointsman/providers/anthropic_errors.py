"""Error bodies of the `anthropic` wire, the same in answers with an error status and in streams."""

from __future__ import annotations

from typing import Final

import msgspec

from pointsman.providers.failures import Complaint

# What it takes words to say; at the start, since messages may quote prompts.
_TOLD: Final = (
    (("invalid x-api-key", "invalid bearer token"), "invalid_api_key"),
    (("prompt is too long", "exceed context limit", "input is too long"), "context_length_exceeded"),
    (("content filtering policy",), "content_filter"),
    (("credit balance is too low",), "insufficient_quota"),
)
_SCAN = 4096


class _Error(msgspec.Struct):
    type: str = ""
    message: str = ""


class _Failure(msgspec.Struct):
    error: _Error | None = None


_DECODER: Final = msgspec.json.Decoder(_Failure)


def read_complaint(body: bytes) -> Complaint:
    """What an error body says; nothing, where it is not of the known shape."""
    try:
        error = _DECODER.decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint()
    if error is None:
        return Complaint()
    message = error.message[:_SCAN].lower()
    told = [code for phrases, code in _TOLD if any(phrase in message for phrase in phrases)]
    return Complaint((*told, error.type) if error.type else tuple(told))
