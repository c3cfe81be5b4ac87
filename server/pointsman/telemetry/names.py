"""Every metric and log field, declared once; the docs repeat METRICS and LOG_FIELDS.

Label values come from the configuration or from an enum, never from a caller: junk requests must not add series.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `help` is one English sentence, for Prometheus and the docs; the unit is in the name.

    `buckets` are the upper bounds of a histogram, ascending; +Inf is added.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class LogField:
    """One key of a JSON log line; `meaning` is for the docs."""

    name: str
    meaning: str


DECISIONS = Metric(
    "pointsman_decisions_total",
    Kind.COUNTER,
    "Requests that a target was decided for, counted when they end; refusals are in pointsman_requests_total.",
    ("decided_by_kind", "tier", "mode", "task"),
)
DECIDE_DURATION = Metric(
    "pointsman_decide_duration_seconds",
    Kind.HISTOGRAM,
    "Time one decision took, all policies included and waiting for signals excluded.",
    buckets=(50e-6, 100e-6, 200e-6, 500e-6, 0.001, 0.002, 0.005, 0.01, 0.05),
)
POLICY_DURATION = Metric(
    "pointsman_policy_duration_seconds",
    Kind.HISTOGRAM,
    "Time one chain entry took in one request, over all of its hooks.",
    ("policy",),
    (5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 500e-6, 0.002, 0.01, 0.1),
)
REQUESTS = Metric(
    "pointsman_requests_total",
    Kind.COUNTER,
    "Requests that ended at any door, by gRPC status code and reason (OK, or why not); a batch's items count as Route.",
    ("method", "code", "reason"),
)
ATTEMPTS = Metric(
    "pointsman_attempts_total",
    Kind.COUNTER,
    "Provider calls that ended.",
    ("provider", "model", "kind", "outcome"),
)
SKIPPED = Metric(
    "pointsman_attempts_skipped_total",
    Kind.COUNTER,
    "Hedges and samples that were planned and not made: denied by a policy, or by the budget of retries.",
    ("provider", "model", "kind"),
)
TTFT = Metric(
    "pointsman_ttft_seconds",
    Kind.HISTOGRAM,
    "Time from the start of a provider call to its first token, of streamed answers.",
    ("model",),
    (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0),
)
STREAM_INTERRUPTED = Metric(
    "pointsman_stream_interrupted_total",
    Kind.COUNTER,
    "Answers that broke off for the caller after output had begun.",
)
COST = Metric(
    "pointsman_cost_usd_total",
    Kind.COUNTER,
    "What provider calls cost in USD: the answers, and as overhead every other call, policies' questions too.",
    ("provider", "model", "part"),
)
TOKENS = Metric(
    "pointsman_tokens_total",
    Kind.COUNTER,
    "Tokens of provider calls; input includes cached_input and cache_write_input, output includes reasoning.",
    ("type",),
)
SHADOW_DISAGREEMENTS = Metric(
    "pointsman_shadow_disagreements_total",
    Kind.COUNTER,
    "Decisions that would have had another target if the shadow entries counted.",
)
PANICS = Metric(
    "pointsman_panic_decisions_total",
    Kind.COUNTER,
    "Decisions on a model that counts as down, because everything that could serve the request does.",
)
PROVIDER_STATE = Metric(
    "pointsman_provider_state",
    Kind.GAUGE,
    "1 for the state that a provider is in, 0 for the others: up, degraded, down, probing, disabled.",
    ("provider", "state"),
)
STATE_DEGRADED = Metric(
    "pointsman_state_degraded",
    Kind.GAUGE,
    "1 while the state that processes share is out of reach, otherwise 0; only where one is configured.",
)
BUDGET_USED_RATIO = Metric(
    "pointsman_budget_used_ratio",
    Kind.GAUGE,
    "Share of a budget that is spent or reserved: 1 is the limit. Only of budgets that are one for all whom they "
    "count, not of those for each value of something.",
    ("scope",),
)
BUILD_INFO = Metric("pointsman_build_info", Kind.GAUGE, "1, labelled with the version of this server.", ("version",))
CONFIG_INFO = Metric("pointsman_config_info", Kind.GAUGE, "1, labelled with the configuration in use.", ("version",))
LEDGER_SPOOLED = Metric(
    "pointsman_ledger_spooled_records",
    Kind.GAUGE,
    "Records that are in the spool, because the ledger's database is slow, full or down, and not yet in the database.",
)
REQUESTS_RUNNING = Metric("pointsman_requests_running", Kind.GAUGE, "Requests that are running now.")
UNAUTHENTICATED = Metric(
    "pointsman_unauthenticated_total",
    Kind.COUNTER,
    "Calls and scrapes turned away for their API key, by the error's reason; there are none without `auth.keys`.",
    ("reason",),
)
TRACES_DROPPED = Metric(
    "pointsman_traces_dropped_total",
    Kind.COUNTER,
    "Calls whose spans could not be sent to `telemetry.otlp`: it did not take them, or they came faster than it does. "
    "Shown where traces are sent.",
)

METRICS = (
    DECISIONS,
    DECIDE_DURATION,
    POLICY_DURATION,
    REQUESTS,
    ATTEMPTS,
    SKIPPED,
    TTFT,
    STREAM_INTERRUPTED,
    COST,
    TOKENS,
    SHADOW_DISAGREEMENTS,
    PANICS,
    PROVIDER_STATE,
    STATE_DEGRADED,
    BUDGET_USED_RATIO,
    BUILD_INFO,
    CONFIG_INFO,
    REQUESTS_RUNNING,
    LEDGER_SPOOLED,
    UNAUTHENTICATED,
    TRACES_DROPPED,
)

TIME = LogField("time", "When, UTC in ISO 8601 with milliseconds")
LEVEL = LogField("level", "debug, info, warning, error or critical")
LOGGER = LogField("logger", "The module that speaks")
MESSAGE = LogField("message", "One English sentence")
DECISION_ID = LogField("decision_id", "The request it is about, as in the ledger; only where there is one")
TRACE_ID = LogField("trace_id", "The trace it is part of; only where requests are traced, or their callers trace")
ERROR = LogField("error", "The traceback, on one line as JSON has it; only where there is one")
WORKER = LogField("worker", "Which of several workers speaks, from 0; only where there are several")

LOG_FIELDS = (TIME, LEVEL, LOGGER, MESSAGE, DECISION_ID, TRACE_ID, ERROR, WORKER)

REQUEST_FIELDS = (
    LogField("method", "Route, Complete, CompleteUnary, or that of an HTTP API: ChatCompletions or Messages"),
    LogField("status", "OK, or the reason that its caller was told"),
    LogField("tenant", "Whose it was"),
    LogField("duration", "Seconds from arrival to end"),
    LogField("task", "The row of the routing table"),
    LogField("task_source", "What named the task"),
    LogField("mode", "eco, balanced or sport"),
    LogField("tier", "Of the model that was decided for"),
    LogField("model", "The model that served; where none did, the one tried last, or decided for"),
    LogField("provider", "Its provider"),
    LogField("reported_model", "What the provider says that it served"),
    LogField("decided_by", "The chain entry that decided"),
    LogField("why", "Its reason, or what went wrong"),
    LogField("input_tokens", "Of all calls to providers, policies' questions included, as are the next three"),
    LogField("output_tokens", "With reasoning"),
    LogField("reasoning_tokens", "Part of the output"),
    LogField("cached_input_tokens", "Part of the input"),
    LogField("cost_usd", "Of all calls to providers"),
    LogField("overhead_usd", "Part of it: of all calls but the one that answered"),
    LogField("estimated", "Whether part of the cost is our estimate"),
    LogField("ttft", "Seconds from arrival to the first token; of streams"),
    LogField("attempts", "Calls to providers for the answer"),
    LogField("fallback", "Whether another model was tried because one failed"),
    LogField("escalated", "Whether another model was tried because a gate said no"),
    LogField("project", "The caller's label"),
    LogField("feature", "The caller's label"),
    LogField("session", "A hash of tenant and session id"),
    LogField("prompt_hash", "As in the ledger"),
    LogField("config_version", "The configuration that decided"),
)
"""Of the lines about requests, beside LOG_FIELDS; each only where there is something to say."""
