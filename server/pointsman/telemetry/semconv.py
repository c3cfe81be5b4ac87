"""OpenTelemetry's names, all of them: the GenAI conventions are still in development, and will be renamed here alone.

https://github.com/open-telemetry/semantic-conventions-genai, and for gRPC the conventions of RPC.
"""

from __future__ import annotations

from dataclasses import dataclass

SCOPE = "pointsman"

SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
SERVICE_INSTANCE = "service.instance.id"

RPC_SYSTEM = "rpc.system.name"
RPC_METHOD = "rpc.method"
HTTP_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
RPC_STATUS = "rpc.response.status_code"
ERROR_TYPE = "error.type"

OPERATION = "gen_ai.operation.name"
CHAT = "chat"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_creation.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"
KIND_OF_TOKENS = "gen_ai.token.type"

# What the conventions have no name for.
DECISION_ID = "pointsman.decision_id"
CONFIG_VERSION = "pointsman.config_version"
TENANT = "pointsman.tenant"
TASK = "pointsman.task"
TIER = "pointsman.tier"
MODE = "pointsman.mode"
MODEL = "pointsman.model"
DECIDED_BY = "pointsman.decided_by"
SHADOW = "pointsman.shadow"
COST = "pointsman.cost_usd"
ATTEMPT_NUMBER = "pointsman.attempt.number"
ATTEMPT_KIND = "pointsman.attempt.kind"
ATTEMPT_OUTCOME = "pointsman.attempt.outcome"
POLICY = "pointsman.policy.id"
POLICY_KIND = "pointsman.policy.kind"
POLICY_HOOK = "pointsman.policy.hook"
POLICY_OUTCOME = "pointsman.policy.outcome"
POLICY_REASON = "pointsman.policy.reason"
POLICY_SHADOW = "pointsman.policy.shadow"
GATE = "pointsman.gate.id"
GATE_ACCEPTED = "pointsman.gate.accepted"

SILENT_POLICIES = "pointsman.policies.silent"

POLICY_EVENT = "pointsman.policy"
DECIDE_SPAN = "pointsman.decide"
GATE_SPAN = "pointsman.gate"


@dataclass(frozen=True, slots=True)
class Histogram:
    """One histogram over OTLP. `buckets` are the upper bounds that the conventions advise."""

    name: str
    unit: str
    help: str
    buckets: tuple[float, ...]


_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_CHUNK_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_FIRST_CHUNK_SECONDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)

DURATION = Histogram("gen_ai.client.operation.duration", "s", "Duration of a provider call.", _SECONDS)
TOKEN_USAGE = Histogram("gen_ai.client.token.usage", "{token}", "Tokens of a provider call, by type.", _TOKENS)
TIME_TO_FIRST_CHUNK = Histogram(
    "gen_ai.client.operation.time_to_first_chunk",
    "s",
    "From the start of a streamed provider call to its first content.",
    _FIRST_CHUNK_SECONDS,
)
TIME_PER_OUTPUT_CHUNK = Histogram(
    "gen_ai.client.operation.time_per_output_chunk",
    "s",
    "Between two chunks of a stream; all those of one stream count as their mean.",
    _CHUNK_SECONDS,
)
