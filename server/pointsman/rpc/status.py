"""Failures as gRPC statuses: a code for each reason, and the detail that goes with it. The docs repeat TABLE."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from grpc import StatusCode

from pointsman.errors import Reason


class Detail(Enum):
    """Which google.rpc message carries an error's violations, beside ErrorInfo."""

    NONE = ""
    FIELDS = "BadRequest"
    PRECONDITIONS = "PreconditionFailure"
    QUOTA = "QuotaFailure"
    RESOURCE = "ResourceInfo"


class Row(NamedTuple):
    """One reason on this wire; `doors.failures` says what it means."""

    code: StatusCode
    detail: Detail = Detail.NONE


TABLE: Mapping[Reason, Row] = {
    Reason.INVALID_REQUEST: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.UNKNOWN_TAG: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.UNKNOWN_TASK: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.UNSUPPORTED_CONTENT_PART: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.REQUEST_TOO_LARGE: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.CONTEXT_TOO_LONG: Row(StatusCode.INVALID_ARGUMENT, Detail.PRECONDITIONS),
    Reason.REQUEST_ID_REUSED: Row(StatusCode.INVALID_ARGUMENT, Detail.FIELDS),
    Reason.UNKNOWN_MODEL: Row(StatusCode.NOT_FOUND, Detail.RESOURCE),
    Reason.UNKNOWN_PROVIDER: Row(StatusCode.NOT_FOUND, Detail.RESOURCE),
    Reason.UNKNOWN_DECISION: Row(StatusCode.NOT_FOUND, Detail.RESOURCE),
    Reason.UNKNOWN_BUDGET: Row(StatusCode.NOT_FOUND, Detail.RESOURCE),
    Reason.UNKNOWN_CONFIG: Row(StatusCode.NOT_FOUND, Detail.RESOURCE),
    Reason.NO_CANDIDATE: Row(StatusCode.FAILED_PRECONDITION, Detail.PRECONDITIONS),
    Reason.MAX_COST_UNSATISFIABLE: Row(StatusCode.FAILED_PRECONDITION, Detail.PRECONDITIONS),
    Reason.PROVIDER_REFUSED: Row(StatusCode.FAILED_PRECONDITION),
    Reason.CONFIG_INVALID: Row(StatusCode.FAILED_PRECONDITION, Detail.PRECONDITIONS),
    Reason.FEATURE_DISABLED: Row(StatusCode.FAILED_PRECONDITION),
    Reason.CONTENT_BLOCKED: Row(StatusCode.FAILED_PRECONDITION),
    Reason.EMPTY_ANSWER: Row(StatusCode.FAILED_PRECONDITION),
    Reason.GATE_REJECTED: Row(StatusCode.FAILED_PRECONDITION),
    Reason.BUDGET_EXHAUSTED: Row(StatusCode.RESOURCE_EXHAUSTED, Detail.QUOTA),
    Reason.RATE_LIMITED: Row(StatusCode.RESOURCE_EXHAUSTED, Detail.QUOTA),
    Reason.PROVIDER_RATE_LIMITED: Row(StatusCode.RESOURCE_EXHAUSTED),
    Reason.OVERLOADED: Row(StatusCode.UNAVAILABLE),
    Reason.ALL_PROVIDERS_DOWN: Row(StatusCode.UNAVAILABLE, Detail.PRECONDITIONS),
    Reason.SHUTTING_DOWN: Row(StatusCode.UNAVAILABLE),
    Reason.STATE_UNAVAILABLE: Row(StatusCode.UNAVAILABLE),
    Reason.LEDGER_UNAVAILABLE: Row(StatusCode.UNAVAILABLE),
    Reason.DEADLINE_EXCEEDED: Row(StatusCode.DEADLINE_EXCEEDED),
    Reason.DEADLINE_TOO_SHORT: Row(StatusCode.DEADLINE_EXCEEDED),
    Reason.CALLER_CANCELLED: Row(StatusCode.CANCELLED),
    Reason.CREDENTIALS_MISSING: Row(StatusCode.UNAUTHENTICATED),
    Reason.CREDENTIALS_INVALID: Row(StatusCode.UNAUTHENTICATED),
    Reason.PERMISSION_DENIED: Row(StatusCode.PERMISSION_DENIED),
    Reason.REQUEST_IN_PROGRESS: Row(StatusCode.ABORTED),
    Reason.STREAM_INTERRUPTED: Row(StatusCode.ABORTED),
    Reason.SLOW_CONSUMER: Row(StatusCode.ABORTED),
    Reason.CONFIG_CHANGED: Row(StatusCode.ABORTED),
    Reason.INTERNAL: Row(StatusCode.INTERNAL),
    Reason.PROVIDER_AUTH_FAILED: Row(StatusCode.INTERNAL),
    Reason.PROVIDER_PROTOCOL_ERROR: Row(StatusCode.INTERNAL),
}

CODES: Mapping[str, str] = {"OK": "OK", **{reason.value: row.code.name for reason, row in TABLE.items()}}
"""The names of the status codes, by reason; "OK" is the reason of success."""
