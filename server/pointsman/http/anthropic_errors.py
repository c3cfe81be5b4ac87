"""Failures in the words of the Messages API."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from pointsman.http.api import Told
from pointsman.http.details import FailureDetails, failure_details

_ENCODER: Final = msgspec.json.Encoder()
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def kind_of(status: int) -> str:
    """What the API calls a failure of this status."""
    return _TYPES.get(status, "api_error")


class _Details(Struct, frozen=True):
    """`error_code` is the reason, in lower case."""

    error_code: str


class _Error(Struct, frozen=True):
    type: str
    message: str
    details: _Details


class _Failed(Struct, frozen=True, tag="error", omit_defaults=True):
    error: _Error
    request_id: str | None
    pointsman: FailureDetails | None = None


def failure(told: Told) -> bytes:
    """The JSON of a failure: the body of an answer with an error status, or the data of an event."""
    error = _Error(kind_of(told.status), told.error.message, _Details(told.error.reason.value.lower()))
    details = failure_details(told) if told.details else None
    return _ENCODER.encode(_Failed(error, told.decision_id or None, details))


def failure_event(told: Told) -> bytes:
    """The event that ends a stream which broke off."""
    return b"event: error\ndata: %b\n\n" % failure(told)
