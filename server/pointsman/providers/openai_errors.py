"""Error bodies of the `openai` wire, as OpenAI and the many that claim compatibility write them."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.providers.failures import Complaint

# What it takes a provider to say in words; it must be the start, since messages may quote prompts.
_BAD_KEY = ("incorrect api key", "invalid api key", "api key not valid")
_TOO_LONG = ("maximum context length", "context window")
_SCAN = 4096


class _Metadata(msgspec.Struct):
    """OpenRouter's; `reasons` are given by its moderation, and by nothing else."""

    reasons: list[str] | None = None


class _Body(msgspec.Struct):
    """An error object. `Any`: each provider puts other types here, and an error must be understood all the same."""

    code: Any = None
    type: Any = None
    status: Any = None
    message: Any = None
    metadata: _Metadata | str | None = None


class _Failure(_Body):
    """What the error object is wrapped in; some servers put its fields here, or text in its place."""

    error: _Body | str | None = None


_DECODER = msgspec.json.Decoder(_Failure | list[_Failure])


def read_complaint(body: bytes) -> Complaint:
    """What an error body says; nothing, where it is not one of the known shapes."""
    try:
        decoded = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint()
    if isinstance(decoded, list):  # Gemini
        decoded = decoded[0] if decoded else _Failure()
    error = decoded.error
    if isinstance(error, _Body):
        return _complaint(error)
    return _complaint(_Body(decoded.code, decoded.type, decoded.status, error or decoded.message, decoded.metadata))


def _complaint(body: _Body) -> Complaint:
    said = (body.code, body.type, body.status)
    codes = [value.lower() for value in said if isinstance(value, str) and value]
    message = body.message[:_SCAN].lower() if isinstance(body.message, str) else ""
    if isinstance(body.metadata, _Metadata) and body.metadata.reasons:
        codes.append("moderation")
    elif message.startswith(_BAD_KEY):
        codes.append("invalid_api_key")
    elif any(phrase in message for phrase in _TOO_LONG):
        codes.append("context_length_exceeded")
    return Complaint(tuple(codes), next((n for n in said if isinstance(n, int) and 400 <= n < 600), 0))
