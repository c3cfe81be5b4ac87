"""A failed call as a Failure: the status, with whatever details came with it."""

from __future__ import annotations

from typing import TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status

from pointsman.rpc.client.views import Failure
from pointsman.rpc.client.views_from_wire import reason_word, seconds
from pointsman.rpc.metadata import DECISION_ID
from pointsman.v1 import errors_pb2

DETAILS = "grpc-status-details-bin"

M = TypeVar("M", bound=Message)


def failure_from_wire(error: grpc.Call) -> Failure:
    """What a call that ended with an error says."""
    trailers = dict(error.trailing_metadata() or ())
    status = _status(trailers.get(DETAILS))
    info = _detail(status, ErrorInfo) or ErrorInfo()
    failure = _detail(status, errors_pb2.RoutingFailure) or errors_pb2.RoutingFailure()
    retry = _detail(status, RetryInfo)
    return Failure(
        code=error.code().name,
        message=status.message or error.details() or "",
        reason=info.reason,
        metadata=dict(sorted(info.metadata.items())),
        violations=_violations(status),
        retry_delay=seconds(retry.retry_delay) if retry else None,
        decision_id=failure.decision_id or _text(trailers.get(DECISION_ID)),
        failed=tuple(
            (attempt.provider, attempt.model, reason_word(attempt.reason), attempt.upstream_status)
            for attempt in failure.attempts
        ),
        total_nano_usd=failure.total_nano_usd,
    )


def _status(data: str | bytes | None) -> Status:
    try:
        return Status.FromString(data) if isinstance(data, bytes) else Status()
    except DecodeError:
        return Status()


def _detail(status: Status, message_type: type[M]) -> M | None:
    for packed in status.details:
        message = message_type()
        if packed.Unpack(message):
            return message
    return None


def _violations(status: Status) -> tuple[tuple[str, str], ...]:
    if fields := _detail(status, BadRequest):
        return tuple((violation.field, violation.description) for violation in fields.field_violations)
    if conditions := _detail(status, PreconditionFailure):
        return tuple((violation.subject, violation.description) for violation in conditions.violations)
    if quotas := _detail(status, QuotaFailure):
        return tuple((violation.subject, violation.description) for violation in quotas.violations)
    if resource := _detail(status, ResourceInfo):
        return ((f"{resource.resource_type} {resource.resource_name}".strip(), resource.description),)
    return ()


def _text(value: str | bytes | None) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value or ""
