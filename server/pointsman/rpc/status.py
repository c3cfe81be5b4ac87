"""Failures as gRPC statuses: one row for each reason, and the detail that goes with it. The docs repeat TABLE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from grpc import StatusCode

from pointsman.errors import Reason


class Detail(Enum):
    """Which google.rpc message carries an error's violations, beside ErrorInfo."""

    NONE = ""
    FIELDS = "BadRequest"
    PRECONDITIONS = "PreconditionFailure"
    QUOTA = "QuotaFailure"
    RESOURCE = "ResourceInfo"


@dataclass(frozen=True, slots=True)
class Row:
    """One reason, as callers see it.

    `meaning` and `retry` are one English line each, for the docs. `delay` is the RetryInfo in seconds where the error
    knows no better; None: RetryInfo is never sent.
    """

    code: StatusCode
    meaning: str
    retry: str = "no"
    detail: Detail = Detail.NONE
    delay: float | None = None


def _invalid(meaning: str, detail: Detail = Detail.FIELDS) -> Row:
    return Row(StatusCode.INVALID_ARGUMENT, meaning, detail=detail)


TABLE: Mapping[Reason, Row] = {
    Reason.INVALID_REQUEST: _invalid("The request is malformed, or a value is out of range"),
    Reason.UNKNOWN_TAG: _invalid("No such tag is configured, and the operator set strict_tags"),
    Reason.UNKNOWN_TASK: _invalid("No such task is configured"),
    Reason.UNSUPPORTED_CONTENT_PART: _invalid("A content part is empty or newer than this server"),
    Reason.REQUEST_TOO_LARGE: _invalid("The request, or a part of it, is over a size limit"),
    Reason.CONTEXT_TOO_LONG: _invalid("The prompt fits no permitted model's context window", Detail.PRECONDITIONS),
    Reason.REQUEST_ID_REUSED: _invalid("The same request_id came with another payload before"),
    Reason.UNKNOWN_MODEL: Row(StatusCode.NOT_FOUND, "No such model or alias is configured", detail=Detail.RESOURCE),
    Reason.UNKNOWN_PROVIDER: Row(StatusCode.NOT_FOUND, "No such provider is configured", detail=Detail.RESOURCE),
    Reason.UNKNOWN_DECISION: Row(StatusCode.NOT_FOUND, "No such decision is recorded", detail=Detail.RESOURCE),
    Reason.UNKNOWN_BUDGET: Row(
        StatusCode.NOT_FOUND, "No such budget is configured, or it does not count the request", detail=Detail.RESOURCE
    ),
    Reason.UNKNOWN_CONFIG: Row(StatusCode.NOT_FOUND, "No such configuration was active", detail=Detail.RESOURCE),
    Reason.NO_CANDIDATE: Row(
        StatusCode.FAILED_PRECONDITION,
        "Policies together exclude every model",
        detail=Detail.PRECONDITIONS,
    ),
    Reason.MAX_COST_UNSATISFIABLE: Row(
        StatusCode.FAILED_PRECONDITION,
        "Every permitted model could cost more than max_cost_nano_usd",
        "with at least cheapest_nano_usd",
        Detail.PRECONDITIONS,
    ),
    Reason.PROVIDER_REFUSED: Row(StatusCode.FAILED_PRECONDITION, "The provider rejects the request as it is"),
    Reason.CONFIG_INVALID: Row(
        StatusCode.FAILED_PRECONDITION,
        "The configuration document cannot be used; the first ten problems, each with its path",
        detail=Detail.PRECONDITIONS,
    ),
    Reason.FEATURE_DISABLED: Row(StatusCode.FAILED_PRECONDITION, "This server does not offer what was asked"),
    Reason.CONTENT_BLOCKED: Row(StatusCode.FAILED_PRECONDITION, "A provider's content policy blocks the input"),
    Reason.EMPTY_ANSWER: Row(
        StatusCode.FAILED_PRECONDITION,
        "Every attempt spent its output tokens on reasoning and answered nothing",
        "with at least min_output_tokens",
    ),
    Reason.GATE_REJECTED: Row(
        StatusCode.FAILED_PRECONDITION, "Quality gates turned every answer down, and no other may follow"
    ),
    Reason.BUDGET_EXHAUSTED: Row(
        StatusCode.RESOURCE_EXHAUSTED, "The budget is exhausted", "not before resets_at", Detail.QUOTA
    ),
    Reason.RATE_LIMITED: Row(
        StatusCode.RESOURCE_EXHAUSTED,
        "A limit of requests or tokens that the operator set is reached",
        "after the delay",
        Detail.QUOTA,
        delay=1.0,
    ),
    Reason.PROVIDER_RATE_LIMITED: Row(
        StatusCode.RESOURCE_EXHAUSTED,
        "The one provider that the caller insists on limits our rate",
        "after the delay",
        delay=1.0,
    ),
    Reason.OVERLOADED: Row(StatusCode.UNAVAILABLE, "This server has too much to do", "yes, after the delay", delay=1.0),
    Reason.ALL_PROVIDERS_DOWN: Row(
        StatusCode.UNAVAILABLE,
        "Every provider that could serve this is down or limits our rate",
        "after the delay",
        Detail.PRECONDITIONS,
        delay=1.0,
    ),
    Reason.SHUTTING_DOWN: Row(StatusCode.UNAVAILABLE, "This server is draining", "at once, on another connection"),
    Reason.STATE_UNAVAILABLE: Row(
        StatusCode.UNAVAILABLE,
        "The state that replicas share is out of reach, and `state.when_down` says refuse",
        "after the delay",
        delay=1.0,
    ),
    Reason.LEDGER_UNAVAILABLE: Row(
        StatusCode.UNAVAILABLE,
        "The answer cannot be recorded, so it is not given; or the ledger cannot be read",
        "after the delay",
        delay=1.0,
    ),
    Reason.DEADLINE_EXCEEDED: Row(StatusCode.DEADLINE_EXCEEDED, "The deadline passed"),
    Reason.DEADLINE_TOO_SHORT: Row(
        StatusCode.DEADLINE_EXCEEDED, "The deadline leaves no time for an attempt", "with at least needed_ms"
    ),
    Reason.CALLER_CANCELLED: Row(StatusCode.CANCELLED, "The caller went away; seen in logs and ledger only"),
    Reason.CREDENTIALS_MISSING: Row(StatusCode.UNAUTHENTICATED, "The call brings no API key, and needs one"),
    Reason.CREDENTIALS_INVALID: Row(StatusCode.UNAUTHENTICATED, "The API key is unknown, revoked or expired"),
    Reason.PERMISSION_DENIED: Row(
        StatusCode.PERMISSION_DENIED, "The caller may not do this, whether or not what it names is there"
    ),
    Reason.REQUEST_IN_PROGRESS: Row(
        StatusCode.ABORTED, "A request with this request_id is still running", "after the delay", delay=1.0
    ),
    Reason.STREAM_INTERRUPTED: Row(
        StatusCode.ABORTED, "The provider failed after output had begun", "the caller decides, and pays again"
    ),
    Reason.SLOW_CONSUMER: Row(StatusCode.ABORTED, "The caller stopped reading", "the caller decides"),
    Reason.CONFIG_CHANGED: Row(StatusCode.ABORTED, "Another configuration is active than expected_version says"),
    Reason.INTERNAL: Row(StatusCode.INTERNAL, "A bug; report it with the decision_id"),
    Reason.PROVIDER_AUTH_FAILED: Row(
        StatusCode.INTERNAL, "A provider refuses this server's key; the caller's credentials are fine"
    ),
    Reason.PROVIDER_PROTOCOL_ERROR: Row(StatusCode.INTERNAL, "A provider answered what is not its own wire format"),
}

CODES: Mapping[str, str] = {"OK": "OK", **{reason.value: row.code.name for reason, row in TABLE.items()}}
"""The names of the status codes, by reason; "OK" is the reason of success."""
