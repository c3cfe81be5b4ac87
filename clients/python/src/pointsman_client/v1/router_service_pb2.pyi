import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from pointsman_client.v1 import chat_pb2 as _chat_pb2
from pointsman_client.v1 import errors_pb2 as _errors_pb2
from pointsman_client.v1 import routing_pb2 as _routing_pb2
from pointsman_client.v1 import usage_pb2 as _usage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RestartPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESTART_POLICY_UNSPECIFIED: _ClassVar[RestartPolicy]
    RESTART_POLICY_NEVER: _ClassVar[RestartPolicy]
    RESTART_POLICY_ALLOW: _ClassVar[RestartPolicy]

class NoticeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTICE_KIND_UNSPECIFIED: _ClassVar[NoticeKind]
    NOTICE_KIND_ATTEMPT_STARTED: _ClassVar[NoticeKind]
    NOTICE_KIND_ATTEMPT_FAILED: _ClassVar[NoticeKind]
    NOTICE_KIND_FAILOVER: _ClassVar[NoticeKind]
    NOTICE_KIND_HEDGE_STARTED: _ClassVar[NoticeKind]
    NOTICE_KIND_HEDGE_WON: _ClassVar[NoticeKind]
    NOTICE_KIND_ESCALATION: _ClassVar[NoticeKind]
    NOTICE_KIND_BUDGET_WARNING: _ClassVar[NoticeKind]
    NOTICE_KIND_PARAM_DROPPED: _ClassVar[NoticeKind]
    NOTICE_KIND_GATE_REJECTED: _ClassVar[NoticeKind]

class ResetReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESET_REASON_UNSPECIFIED: _ClassVar[ResetReason]
    RESET_REASON_ESCALATION: _ClassVar[ResetReason]
    RESET_REASON_FAILOVER: _ClassVar[ResetReason]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_STOP: _ClassVar[FinishReason]
    FINISH_REASON_MAX_TOKENS: _ClassVar[FinishReason]
    FINISH_REASON_TOOL_CALLS: _ClassVar[FinishReason]
    FINISH_REASON_CONTENT_FILTER: _ClassVar[FinishReason]
    FINISH_REASON_REFUSAL: _ClassVar[FinishReason]
    FINISH_REASON_COST_LIMIT: _ClassVar[FinishReason]
    FINISH_REASON_OTHER: _ClassVar[FinishReason]
RESTART_POLICY_UNSPECIFIED: RestartPolicy
RESTART_POLICY_NEVER: RestartPolicy
RESTART_POLICY_ALLOW: RestartPolicy
NOTICE_KIND_UNSPECIFIED: NoticeKind
NOTICE_KIND_ATTEMPT_STARTED: NoticeKind
NOTICE_KIND_ATTEMPT_FAILED: NoticeKind
NOTICE_KIND_FAILOVER: NoticeKind
NOTICE_KIND_HEDGE_STARTED: NoticeKind
NOTICE_KIND_HEDGE_WON: NoticeKind
NOTICE_KIND_ESCALATION: NoticeKind
NOTICE_KIND_BUDGET_WARNING: NoticeKind
NOTICE_KIND_PARAM_DROPPED: NoticeKind
NOTICE_KIND_GATE_REJECTED: NoticeKind
RESET_REASON_UNSPECIFIED: ResetReason
RESET_REASON_ESCALATION: ResetReason
RESET_REASON_FAILOVER: ResetReason
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_STOP: FinishReason
FINISH_REASON_MAX_TOKENS: FinishReason
FINISH_REASON_TOOL_CALLS: FinishReason
FINISH_REASON_CONTENT_FILTER: FinishReason
FINISH_REASON_REFUSAL: FinishReason
FINISH_REASON_COST_LIMIT: FinishReason
FINISH_REASON_OTHER: FinishReason

class RouteRequest(_message.Message):
    __slots__ = ("request_id", "input", "hints", "trace_level")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    TRACE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    input: _chat_pb2.CompletionInput
    hints: _routing_pb2.RoutingHints
    trace_level: _routing_pb2.TraceLevel
    def __init__(self, request_id: _Optional[str] = ..., input: _Optional[_Union[_chat_pb2.CompletionInput, _Mapping]] = ..., hints: _Optional[_Union[_routing_pb2.RoutingHints, _Mapping]] = ..., trace_level: _Optional[_Union[_routing_pb2.TraceLevel, str]] = ...) -> None: ...

