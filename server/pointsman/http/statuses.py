"""Failures as HTTP statuses, one for each reason; how each API words them is its own. The docs repeat STATUSES."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.doors.failures import paid, retry_delay
from pointsman.engine.exchange import Completion
from pointsman.errors import Reason, RequestError

STATUSES: Mapping[Reason, int] = {
    Reason.INVALID_REQUEST: 400,
    Reason.UNKNOWN_TAG: 400,
    Reason.UNKNOWN_TASK: 400,
    Reason.UNSUPPORTED_CONTENT_PART: 400,
    Reason.REQUEST_TOO_LARGE: 413,
    Reason.CONTEXT_TOO_LONG: 400,
    Reason.REQUEST_ID_REUSED: 422,
    Reason.UNKNOWN_MODEL: 404,
    Reason.UNKNOWN_PROVIDER: 404,
    Reason.UNKNOWN_DECISION: 404,
    Reason.UNKNOWN_BUDGET: 404,
    Reason.UNKNOWN_CONFIG: 404,
    Reason.NO_CANDIDATE: 422,
    Reason.MAX_COST_UNSATISFIABLE: 422,
    Reason.PROVIDER_REFUSED: 400,
    Reason.CONFIG_INVALID: 422,
    Reason.FEATURE_DISABLED: 400,
    Reason.CONTENT_BLOCKED: 400,
    Reason.EMPTY_ANSWER: 422,
    Reason.GATE_REJECTED: 422,
    Reason.BUDGET_EXHAUSTED: 429,
    Reason.RATE_LIMITED: 429,
    Reason.PROVIDER_RATE_LIMITED: 429,
    Reason.OVERLOADED: 503,
    Reason.ALL_PROVIDERS_DOWN: 503,
    Reason.SHUTTING_DOWN: 503,
    Reason.STATE_UNAVAILABLE: 503,
    Reason.LEDGER_UNAVAILABLE: 503,
    Reason.DEADLINE_EXCEEDED: 504,
    Reason.DEADLINE_TOO_SHORT: 504,
    # Nobody is left to read it; the number is what access logs write for it.
    Reason.CALLER_CANCELLED: 499,
    Reason.CREDENTIALS_MISSING: 401,
    Reason.CREDENTIALS_INVALID: 401,
    Reason.PERMISSION_DENIED: 403,
    Reason.REQUEST_IN_PROGRESS: 409,
    Reason.STREAM_INTERRUPTED: 502,
    Reason.SLOW_CONSUMER: 408,
    Reason.CONFIG_CHANGED: 409,
    Reason.INTERNAL: 500,
    Reason.PROVIDER_AUTH_FAILED: 502,
    Reason.PROVIDER_PROTOCOL_ERROR: 502,
}


def may_retry(error: RequestError, completion: Completion | None) -> bool:
    """Whether the same request may succeed later, without being paid for twice."""
    if paid(completion):
        return False
    return error.reason is Reason.SHUTTING_DOWN or retry_delay(error) is not None
