import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_REQUEST: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_TAG: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_TASK: _ClassVar[ErrorReason]
    ERROR_REASON_UNSUPPORTED_CONTENT_PART: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_TOO_LARGE: _ClassVar[ErrorReason]
    ERROR_REASON_CONTEXT_TOO_LONG: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_MODEL: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_PROVIDER: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_DECISION: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_BUDGET: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_CONFIG: _ClassVar[ErrorReason]
    ERROR_REASON_NO_CANDIDATE: _ClassVar[ErrorReason]
    ERROR_REASON_MAX_COST_UNSATISFIABLE: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_CONFIG_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_FEATURE_DISABLED: _ClassVar[ErrorReason]
    ERROR_REASON_CONTENT_BLOCKED: _ClassVar[ErrorReason]
    ERROR_REASON_EMPTY_ANSWER: _ClassVar[ErrorReason]
    ERROR_REASON_GATE_REJECTED: _ClassVar[ErrorReason]
    ERROR_REASON_BUDGET_EXHAUSTED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_RATE_LIMITED: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_ALL_PROVIDERS_DOWN: _ClassVar[ErrorReason]
    ERROR_REASON_SHUTTING_DOWN: _ClassVar[ErrorReason]
    ERROR_REASON_STATE_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_LEDGER_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_TOO_SHORT: _ClassVar[ErrorReason]
    ERROR_REASON_CALLER_CANCELLED: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_MISSING: _ClassVar[ErrorReason]
    ERROR_REASON_CREDENTIALS_INVALID: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_IN_PROGRESS: _ClassVar[ErrorReason]
    ERROR_REASON_STREAM_INTERRUPTED: _ClassVar[ErrorReason]
    ERROR_REASON_SLOW_CONSUMER: _ClassVar[ErrorReason]
    ERROR_REASON_CONFIG_CHANGED: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_AUTH_FAILED: _ClassVar[ErrorReason]
    ERROR_REASON_PROVIDER_PROTOCOL_ERROR: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_REQUEST: ErrorReason
ERROR_REASON_UNKNOWN_TAG: ErrorReason
ERROR_REASON_UNKNOWN_TASK: ErrorReason
ERROR_REASON_UNSUPPORTED_CONTENT_PART: ErrorReason
ERROR_REASON_REQUEST_TOO_LARGE: ErrorReason
ERROR_REASON_CONTEXT_TOO_LONG: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_UNKNOWN_MODEL: ErrorReason
ERROR_REASON_UNKNOWN_PROVIDER: ErrorReason
ERROR_REASON_UNKNOWN_DECISION: ErrorReason
ERROR_REASON_UNKNOWN_BUDGET: ErrorReason
ERROR_REASON_UNKNOWN_CONFIG: ErrorReason
ERROR_REASON_NO_CANDIDATE: ErrorReason
ERROR_REASON_MAX_COST_UNSATISFIABLE: ErrorReason
ERROR_REASON_PROVIDER_REFUSED: ErrorReason
ERROR_REASON_CONFIG_INVALID: ErrorReason
ERROR_REASON_FEATURE_DISABLED: ErrorReason
ERROR_REASON_CONTENT_BLOCKED: ErrorReason
ERROR_REASON_EMPTY_ANSWER: ErrorReason
ERROR_REASON_GATE_REJECTED: ErrorReason
ERROR_REASON_BUDGET_EXHAUSTED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason
ERROR_REASON_PROVIDER_RATE_LIMITED: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_ALL_PROVIDERS_DOWN: ErrorReason
ERROR_REASON_SHUTTING_DOWN: ErrorReason
ERROR_REASON_STATE_UNAVAILABLE: ErrorReason
ERROR_REASON_LEDGER_UNAVAILABLE: ErrorReason
ERROR_REASON_DEADLINE_EXCEEDED: ErrorReason
ERROR_REASON_DEADLINE_TOO_SHORT: ErrorReason
ERROR_REASON_CALLER_CANCELLED: ErrorReason
ERROR_REASON_CREDENTIALS_MISSING: ErrorReason
ERROR_REASON_CREDENTIALS_INVALID: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_REQUEST_IN_PROGRESS: ErrorReason
ERROR_REASON_STREAM_INTERRUPTED: ErrorReason
ERROR_REASON_SLOW_CONSUMER: ErrorReason
ERROR_REASON_CONFIG_CHANGED: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_PROVIDER_AUTH_FAILED: ErrorReason
ERROR_REASON_PROVIDER_PROTOCOL_ERROR: ErrorReason

class ErrorSummary(_message.Message):
    __slots__ = ("code", "reason", "message", "metadata", "retry_delay")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: ErrorReason
    message: str
    metadata: _containers.ScalarMap[str, str]
    retry_delay: _duration_pb2.Duration
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[_Union[ErrorReason, str]] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RoutingFailure(_message.Message):
    __slots__ = ("decision_id", "attempts", "output_started", "total_nano_usd")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_STARTED_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    attempts: _containers.RepeatedCompositeFieldContainer[FailedAttempt]
    output_started: bool
    total_nano_usd: int
    def __init__(self, decision_id: _Optional[str] = ..., attempts: _Optional[_Iterable[_Union[FailedAttempt, _Mapping]]] = ..., output_started: _Optional[bool] = ..., total_nano_usd: _Optional[int] = ...) -> None: ...

class FailedAttempt(_message.Message):
    __slots__ = ("provider", "model", "reason", "upstream_status")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_STATUS_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    reason: ErrorReason
    upstream_status: int
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., reason: _Optional[_Union[ErrorReason, str]] = ..., upstream_status: _Optional[int] = ...) -> None: ...