class RouteResponse(_message.Message):
    __slots__ = ("decision",)
    DECISION_FIELD_NUMBER: _ClassVar[int]
    decision: _routing_pb2.Decision
    def __init__(self, decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ...) -> None: ...

class RouteBatchRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[RouteRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[RouteRequest, _Mapping]]] = ...) -> None: ...

class RouteBatchResponse(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[RouteBatchItem]
    def __init__(self, items: _Optional[_Iterable[_Union[RouteBatchItem, _Mapping]]] = ...) -> None: ...

class RouteBatchItem(_message.Message):
    __slots__ = ("decision", "error")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    decision: _routing_pb2.Decision
    error: _errors_pb2.ErrorSummary
    def __init__(self, decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ...) -> None: ...

class CompleteRequest(_message.Message):
    __slots__ = ("request_id", "input", "hints", "trace_level", "stream_options")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    TRACE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    STREAM_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    input: _chat_pb2.CompletionInput
    hints: _routing_pb2.RoutingHints
    trace_level: _routing_pb2.TraceLevel
    stream_options: StreamOptions
    def __init__(self, request_id: _Optional[str] = ..., input: _Optional[_Union[_chat_pb2.CompletionInput, _Mapping]] = ..., hints: _Optional[_Union[_routing_pb2.RoutingHints, _Mapping]] = ..., trace_level: _Optional[_Union[_routing_pb2.TraceLevel, str]] = ..., stream_options: _Optional[_Union[StreamOptions, _Mapping]] = ...) -> None: ...

class StreamOptions(_message.Message):
    __slots__ = ("restart_policy", "include_reasoning", "include_notices", "heartbeat_interval", "include_final_message")
    RESTART_POLICY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REASONING_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_NOTICES_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_FINAL_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    restart_policy: RestartPolicy
    include_reasoning: bool
    include_notices: bool
    heartbeat_interval: _duration_pb2.Duration
    include_final_message: bool
    def __init__(self, restart_policy: _Optional[_Union[RestartPolicy, str]] = ..., include_reasoning: _Optional[bool] = ..., include_notices: _Optional[bool] = ..., heartbeat_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., include_final_message: _Optional[bool] = ...) -> None: ...

class CompleteResponse(_message.Message):
    __slots__ = ("seq", "generation", "part_index", "text_delta", "reasoning_delta", "tool_call_delta", "decision", "notice", "reset", "usage", "finish", "heartbeat")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    PART_INDEX_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_FIELD_NUMBER: _ClassVar[int]
    REASONING_DELTA_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_DELTA_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    seq: int
    generation: int
    part_index: int
    text_delta: TextDelta
    reasoning_delta: ReasoningDelta
    tool_call_delta: ToolCallDelta
    decision: _routing_pb2.Decision
    notice: RouteNotice
    reset: OutputReset
    usage: UsageReport
    finish: Finish
    heartbeat: Heartbeat
    def __init__(self, seq: _Optional[int] = ..., generation: _Optional[int] = ..., part_index: _Optional[int] = ..., text_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., reasoning_delta: _Optional[_Union[ReasoningDelta, _Mapping]] = ..., tool_call_delta: _Optional[_Union[ToolCallDelta, _Mapping]] = ..., decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., notice: _Optional[_Union[RouteNotice, _Mapping]] = ..., reset: _Optional[_Union[OutputReset, _Mapping]] = ..., usage: _Optional[_Union[UsageReport, _Mapping]] = ..., finish: _Optional[_Union[Finish, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text", "provider_state")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_STATE_FIELD_NUMBER: _ClassVar[int]
    text: str
    provider_state: _chat_pb2.ProviderState
    def __init__(self, text: _Optional[str] = ..., provider_state: _Optional[_Union[_chat_pb2.ProviderState, _Mapping]] = ...) -> None: ...

class ReasoningDelta(_message.Message):
    __slots__ = ("text", "provider_state")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_STATE_FIELD_NUMBER: _ClassVar[int]
    text: str
    provider_state: _chat_pb2.ProviderState
    def __init__(self, text: _Optional[str] = ..., provider_state: _Optional[_Union[_chat_pb2.ProviderState, _Mapping]] = ...) -> None: ...

class ToolCallDelta(_message.Message):
    __slots__ = ("id", "name", "arguments_json_fragment", "provider_state")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FRAGMENT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_STATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    arguments_json_fragment: str
    provider_state: _chat_pb2.ProviderState
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., arguments_json_fragment: _Optional[str] = ..., provider_state: _Optional[_Union[_chat_pb2.ProviderState, _Mapping]] = ...) -> None: ...

class RouteNotice(_message.Message):
    __slots__ = ("kind", "attempt", "message", "error")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    kind: NoticeKind
    attempt: _routing_pb2.AttemptRef
    message: str
    error: _errors_pb2.ErrorSummary
    def __init__(self, kind: _Optional[_Union[NoticeKind, str]] = ..., attempt: _Optional[_Union[_routing_pb2.AttemptRef, _Mapping]] = ..., message: _Optional[str] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ...) -> None: ...

class OutputReset(_message.Message):
    __slots__ = ("reason", "next")
    REASON_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    reason: ResetReason
    next: _routing_pb2.AttemptRef
    def __init__(self, reason: _Optional[_Union[ResetReason, str]] = ..., next: _Optional[_Union[_routing_pb2.AttemptRef, _Mapping]] = ...) -> None: ...

class UsageReport(_message.Message):
    __slots__ = ("usage", "cost", "attempts")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    usage: _usage_pb2.Usage
    cost: _usage_pb2.Cost
    attempts: _containers.RepeatedCompositeFieldContainer[_routing_pb2.Attempt]
    def __init__(self, usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., cost: _Optional[_Union[_usage_pb2.Cost, _Mapping]] = ..., attempts: _Optional[_Iterable[_Union[_routing_pb2.Attempt, _Mapping]]] = ...) -> None: ...

class Finish(_message.Message):
    __slots__ = ("reason", "upstream_reason", "served_by", "ttft", "duration", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_REASON_FIELD_NUMBER: _ClassVar[int]
    SERVED_BY_FIELD_NUMBER: _ClassVar[int]
    TTFT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: FinishReason
    upstream_reason: str
    served_by: _routing_pb2.AttemptRef
    ttft: _duration_pb2.Duration
    duration: _duration_pb2.Duration
    message: _chat_pb2.ChatMessage
    def __init__(self, reason: _Optional[_Union[FinishReason, str]] = ..., upstream_reason: _Optional[str] = ..., served_by: _Optional[_Union[_routing_pb2.AttemptRef, _Mapping]] = ..., ttft: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., message: _Optional[_Union[_chat_pb2.ChatMessage, _Mapping]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("elapsed",)
    ELAPSED_FIELD_NUMBER: _ClassVar[int]
    elapsed: _duration_pb2.Duration
    def __init__(self, elapsed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CompleteUnaryRequest(_message.Message):
    __slots__ = ("request_id", "input", "hints", "trace_level", "include_reasoning")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    TRACE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REASONING_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    input: _chat_pb2.CompletionInput
    hints: _routing_pb2.RoutingHints
    trace_level: _routing_pb2.TraceLevel
    include_reasoning: bool
    def __init__(self, request_id: _Optional[str] = ..., input: _Optional[_Union[_chat_pb2.CompletionInput, _Mapping]] = ..., hints: _Optional[_Union[_routing_pb2.RoutingHints, _Mapping]] = ..., trace_level: _Optional[_Union[_routing_pb2.TraceLevel, str]] = ..., include_reasoning: _Optional[bool] = ...) -> None: ...

class CompleteUnaryResponse(_message.Message):
    __slots__ = ("decision", "message", "usage", "finish")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    decision: _routing_pb2.Decision
    message: _chat_pb2.ChatMessage
    usage: UsageReport
    finish: Finish
    def __init__(self, decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., message: _Optional[_Union[_chat_pb2.ChatMessage, _Mapping]] = ..., usage: _Optional[_Union[UsageReport, _Mapping]] = ..., finish: _Optional[_Union[Finish, _Mapping]] = ...) -> None: ...
