import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from pointsman_client.v1 import chat_pb2 as _chat_pb2
from pointsman_client.v1 import errors_pb2 as _errors_pb2
from pointsman_client.v1 import feedback_service_pb2 as _feedback_service_pb2
from pointsman_client.v1 import router_service_pb2 as _router_service_pb2
from pointsman_client.v1 import routing_pb2 as _routing_pb2
from pointsman_client.v1 import usage_pb2 as _usage_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HealthState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEALTH_STATE_UNSPECIFIED: _ClassVar[HealthState]
    HEALTH_STATE_UP: _ClassVar[HealthState]
    HEALTH_STATE_DEGRADED: _ClassVar[HealthState]
    HEALTH_STATE_DOWN: _ClassVar[HealthState]
    HEALTH_STATE_PROBING: _ClassVar[HealthState]
    HEALTH_STATE_DISABLED: _ClassVar[HealthState]

class BudgetAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BUDGET_ACTION_UNSPECIFIED: _ClassVar[BudgetAction]
    BUDGET_ACTION_NOTICE: _ClassVar[BudgetAction]
    BUDGET_ACTION_DEGRADE: _ClassVar[BudgetAction]
    BUDGET_ACTION_REFUSE: _ClassVar[BudgetAction]

class BudgetUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BUDGET_UNIT_UNSPECIFIED: _ClassVar[BudgetUnit]
    BUDGET_UNIT_NANO_USD: _ClassVar[BudgetUnit]
    BUDGET_UNIT_REQUESTS: _ClassVar[BudgetUnit]
    BUDGET_UNIT_TOKENS: _ClassVar[BudgetUnit]

class ProblemSeverity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBLEM_SEVERITY_UNSPECIFIED: _ClassVar[ProblemSeverity]
    PROBLEM_SEVERITY_WARNING: _ClassVar[ProblemSeverity]
    PROBLEM_SEVERITY_ERROR: _ClassVar[ProblemSeverity]

class ActivatedBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTIVATED_BY_UNSPECIFIED: _ClassVar[ActivatedBy]
    ACTIVATED_BY_START: _ClassVar[ActivatedBy]
    ACTIVATED_BY_SIGNAL: _ClassVar[ActivatedBy]
    ACTIVATED_BY_WATCH: _ClassVar[ActivatedBy]
    ACTIVATED_BY_RPC: _ClassVar[ActivatedBy]
    ACTIVATED_BY_ROLLBACK: _ClassVar[ActivatedBy]
HEALTH_STATE_UNSPECIFIED: HealthState
HEALTH_STATE_UP: HealthState
HEALTH_STATE_DEGRADED: HealthState
HEALTH_STATE_DOWN: HealthState
HEALTH_STATE_PROBING: HealthState
HEALTH_STATE_DISABLED: HealthState
BUDGET_ACTION_UNSPECIFIED: BudgetAction
BUDGET_ACTION_NOTICE: BudgetAction
BUDGET_ACTION_DEGRADE: BudgetAction
BUDGET_ACTION_REFUSE: BudgetAction
BUDGET_UNIT_UNSPECIFIED: BudgetUnit
BUDGET_UNIT_NANO_USD: BudgetUnit
BUDGET_UNIT_REQUESTS: BudgetUnit
BUDGET_UNIT_TOKENS: BudgetUnit
PROBLEM_SEVERITY_UNSPECIFIED: ProblemSeverity
PROBLEM_SEVERITY_WARNING: ProblemSeverity
PROBLEM_SEVERITY_ERROR: ProblemSeverity
ACTIVATED_BY_UNSPECIFIED: ActivatedBy
ACTIVATED_BY_START: ActivatedBy
ACTIVATED_BY_SIGNAL: ActivatedBy
ACTIVATED_BY_WATCH: ActivatedBy
ACTIVATED_BY_RPC: ActivatedBy
ACTIVATED_BY_ROLLBACK: ActivatedBy

class ListModelsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "provider", "tier")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    provider: str
    tier: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., provider: _Optional[str] = ..., tier: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "next_page_token")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[ModelInfo]
    next_page_token: str
    def __init__(self, models: _Optional[_Iterable[_Union[ModelInfo, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ModelInfo(_message.Message):
    __slots__ = ("model", "aliases", "provider", "upstream_model", "tier", "context_window_tokens", "max_output_tokens", "capabilities", "price", "regions", "enabled")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_MODEL_FIELD_NUMBER: _ClassVar[int]
    TIER_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    model: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    provider: str
    upstream_model: str
    tier: str
    context_window_tokens: int
    max_output_tokens: int
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    price: _usage_pb2.Price
    regions: _containers.RepeatedScalarFieldContainer[str]
    enabled: bool
    def __init__(self, model: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., provider: _Optional[str] = ..., upstream_model: _Optional[str] = ..., tier: _Optional[str] = ..., context_window_tokens: _Optional[int] = ..., max_output_tokens: _Optional[int] = ..., capabilities: _Optional[_Iterable[str]] = ..., price: _Optional[_Union[_usage_pb2.Price, _Mapping]] = ..., regions: _Optional[_Iterable[str]] = ..., enabled: _Optional[bool] = ...) -> None: ...

class ListProviderHealthRequest(_message.Message):
    __slots__ = ("providers",)
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, providers: _Optional[_Iterable[str]] = ...) -> None: ...

class ListProviderHealthResponse(_message.Message):
    __slots__ = ("providers",)
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    providers: _containers.RepeatedCompositeFieldContainer[ProviderHealth]
    def __init__(self, providers: _Optional[_Iterable[_Union[ProviderHealth, _Mapping]]] = ...) -> None: ...

class ProviderHealth(_message.Message):
    __slots__ = ("provider", "model", "state", "error_ratio", "ttft_p50", "ttft_p95", "requests", "window", "state_since", "next_probe_time", "last_error", "reason")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_RATIO_FIELD_NUMBER: _ClassVar[int]
    TTFT_P50_FIELD_NUMBER: _ClassVar[int]
    TTFT_P95_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    STATE_SINCE_FIELD_NUMBER: _ClassVar[int]
    NEXT_PROBE_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_ERROR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    state: HealthState
    error_ratio: float
    ttft_p50: _duration_pb2.Duration
    ttft_p95: _duration_pb2.Duration
    requests: int
    window: _duration_pb2.Duration
    state_since: _timestamp_pb2.Timestamp
    next_probe_time: _timestamp_pb2.Timestamp
    last_error: str
    reason: str
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ..., error_ratio: _Optional[float] = ..., ttft_p50: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., ttft_p95: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., requests: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., state_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_probe_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_error: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GetBudgetRequest(_message.Message):
    __slots__ = ("scope",)
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    scope: str
    def __init__(self, scope: _Optional[str] = ...) -> None: ...

class GetBudgetResponse(_message.Message):
    __slots__ = ("budget",)
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    budget: Budget
    def __init__(self, budget: _Optional[_Union[Budget, _Mapping]] = ...) -> None: ...

class ListBudgetsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "tenant")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    tenant: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class ListBudgetsResponse(_message.Message):
    __slots__ = ("budgets", "next_page_token")
    BUDGETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    budgets: _containers.RepeatedCompositeFieldContainer[Budget]
    next_page_token: str
    def __init__(self, budgets: _Optional[_Iterable[_Union[Budget, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class BudgetStep(_message.Message):
    __slots__ = ("from_ratio", "action")
    FROM_RATIO_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    from_ratio: float
    action: BudgetAction
    def __init__(self, from_ratio: _Optional[float] = ..., action: _Optional[_Union[BudgetAction, str]] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("scope", "match", "window", "unit", "limit", "spent", "reserved", "period_start", "period_end", "steps")
    class MatchEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MATCH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SPENT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    PERIOD_START_FIELD_NUMBER: _ClassVar[int]
    PERIOD_END_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    match: _containers.ScalarMap[str, str]
    window: str
    unit: BudgetUnit
    limit: int
    spent: int
    reserved: int
    period_start: _timestamp_pb2.Timestamp
    period_end: _timestamp_pb2.Timestamp
    steps: _containers.RepeatedCompositeFieldContainer[BudgetStep]
    def __init__(self, scope: _Optional[str] = ..., match: _Optional[_Mapping[str, str]] = ..., window: _Optional[str] = ..., unit: _Optional[_Union[BudgetUnit, str]] = ..., limit: _Optional[int] = ..., spent: _Optional[int] = ..., reserved: _Optional[int] = ..., period_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., period_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[BudgetStep, _Mapping]]] = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ("decision_id",)
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    decision_id: str
    def __init__(self, decision_id: _Optional[str] = ...) -> None: ...

class ExplainResponse(_message.Message):
    __slots__ = ("decision", "attempts", "cost", "error", "partial", "method", "receive_time", "duration", "ttft", "finish_reason", "feedback")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    TTFT_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    FEEDBACK_FIELD_NUMBER: _ClassVar[int]
    decision: _routing_pb2.Decision
    attempts: _containers.RepeatedCompositeFieldContainer[_routing_pb2.Attempt]
    cost: _usage_pb2.Cost
    error: _errors_pb2.ErrorSummary
    partial: bool
    method: str
    receive_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    ttft: _duration_pb2.Duration
    finish_reason: _router_service_pb2.FinishReason
    feedback: _containers.RepeatedCompositeFieldContainer[_feedback_service_pb2.Feedback]
    def __init__(self, decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., attempts: _Optional[_Iterable[_Union[_routing_pb2.Attempt, _Mapping]]] = ..., cost: _Optional[_Union[_usage_pb2.Cost, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ..., partial: _Optional[bool] = ..., method: _Optional[str] = ..., receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., ttft: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., finish_reason: _Optional[_Union[_router_service_pb2.FinishReason, str]] = ..., feedback: _Optional[_Iterable[_Union[_feedback_service_pb2.Feedback, _Mapping]]] = ...) -> None: ...

class SimulateRequest(_message.Message):
    __slots__ = ("input", "hints", "config_yaml", "health_overrides", "budget_remaining_nano_usd")
    class BudgetRemainingNanoUsdEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    INPUT_FIELD_NUMBER: _ClassVar[int]
    HINTS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_YAML_FIELD_NUMBER: _ClassVar[int]
    HEALTH_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    BUDGET_REMAINING_NANO_USD_FIELD_NUMBER: _ClassVar[int]
    input: _chat_pb2.CompletionInput
    hints: _routing_pb2.RoutingHints
    config_yaml: str
    health_overrides: _containers.RepeatedCompositeFieldContainer[HealthOverride]
    budget_remaining_nano_usd: _containers.ScalarMap[str, int]
    def __init__(self, input: _Optional[_Union[_chat_pb2.CompletionInput, _Mapping]] = ..., hints: _Optional[_Union[_routing_pb2.RoutingHints, _Mapping]] = ..., config_yaml: _Optional[str] = ..., health_overrides: _Optional[_Iterable[_Union[HealthOverride, _Mapping]]] = ..., budget_remaining_nano_usd: _Optional[_Mapping[str, int]] = ...) -> None: ...

class HealthOverride(_message.Message):
    __slots__ = ("provider", "model", "state")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    provider: str
    model: str
    state: HealthState
    def __init__(self, provider: _Optional[str] = ..., model: _Optional[str] = ..., state: _Optional[_Union[HealthState, str]] = ...) -> None: ...

class SimulateResponse(_message.Message):
    __slots__ = ("decision", "error", "active_decision", "active_error")
    DECISION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_DECISION_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ERROR_FIELD_NUMBER: _ClassVar[int]
    decision: _routing_pb2.Decision
    error: _errors_pb2.ErrorSummary
    active_decision: _routing_pb2.Decision
    active_error: _errors_pb2.ErrorSummary
    def __init__(self, decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ..., active_decision: _Optional[_Union[_routing_pb2.Decision, _Mapping]] = ..., active_error: _Optional[_Union[_errors_pb2.ErrorSummary, _Mapping]] = ...) -> None: ...

class ReloadConfigRequest(_message.Message):
    __slots__ = ("dry_run", "expected_version")
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    expected_version: str
    def __init__(self, dry_run: _Optional[bool] = ..., expected_version: _Optional[str] = ...) -> None: ...

class ReloadConfigResponse(_message.Message):
    __slots__ = ("change",)
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    change: ConfigChange
    def __init__(self, change: _Optional[_Union[ConfigChange, _Mapping]] = ...) -> None: ...

class RollbackConfigRequest(_message.Message):
    __slots__ = ("version", "expected_version")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    version: str
    expected_version: str
    def __init__(self, version: _Optional[str] = ..., expected_version: _Optional[str] = ...) -> None: ...

class RollbackConfigResponse(_message.Message):
    __slots__ = ("change",)
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    change: ConfigChange
    def __init__(self, change: _Optional[_Union[ConfigChange, _Mapping]] = ...) -> None: ...

class ConfigChange(_message.Message):
    __slots__ = ("previous_version", "active_version", "changed", "problems", "at_next_start")
    PREVIOUS_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    AT_NEXT_START_FIELD_NUMBER: _ClassVar[int]
    previous_version: str
    active_version: str
    changed: bool
    problems: _containers.RepeatedCompositeFieldContainer[ConfigProblem]
    at_next_start: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, previous_version: _Optional[str] = ..., active_version: _Optional[str] = ..., changed: _Optional[bool] = ..., problems: _Optional[_Iterable[_Union[ConfigProblem, _Mapping]]] = ..., at_next_start: _Optional[_Iterable[str]] = ...) -> None: ...

class ConfigProblem(_message.Message):
    __slots__ = ("severity", "path", "message", "line")
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    severity: ProblemSeverity
    path: str
    message: str
    line: int
    def __init__(self, severity: _Optional[_Union[ProblemSeverity, str]] = ..., path: _Optional[str] = ..., message: _Optional[str] = ..., line: _Optional[int] = ...) -> None: ...

class ListConfigActivationsRequest(_message.Message):
    __slots__ = ("page_size",)
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    def __init__(self, page_size: _Optional[int] = ...) -> None: ...

class ListConfigActivationsResponse(_message.Message):
    __slots__ = ("activations", "active_version")
    ACTIVATIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_VERSION_FIELD_NUMBER: _ClassVar[int]
    activations: _containers.RepeatedCompositeFieldContainer[ConfigActivation]
    active_version: str
    def __init__(self, activations: _Optional[_Iterable[_Union[ConfigActivation, _Mapping]]] = ..., active_version: _Optional[str] = ...) -> None: ...

class ConfigActivation(_message.Message):
    __slots__ = ("version", "activate_time", "activated_by")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTIVATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_BY_FIELD_NUMBER: _ClassVar[int]
    version: str
    activate_time: _timestamp_pb2.Timestamp
    activated_by: ActivatedBy
    def __init__(self, version: _Optional[str] = ..., activate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., activated_by: _Optional[_Union[ActivatedBy, str]] = ...) -> None: ...
