import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from pointsman_client.v1 import errors_pb2 as _errors_pb2
from pointsman_client.v1 import usage_pb2 as _usage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FeedbackSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEEDBACK_SOURCE_UNSPECIFIED: _ClassVar[FeedbackSource]
    FEEDBACK_SOURCE_END_USER: _ClassVar[FeedbackSource]
    FEEDBACK_SOURCE_REVIEWER: _ClassVar[FeedbackSource]
    FEEDBACK_SOURCE_JUDGE_MODEL: _ClassVar[FeedbackSource]
    FEEDBACK_SOURCE_PROGRAM: _ClassVar[FeedbackSource]
FEEDBACK_SOURCE_UNSPECIFIED: FeedbackSource
FEEDBACK_SOURCE_END_USER: FeedbackSource
FEEDBACK_SOURCE_REVIEWER: FeedbackSource
FEEDBACK_SOURCE_JUDGE_MODEL: FeedbackSource
FEEDBACK_SOURCE_PROGRAM: FeedbackSource

class SubmitFeedbackRequest(_message.Message):
    __slots__ = ("feedback_id", "decision_id", "source", "score", "correct_task", "preferred_model", "preferred_tier", "comment", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FEEDBACK_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_TASK_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MODEL_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_TIER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    feedback_id: str
    decision_id: str
    source: FeedbackSource
    score: float
    correct_task: str
    preferred_model: str
    preferred_tier: str
    comment: str
    labels: _containers.ScalarMap[str, str]
    def __init__(self, feedback_id: _Optional[str] = ..., decision_id: _Optional[str] = ..., source: _Optional[_Union[FeedbackSource, str]] = ..., score: _Optional[float] = ..., correct_task: _Optional[str] = ..., preferred_model: _Optional[str] = ..., preferred_tier: _Optional[str] = ..., comment: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class SubmitFeedbackResponse(_message.Message):
    __slots__ = ("feedback_id", "comment_kept")
    FEEDBACK_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_KEPT_FIELD_NUMBER: _ClassVar[int]
    feedback_id: str
    comment_kept: bool
    def __init__(self, feedback_id: _Optional[str] = ..., comment_kept: _Optional[bool] = ...) -> None: ...

class Feedback(_message.Message):
    __slots__ = ("feedback_id", "source", "receive_time", "score", "correct_task", "preferred_model", "preferred_tier", "comment", "labels")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    FEEDBACK_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    CORRECT_TASK_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MODEL_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_TIER_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    feedback_id: str
    source: FeedbackSource
    receive_time: _timestamp_pb2.Timestamp
    score: float
    correct_task: str
    preferred_model: str
    preferred_tier: str
    comment: str
    labels: _containers.ScalarMap[str, str]
    def __init__(self, feedback_id: _Optional[str] = ..., source: _Optional[_Union[FeedbackSource, str]] = ..., receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., score: _Optional[float] = ..., correct_task: _Optional[str] = ..., preferred_model: _Optional[str] = ..., preferred_tier: _Optional[str] = ..., comment: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ReportOutcomeRequest(_message.Message):
    __slots__ = ("decision_id", "attempt", "provider", "model", "error", "ttft", "duration", "usage", "cost_nano_usd")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TTFT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    attempt: int
    provider: str
    model: str
    error: _errors_pb2.ErrorSummary
    ttft: _duration_pb2.Duration
    duration: _duration_pb2.Duration
    usage: _usage_pb2.Usage
    cost_nano_usd: int
    def __init__(self, decision_id: _Optional[str] = ..., attempt: _Optional[int] = ..., provider: _Optional[str] = ..., model: _Optional[str] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ..., ttft: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., cost_nano_usd: _Optional[int] = ...) -> None: ...

class ReportOutcomeResponse(_message.Message):
    __slots__ = ("cost", "known_already")
    COST_FIELD_NUMBER: _ClassVar[int]
    KNOWN_ALREADY_FIELD_NUMBER: _ClassVar[int]
    cost: _usage_pb2.Cost
    known_already: bool
    def __init__(self, cost: _Optional[_Union[_usage_pb2.Cost, _Mapping]] = ..., known_already: _Optional[bool] = ...) -> None: ...
