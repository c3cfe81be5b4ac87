"""Error bodies of the `gemini` wire: google.rpc.Status as JSON, its details included."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pointsman.providers.failures import Complaint

# What it says in words only; it must be the start, since messages may quote prompts.
_BAD_KEY = ("api key not valid", "api key not found", "api key expired")
_TOO_LONG = ("the input token count", "input token count")
_EXCEEDS = "exceeds the maximum number of tokens"
_BAD_KEY_REASONS = frozenset({"api_key_invalid", "api_key_expired", "api_key_service_blocked"})
_SCAN = 4096
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


class _Body(msgspec.Struct):
    """The Status. `Any`: whatever a proxy in between puts here, the error must be understood all the same."""

    code: Any = None
    status: Any = None
    message: Any = None
    details: Any = None


class _Failure(msgspec.Struct):
    error: _Body | str | None = None


_DECODER = msgspec.json.Decoder(_Failure | list[_Failure])


def read_complaint(body: bytes) -> Complaint:
    """What an error body says; nothing, where it is not one of the known shapes."""
    try:
        decoded = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Complaint()
    if isinstance(decoded, list):  # what a stream that is not one of events begins with
        decoded = decoded[0] if decoded else _Failure()
    return _complaint(decoded.error) if isinstance(decoded.error, _Body) else Complaint()


def _complaint(body: _Body) -> Complaint:
    details = [detail for detail in body.details if isinstance(detail, dict)] if isinstance(body.details, list) else []
    said = (*(detail.get("reason") for detail in details), body.status)
    codes = [value.lower() for value in said if isinstance(value, str) and value]
    message = body.message[:_SCAN].lower() if isinstance(body.message, str) else ""
    # A bad key and a prompt that is too long are both a 400 INVALID_ARGUMENT here.
    if message.startswith(_BAD_KEY) or _BAD_KEY_REASONS.intersection(codes):
        codes.insert(0, "invalid_api_key")
    elif message.startswith(_TOO_LONG) and _EXCEEDS in message:
        codes.insert(0, "context_length_exceeded")
    status = body.code if isinstance(body.code, int) and 400 <= body.code < 600 else 0
    return Complaint(tuple(codes), status, next(filter(None, map(_wait, details)), None))


def _wait(detail: dict[str, Any]) -> float | None:
    """The seconds of a google.rpc.RetryInfo."""
    found = _SECONDS.fullmatch(delay) if isinstance(delay := detail.get("retryDelay"), str) else None
    return float(found[1]) if found else None
