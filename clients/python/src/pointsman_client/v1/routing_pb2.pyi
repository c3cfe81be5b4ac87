import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from pointsman_client.v1 import errors_pb2 as _errors_pb2
from pointsman_client.v1 import usage_pb2 as _usage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODE_UNSPECIFIED: _ClassVar[Mode]
    MODE_ECO: _ClassVar[Mode]
    MODE_BALANCED: _ClassVar[Mode]
    MODE_SPORT: _ClassVar[Mode]

class TraceLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACE_LEVEL_UNSPECIFIED: _ClassVar[TraceLevel]
    TRACE_LEVEL_NONE: _ClassVar[TraceLevel]
    TRACE_LEVEL_SUMMARY: _ClassVar[TraceLevel]
    TRACE_LEVEL_FULL: _ClassVar[TraceLevel]

class PolicyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POLICY_KIND_UNSPECIFIED: _ClassVar[PolicyKind]
    POLICY_KIND_OVERRIDE: _ClassVar[PolicyKind]
    POLICY_KIND_TAG: _ClassVar[PolicyKind]
    POLICY_KIND_RULE: _ClassVar[PolicyKind]
    POLICY_KIND_CLASSIFIER: _ClassVar[PolicyKind]
    POLICY_KIND_MODE: _ClassVar[PolicyKind]
    POLICY_KIND_CONTEXT_GUARD: _ClassVar[PolicyKind]
    POLICY_KIND_SESSION_PIN: _ClassVar[PolicyKind]
    POLICY_KIND_BUDGET: _ClassVar[PolicyKind]
    POLICY_KIND_HEALTH: _ClassVar[PolicyKind]
    POLICY_KIND_HEDGE: _ClassVar[PolicyKind]
    POLICY_KIND_CASCADE: _ClassVar[PolicyKind]
    POLICY_KIND_CANARY: _ClassVar[PolicyKind]
    POLICY_KIND_SHADOW: _ClassVar[PolicyKind]
    POLICY_KIND_DEFAULT: _ClassVar[PolicyKind]
    POLICY_KIND_CAPABILITY: _ClassVar[PolicyKind]
    POLICY_KIND_PLUGIN: _ClassVar[PolicyKind]
    POLICY_KIND_LIMIT: _ClassVar[PolicyKind]
    POLICY_KIND_ROUTING: _ClassVar[PolicyKind]

class VerdictOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_OUTCOME_UNSPECIFIED: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_NO_OPINION: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_NARROWED: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_REORDERED: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_SELECTED: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_REJECTED: _ClassVar[VerdictOutcome]
    VERDICT_OUTCOME_ERROR: _ClassVar[VerdictOutcome]

class AttemptKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_KIND_UNSPECIFIED: _ClassVar[AttemptKind]
    ATTEMPT_KIND_PRIMARY: _ClassVar[AttemptKind]
    ATTEMPT_KIND_FAILOVER: _ClassVar[AttemptKind]
    ATTEMPT_KIND_HEDGE: _ClassVar[AttemptKind]
    ATTEMPT_KIND_ESCALATION: _ClassVar[AttemptKind]
    ATTEMPT_KIND_SAMPLE: _ClassVar[AttemptKind]
    ATTEMPT_KIND_ASSIST: _ClassVar[AttemptKind]
    ATTEMPT_KIND_RETRY: _ClassVar[AttemptKind]

class AttemptOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTEMPT_OUTCOME_UNSPECIFIED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_SERVED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_FAILED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_LOST: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_GATED: _ClassVar[AttemptOutcome]
    ATTEMPT_OUTCOME_CANCELLED: _ClassVar[AttemptOutcome]
