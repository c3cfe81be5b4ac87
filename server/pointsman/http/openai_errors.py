"""Failures in OpenAI's words: `{"error": {message, type, param, code}}`. The docs repeat CODES."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pointsman.errors import InvalidRequest, Reason
from pointsman.http.api import Told
from pointsman.http.details import failure_details

CODES: Mapping[Reason, str] = {
    Reason.CONTEXT_TOO_LONG: "context_length_exceeded",
    Reason.UNKNOWN_MODEL: "model_not_found",
    Reason.BUDGET_EXHAUSTED: "insufficient_quota",
    Reason.RATE_LIMITED: "rate_limit_exceeded",
    Reason.PROVIDER_RATE_LIMITED: "rate_limit_exceeded",
    Reason.CONTENT_BLOCKED: "content_filter",
    Reason.CREDENTIALS_MISSING: "invalid_api_key",
    Reason.CREDENTIALS_INVALID: "invalid_api_key",
}
"""What OpenAI calls them; the code of every other reason is its own name in lower case."""


def code_of(reason: Reason) -> str:
    return CODES.get(reason) or reason.value.lower()


def type_of(told: Told) -> str:
    """OpenAI's type of an error, by status; a budget is what it calls a quota."""
    if told.error.reason is Reason.BUDGET_EXHAUSTED:
        return "insufficient_quota"
    match told.status:
        case 401:
            return "authentication_error"
        case 403:
            return "permission_error"
        case 404:
            return "not_found_error"
        case 429:
            return "rate_limit_error"
        case status if status >= 500:
            return "server_error"
        case _:
            return "invalid_request_error"


def error_body(told: Told) -> bytes:
    """The JSON of a failure, on its own or in a stream; with the field `pointsman` where that is wanted."""
    error = told.error
    field = error.violations[0][0] if isinstance(error, InvalidRequest) else None
    body: dict[str, object] = {
        "error": {"message": error.message, "type": type_of(told), "param": field, "code": code_of(error.reason)}
    }
    if told.details:
        body["pointsman"] = failure_details(told)
    return msgspec.json.encode(body)
