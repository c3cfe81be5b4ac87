"""A RequestError on the wire: a Status with its details, small enough for trailers, and the trailers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    QuotaFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from pointsman.doors.failures import paid, retry_delay
from pointsman.doors.limits import FAILED_ATTEMPTS, STATUS_BYTES, VIOLATIONS
from pointsman.engine.exchange import Completion
from pointsman.errors import Reason, RequestError
from pointsman.rpc.durations import set_duration
from pointsman.rpc.enums import REASONS
from pointsman.rpc.metadata import DECISION_ID
from pointsman.rpc.status import TABLE, Detail
from pointsman.v1 import errors_pb2

DOMAIN = "pointsman.v1"
_SUMMARY_BYTES = 512
# Retried in vain, and retried at the price of a second answer.
_NEVER = (Reason.BUDGET_EXHAUSTED, Reason.STREAM_INTERRUPTED)
_NO_RETRY_MS = -1


@dataclass(frozen=True, slots=True)
class Abort:
    """What to hand to `context.abort`, in its order."""

    code: StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much to tell. `text` is bytes of the message and of each description, `name` of every other text."""

    violations: int
    text: int
    name: int
    metadata: int = 16


# From the fullest to the barest, the first that stays under the limit is sent; the barest does whatever the error.
_FITS = (
    _Fit(VIOLATIONS, 512, 256),
    _Fit(VIOLATIONS, 256, 128),
    _Fit(VIOLATIONS, 128, 64),
    _Fit(5, 128, 64),
    _Fit(2, 128, 64, metadata=8),
    _Fit(0, 128, 32, metadata=8),
)


def abort(error: RequestError, completion: Completion | None = None) -> Abort:
    """Everything `context.abort` needs: `await context.abort(a.code, a.message, a.trailers)`."""
    status = to_status(error, completion)
    trailers: list[tuple[str, str | bytes]] = [("grpc-status-details-bin", status.SerializeToString())]
    if completion:
        trailers.append((DECISION_ID, completion.decision_id))
    if (pushback := pushback_ms(error, completion)) is not None:
        trailers.append(("grpc-retry-pushback-ms", str(pushback)))
    return Abort(TABLE[error.reason].code, status.message, tuple(trailers))


def pushback_ms(error: RequestError, completion: Completion | None = None) -> int | None:
    """What gRPC's own retries are told: -1 never (it would be paid twice, or in vain), None nothing."""
    if error.reason in _NEVER or paid(completion):
        return _NO_RETRY_MS
    delay = retry_delay(error)
    return None if delay is None else round(delay * 1_000)


def to_status(error: RequestError, completion: Completion | None = None) -> Status:
    """The status with its details, under 4 KiB; the same error always gives the same bytes."""
    for fit in _FITS:
        status = _status(error, completion, fit)
        if status.ByteSize() < STATUS_BYTES:
            break
    return status


def error_summary(reason: str, message: str, upstream_status: int = 0) -> errors_pb2.ErrorSummary:
    """An error inside a response. `reason` is a `Reason` name, `upstream_status` the provider's, 0 for none."""
    row = TABLE.get(Reason(reason)) if reason in REASONS else None
    wire = errors_pb2.ErrorSummary(
        code=(row.code if row else StatusCode.UNKNOWN).value[0],
        reason=REASONS.get(reason, errors_pb2.ERROR_REASON_UNSPECIFIED),
        message=_clip(message, _SUMMARY_BYTES),
    )
    if upstream_status:
        wire.metadata["upstream_status"] = str(upstream_status)
    return wire


def told_to_wire(error: RequestError, wire: errors_pb2.ErrorSummary) -> None:
    """What would be a status, were it not inside of a response, into a field of that."""
    wire.MergeFrom(error_summary(error.reason, error.message))
    for key, value in islice(error.metadata.items(), _FITS[0].metadata):
        wire.metadata[_clip(key, 64)] = _clip(value, _FITS[0].name)
    if (delay := retry_delay(error)) is not None:
        set_duration(wire.retry_delay, delay)


def _status(error: RequestError, completion: Completion | None, fit: _Fit) -> Status:
    status = Status(code=TABLE[error.reason].code.value[0], message=_clip(error.message, fit.text))
    details = [_error_info(error, completion, fit), _violations(error, fit), _retry_info(error)]
    if completion and completion.attempts:
        details.append(_routing_failure(completion, fit))
    for detail in details:
        if detail is not None:
            status.details.add().Pack(detail, deterministic=True)
    return status


def _error_info(error: RequestError, completion: Completion | None, fit: _Fit) -> ErrorInfo:
    metadata: dict[str, str] = {}
    if completion:
        metadata["decision_id"] = completion.decision_id
        if TABLE[error.reason].code is StatusCode.ABORTED:
            metadata["output_started"] = str(completion.output_started).lower()
    info = ErrorInfo(reason=error.reason.value, domain=DOMAIN)
    for key, value in islice((metadata | error.metadata).items(), fit.metadata):
        info.metadata[_clip(key, 64)] = _clip(value, fit.name)
    return info


def _violations(error: RequestError, fit: _Fit) -> Message | None:
    detail = TABLE[error.reason].detail
    if detail is Detail.RESOURCE:
        return _resource_info(error, fit)
    shown = [(_clip(subject, fit.name), _clip(why, fit.text)) for subject, why in error.violations[: fit.violations]]
    if not shown:
        return None
    match detail:
        case Detail.FIELDS:
            return BadRequest(field_violations=[{"field": field, "description": why} for field, why in shown])
        case Detail.PRECONDITIONS:
            return PreconditionFailure(
                violations=[
                    {"type": error.reason.value, "subject": subject, "description": why} for subject, why in shown
                ]
            )
        case Detail.QUOTA:
            return QuotaFailure(violations=[{"subject": subject, "description": why} for subject, why in shown])
        case _:
            return None


def _resource_info(error: RequestError, fit: _Fit) -> ResourceInfo:
    kind = error.reason.value.removeprefix("UNKNOWN_").lower()
    name = error.metadata.get(kind, "")
    return ResourceInfo(
        resource_type=kind, resource_name=_clip(name, fit.name), description=_clip(error.message, fit.text)
    )


def _retry_info(error: RequestError) -> RetryInfo | None:
    delay = retry_delay(error)
    if delay is None:
        return None
    info = RetryInfo()
    set_duration(info.retry_delay, delay)
    return info


def _routing_failure(completion: Completion, fit: _Fit) -> errors_pb2.RoutingFailure:
    failed = [a for a in completion.attempts if a.answers and not a.served]
    failure = errors_pb2.RoutingFailure(
        decision_id=_clip(completion.decision_id, fit.name),
        output_started=completion.output_started,
        total_nano_usd=completion.cost.total,
    )
    for attempt in failed[:FAILED_ATTEMPTS]:
        failure.attempts.add(
            provider=_clip(attempt.provider, fit.name),
            model=_clip(attempt.target, fit.name),
            reason=REASONS.get(attempt.error_reason, errors_pb2.ERROR_REASON_UNSPECIFIED),
            upstream_status=attempt.upstream_status,
        )
    return failure


def _clip(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, of whole code points; an error must leave us even where its text is broken."""
    data = text.encode("utf-8", "replace")
    if len(data) > limit:
        return data[: limit - 3].decode("utf-8", "ignore") + "…"
    return data.decode()
