"""What a failed call says: one error, with the reason that the server gives and when to come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from pointsman_client.v1.errors_pb2 import RoutingFailure

DOMAIN = "pointsman.v1"
_DETAILS = "grpc-status-details-bin"

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a request."""

    field: str
    description: str


@dataclass(slots=True)
class PointsmanError(Exception):
    """A call that failed. Branch on `reason`, and where it is empty or unknown on `code`; never on `message`.

    `code` is gRPC's name, such as "UNAVAILABLE". `reason` is the server's, as in docs/errors.md, such as
    "BUDGET_EXHAUSTED", "" where the failure is not Pointsman's own, and `metadata` has the values that go with it.
    `retry_delay` is in seconds, None: waiting does not help. `output_started`: deltas had been sent, so that the same
    call again is paid for twice; None: no provider was tried.
    """

    code: str
    message: str
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    retry_delay: float | None = None
    output_started: bool | None = None
    violations: tuple[Violation, ...] = ()
    details: Status = field(default_factory=Status, repr=False)

    def __str__(self) -> str:
        return f"{self.code}{f' {self.reason}' if self.reason else ''}: {self.message}"


def error_of(call: grpc.RpcError) -> PointsmanError:
    """The failure, with whatever details came with it."""
    status = _status(call.trailing_metadata())
    info = _detail(status, ErrorInfo)
    ours = info if info is not None and info.domain == DOMAIN else ErrorInfo()
    retry, failure = _detail(status, RetryInfo), _detail(status, RoutingFailure)
    fields = _detail(status, BadRequest) or BadRequest()
    return PointsmanError(
        code=call.code().name,
        message=call.details() or "",
        reason=ours.reason,
        metadata=dict(ours.metadata),
        retry_delay=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        output_started=failure.output_started if failure else None,
        violations=tuple(Violation(each.field, each.description) for each in fields.field_violations),
        details=status,
    )


# Pairs, whatever the two kinds of error declare them to be.
def _status(trailers: Iterable[Any] | None) -> Status:
    for key, value in trailers or ():
        if key == _DETAILS and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                break
    return Status()


def _detail(status: Status, message_type: type[M]) -> M | None:
    for packed in status.details:
        message = message_type()
        if packed.Unpack(message):
            return message
    return None
