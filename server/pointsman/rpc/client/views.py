"""What a client sees: decisions, events and failures as plain frozen values. Money is nano-USD, times are seconds."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pointsman.errors import PointsmanError
from pointsman.model.answer import Delta, Usage
from pointsman.model.attempt import Cost
from pointsman.model.decision import Estimate


class CandidateView(Struct, frozen=True, kw_only=True):
    """`ttft` None: nothing observed yet. `excluded_by` is "" where it is eligible."""

    model: str
    provider: str
    tier: str
    eligible: bool
    estimate: Estimate
    ttft: float | None
    excluded_by: str
    excluded_reason: str


class VerdictView(Struct, frozen=True, kw_only=True):
    """`seconds` stands at the first verdict of an entry, None at its others."""

    policy: str
    kind: str
    hook: str
    outcome: str
    reason: str
    seconds: float | None
    before: int
    after: int
    dry_run: bool


class DecisionView(Struct, frozen=True, kw_only=True):
    """`plan` are the models in the order they would be tried."""

    decision_id: str
    model: str
    provider: str
    upstream: str
    tier: str
    task: str
    task_source: str
    confidence: float
    mode: str
    decided_by: str
    decided_by_kind: str
    reason: str
    estimate: Estimate
    plan: tuple[str, ...]
    candidates: tuple[CandidateView, ...]
    trace: tuple[VerdictView, ...]
    config_version: str
    seconds: float


class AttemptView(Struct, frozen=True, kw_only=True):
    """One provider call. `error` is "" unless it failed; `upstream_status` the HTTP status of a failure, 0 for none.

    `gate` is what gates said of its answer, "" where none was asked.
    """

    number: int
    kind: str
    model: str
    provider: str
    upstream: str
    outcome: str
    ttft: float | None
    duration: float
    usage: Usage
    cost_nano_usd: int
    cost_source: str
    served_model: str
    error: str = ""
    error_message: str = ""
    upstream_status: int = 0
    gate: str = ""


class BudgetView(Struct, frozen=True, kw_only=True):
    """One budget in one window. `unit` is nano_usd, requests or tokens; so are `limit`, `spent` and `reserved`.

    `match` has a value for each dimension that it looks at; the period is in Unix seconds. `steps` are pairs of a share
    and what happens from it on; none where only the limit refuses.
    """

    scope: str
    match: Mapping[str, str]
    window: str
    unit: str
    limit: int
    spent: int
    reserved: int
    period_start: float
    period_end: float
    steps: tuple[tuple[float, str], ...]


class HealthView(Struct, frozen=True, kw_only=True):
    """One model, or a provider as a whole where `model` is "". `error_ratio` is over `requests` in `window` seconds.

    `since` and `next_probe` are Unix seconds, None where the server says nothing.
    """

    provider: str
    model: str
    state: str
    reason: str
    error_ratio: float
    requests: int
    window: float
    ttft_p50: float | None
    ttft_p95: float | None
    since: float | None
    next_probe: float | None
    last_error: str


class ModelView(Struct, frozen=True, kw_only=True):
    """One model. Prices are nano-USD per million tokens, those of an input of ordinary length; `context` 0: unknown."""

    model: str
    aliases: tuple[str, ...]
    provider: str
    upstream: str
    tier: str
    context: int
    max_output: int
    capabilities: tuple[str, ...]
    input: int
    cached_input: int
    output: int
    regions: tuple[str, ...]
    enabled: bool


class NoticeView(Struct, frozen=True, tag="notice"):
    """Something happened on the way; `kind` such as "attempt_failed"."""

    kind: str
    model: str
    provider: str
    message: str


class ResetView(Struct, frozen=True, tag="reset"):
    """Everything received so far is void; `model` starts over."""

    model: str


class UsageView(Struct, frozen=True, tag="usage"):
    usage: Usage
    cost: Cost
    attempts: tuple[AttemptView, ...]


class FinishView(Struct, frozen=True, tag="finish"):
    """The answer is complete. `model` and `provider` served it."""

    reason: str
    model: str
    provider: str
    ttft: float | None
    duration: float


StreamEvent = DecisionView | Delta | NoticeView | ResetView | UsageView | FinishView


class Failure(Struct, frozen=True, kw_only=True):
    """Why a call failed. `code` is gRPC's name; `reason` is "" where it was not Pointsman that answered.

    `violations` are (subject, description); `failed` are (provider, model, reason, HTTP status) of what was tried.
    """

    code: str
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = {}
    violations: tuple[tuple[str, str], ...] = ()
    retry_delay: float | None = None
    decision_id: str = ""
    failed: tuple[tuple[str, str, str, int], ...] = ()
    total_nano_usd: int = 0


class SimulationView(Struct, frozen=True, kw_only=True):
    """What would be decided; with another configuration, what the active one decides beside it.

    A refusal has both: the error, and a decision without a model that holds the trace. A decision of None: it would
    fail before anything is decided.
    """

    decision: DecisionView | None
    error: Failure | None
    active_decision: DecisionView | None = None
    active_error: Failure | None = None


class CallFailed(PointsmanError):
    """The server refused or failed a call, or could not be reached."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(f"{failure.reason or failure.code}: {failure.message}")