MODE_UNSPECIFIED: Mode
MODE_ECO: Mode
MODE_BALANCED: Mode
MODE_SPORT: Mode
TRACE_LEVEL_UNSPECIFIED: TraceLevel
TRACE_LEVEL_NONE: TraceLevel
TRACE_LEVEL_SUMMARY: TraceLevel
TRACE_LEVEL_FULL: TraceLevel
POLICY_KIND_UNSPECIFIED: PolicyKind
POLICY_KIND_OVERRIDE: PolicyKind
POLICY_KIND_TAG: PolicyKind
POLICY_KIND_RULE: PolicyKind
POLICY_KIND_CLASSIFIER: PolicyKind
POLICY_KIND_MODE: PolicyKind
POLICY_KIND_CONTEXT_GUARD: PolicyKind
POLICY_KIND_SESSION_PIN: PolicyKind
POLICY_KIND_BUDGET: PolicyKind
POLICY_KIND_HEALTH: PolicyKind
POLICY_KIND_HEDGE: PolicyKind
POLICY_KIND_CASCADE: PolicyKind
POLICY_KIND_CANARY: PolicyKind
POLICY_KIND_SHADOW: PolicyKind
POLICY_KIND_DEFAULT: PolicyKind
POLICY_KIND_CAPABILITY: PolicyKind
POLICY_KIND_PLUGIN: PolicyKind
POLICY_KIND_LIMIT: PolicyKind
POLICY_KIND_ROUTING: PolicyKind
VERDICT_OUTCOME_UNSPECIFIED: VerdictOutcome
VERDICT_OUTCOME_NO_OPINION: VerdictOutcome
VERDICT_OUTCOME_NARROWED: VerdictOutcome
VERDICT_OUTCOME_REORDERED: VerdictOutcome
VERDICT_OUTCOME_SELECTED: VerdictOutcome
VERDICT_OUTCOME_REJECTED: VerdictOutcome
VERDICT_OUTCOME_ERROR: VerdictOutcome
ATTEMPT_KIND_UNSPECIFIED: AttemptKind
ATTEMPT_KIND_PRIMARY: AttemptKind
ATTEMPT_KIND_FAILOVER: AttemptKind
ATTEMPT_KIND_HEDGE: AttemptKind
ATTEMPT_KIND_ESCALATION: AttemptKind
ATTEMPT_KIND_SAMPLE: AttemptKind
ATTEMPT_KIND_ASSIST: AttemptKind
ATTEMPT_KIND_RETRY: AttemptKind
ATTEMPT_OUTCOME_UNSPECIFIED: AttemptOutcome
ATTEMPT_OUTCOME_SERVED: AttemptOutcome
ATTEMPT_OUTCOME_FAILED: AttemptOutcome
ATTEMPT_OUTCOME_LOST: AttemptOutcome
ATTEMPT_OUTCOME_GATED: AttemptOutcome
ATTEMPT_OUTCOME_CANCELLED: AttemptOutcome

class RoutingHints(_message.Message):
    __slots__ = ("task", "tags", "mode", "session_id", "tenant", "model_override", "max_cost_nano_usd", "input_tokens", "labels", "allow_hedging", "allow_cascade", "exclude_providers", "allowed_regions")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TASK_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    MODEL_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    MAX_COST_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_HEDGING_FIELD_NUMBER: _ClassVar[int]
    ALLOW_CASCADE_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_REGIONS_FIELD_NUMBER: _ClassVar[int]
    task: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    mode: Mode
    session_id: str
    tenant: str
    model_override: ModelOverride
    max_cost_nano_usd: int
    input_tokens: int
    labels: _containers.ScalarMap[str, str]
    allow_hedging: bool
    allow_cascade: bool
    exclude_providers: _containers.RepeatedScalarFieldContainer[str]
    allowed_regions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, task: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., mode: _Optional[_Union[Mode, str]] = ..., session_id: _Optional[str] = ..., tenant: _Optional[str] = ..., model_override: _Optional[_Union[ModelOverride, _Mapping]] = ..., max_cost_nano_usd: _Optional[int] = ..., input_tokens: _Optional[int] = ..., labels: _Optional[_Mapping[str, str]] = ..., allow_hedging: _Optional[bool] = ..., allow_cascade: _Optional[bool] = ..., exclude_providers: _Optional[_Iterable[str]] = ..., allowed_regions: _Optional[_Iterable[str]] = ...) -> None: ...

class ModelOverride(_message.Message):
    __slots__ = ("model", "provider", "strict")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    model: str
    provider: str
    strict: bool
    def __init__(self, model: _Optional[str] = ..., provider: _Optional[str] = ..., strict: _Optional[bool] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("decision_id", "model", "provider", "upstream_model", "tier", "task", "mode", "decided_by", "decided_by_kind", "reason", "candidates", "trace", "estimate", "plan", "config_version", "decide_time", "decide_duration")
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    DECIDE_TIME_FIELD_NUMBER: _ClassVar[int]
    DECIDE_DURATION_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    model: str
    provider: str
    upstream_model: str
    tier: str
    task: TaskAssessment
    mode: Mode
    decided_by: str
    decided_by_kind: PolicyKind
    reason: str
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    trace: _containers.RepeatedCompositeFieldContainer[PolicyVerdict]
    estimate: CostEstimate
    plan: ExecutionPlan
    config_version: str
    decide_time: _timestamp_pb2.Timestamp
    decide_duration: _duration_pb2.Duration
    def __init__(self, decision_id: _Optional[str] = ..., model: _Optional[str] = ..., provider: _Optional[str] = ..., upstream_model: _Optional[str] = ..., tier: _Optional[str] = ..., task: _Optional[_Union[TaskAssessment, _Mapping]] = ..., mode: _Optional[_Union[Mode, str]] = ..., decided_by: _Optional[str] = ..., decided_by_kind: _Optional[_Union[PolicyKind, str]] = ..., reason: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., trace: _Optional[_Iterable[_Union[PolicyVerdict, _Mapping]]] = ..., estimate: _Optional[_Union[CostEstimate, _Mapping]] = ..., plan: _Optional[_Union[ExecutionPlan, _Mapping]] = ..., config_version: _Optional[str] = ..., decide_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decide_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TaskAssessment(_message.Message):
    __slots__ = ("task", "confidence", "source")
    TASK_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    task: str
    confidence: float
    source: str
    def __init__(self, task: _Optional[str] = ..., confidence: _Optional[float] = ..., source: _Optional[str] = ...) -> None: ...

class Candidate(_message.Message):
    __slots__ = ("model", "provider", "tier", "eligible", "estimate", "estimated_ttft", "excluded_by", "excluded_reason")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    ELIGIBLE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TTFT_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_BY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_REASON_FIELD_NUMBER: _ClassVar[int]
    model: str
    provider: str
    tier: str
    eligible: bool
    estimate: CostEstimate
    estimated_ttft: _duration_pb2.Duration
    excluded_by: str
    excluded_reason: str
    def __init__(self, model: _Optional[str] = ..., provider: _Optional[str] = ..., tier: _Optional[str] = ..., eligible: _Optional[bool] = ..., estimate: _Optional[_Union[CostEstimate, _Mapping]] = ..., estimated_ttft: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., excluded_by: _Optional[str] = ..., excluded_reason: _Optional[str] = ...) -> None: ...

class PolicyVerdict(_message.Message):
    __slots__ = ("policy", "kind", "outcome", "reason", "duration", "candidates_before", "candidates_after", "dry_run", "hook")
    POLICY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_BEFORE_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_AFTER_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    HOOK_FIELD_NUMBER: _ClassVar[int]
    policy: str
    kind: PolicyKind
    outcome: VerdictOutcome
    reason: str
    duration: _duration_pb2.Duration
    candidates_before: int
    candidates_after: int
    dry_run: bool
    hook: str
    def __init__(self, policy: _Optional[str] = ..., kind: _Optional[_Union[PolicyKind, str]] = ..., outcome: _Optional[_Union[VerdictOutcome, str]] = ..., reason: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., candidates_before: _Optional[int] = ..., candidates_after: _Optional[int] = ..., dry_run: _Optional[bool] = ..., hook: _Optional[str] = ...) -> None: ...

class CostEstimate(_message.Message):
    __slots__ = ("expected_nano_usd", "worst_case_nano_usd", "input_tokens", "expected_output_tokens")
    EXPECTED_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    WORST_CASE_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    expected_nano_usd: int
    worst_case_nano_usd: int
    input_tokens: int
    expected_output_tokens: int
    def __init__(self, expected_nano_usd: _Optional[int] = ..., worst_case_nano_usd: _Optional[int] = ..., input_tokens: _Optional[int] = ..., expected_output_tokens: _Optional[int] = ...) -> None: ...

class ExecutionPlan(_message.Message):
    __slots__ = ("stages",)
    STAGES_FIELD_NUMBER: _ClassVar[int]
    stages: _containers.RepeatedCompositeFieldContainer[PlanStage]
    def __init__(self, stages: _Optional[_Iterable[_Union[PlanStage, _Mapping]]] = ...) -> None: ...

class PlanStage(_message.Message):
    __slots__ = ("attempts", "samples", "gates")
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    GATES_FIELD_NUMBER: _ClassVar[int]
    attempts: _containers.RepeatedCompositeFieldContainer[PlannedAttempt]
    samples: int
    gates: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, attempts: _Optional[_Iterable[_Union[PlannedAttempt, _Mapping]]] = ..., samples: _Optional[int] = ..., gates: _Optional[_Iterable[str]] = ...) -> None: ...

class PlannedAttempt(_message.Message):
    __slots__ = ("model", "provider", "kind", "start_after")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    START_AFTER_FIELD_NUMBER: _ClassVar[int]
    model: str
    provider: str
    kind: AttemptKind
    start_after: _duration_pb2.Duration
    def __init__(self, model: _Optional[str] = ..., provider: _Optional[str] = ..., kind: _Optional[_Union[AttemptKind, str]] = ..., start_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class AttemptRef(_message.Message):
    __slots__ = ("attempt", "kind", "provider", "model", "upstream_model")
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    attempt: int
    kind: AttemptKind
    provider: str
    model: str
    upstream_model: str
    def __init__(self, attempt: _Optional[int] = ..., kind: _Optional[_Union[AttemptKind, str]] = ..., provider: _Optional[str] = ..., model: _Optional[str] = ..., upstream_model: _Optional[str] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("ref", "outcome", "ttft", "duration", "usage", "cost_nano_usd", "error", "upstream_request_id", "served_model", "cost_source", "dropped", "gate")
    REF_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    TTFT_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    COST_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SERVED_MODEL_FIELD_NUMBER: _ClassVar[int]
    COST_SOURCE_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    ref: AttemptRef
    outcome: AttemptOutcome
    ttft: _duration_pb2.Duration
    duration: _duration_pb2.Duration
    usage: _usage_pb2.Usage
    cost_nano_usd: int
    error: _errors_pb2.ErrorSummary
    upstream_request_id: str
    served_model: str
    cost_source: str
    dropped: _containers.RepeatedScalarFieldContainer[str]
    gate: str
    def __init__(self, ref: _Optional[_Union[AttemptRef, _Mapping]] = ..., outcome: _Optional[_Union[AttemptOutcome, str]] = ..., ttft: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., usage: _Optional[_Union[_usage_pb2.Usage, _Mapping]] = ..., cost_nano_usd: _Optional[int] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ..., upstream_request_id: _Optional[str] = ..., served_model: _Optional[str] = ..., cost_source: _Optional[str] = ..., dropped: _Optional[_Iterable[str]] = ..., gate: _Optional[str] = ...) -> None: ...
