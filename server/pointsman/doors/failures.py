"""What each reason of a failure means, and whether its caller may try again: for every door, and for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.engine.exchange import Completion
from pointsman.errors import Reason, RequestError

_LONGEST_DELAY = 86_400.0
"""Seconds. A provider's Retry-After is anybody's number."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason, as callers see it: `meaning` and `retry` in one English line each.

    `delay` is how long to wait, in seconds, where the error knows no better; None: waiting does not help.
    """

    meaning: str
    retry: str = "no"
    delay: float | None = None


FAILURES: Mapping[Reason, Failure] = {
    Reason.INVALID_REQUEST: Failure("The request is malformed, or a value is out of range"),
    Reason.UNKNOWN_TAG: Failure("No such tag is configured, and the operator set strict_tags"),
    Reason.UNKNOWN_TASK: Failure("No such task is configured"),
    Reason.UNSUPPORTED_CONTENT_PART: Failure("A content part is empty or newer than this server"),
    Reason.REQUEST_TOO_LARGE: Failure("The request, or a part of it, is over a size limit"),
    Reason.CONTEXT_TOO_LONG: Failure("The prompt fits no permitted model's context window"),
    Reason.REQUEST_ID_REUSED: Failure("The same request_id came with another payload before"),
    Reason.UNKNOWN_MODEL: Failure("No such model or alias is configured"),
    Reason.UNKNOWN_PROVIDER: Failure("No such provider is configured"),
    Reason.UNKNOWN_DECISION: Failure("No such decision is recorded"),
    Reason.UNKNOWN_BUDGET: Failure("No such budget is configured, or it does not count the request"),
    Reason.UNKNOWN_CONFIG: Failure("No such configuration was active"),
    Reason.NO_CANDIDATE: Failure("Policies together exclude every model"),
    Reason.MAX_COST_UNSATISFIABLE: Failure(
        "Every permitted model could cost more than max_cost_nano_usd", "with at least cheapest_nano_usd"
    ),
    Reason.PROVIDER_REFUSED: Failure("The provider rejects the request as it is"),
    Reason.CONFIG_INVALID: Failure(
        "The configuration document cannot be used; the first ten problems, each with its path"
    ),
    Reason.FEATURE_DISABLED: Failure("This server does not offer what was asked"),
    Reason.CONTENT_BLOCKED: Failure("A provider's content policy blocks the input"),
    Reason.EMPTY_ANSWER: Failure(
        "Every attempt spent its output tokens on reasoning and answered nothing", "with at least min_output_tokens"
    ),
    Reason.GATE_REJECTED: Failure("Quality gates turned every answer down, and no other may follow"),
    Reason.BUDGET_EXHAUSTED: Failure("The budget is exhausted", "not before resets_at"),
    Reason.RATE_LIMITED: Failure(
        "A limit of requests or tokens that the operator set is reached", "after the delay", delay=1.0
    ),
    Reason.PROVIDER_RATE_LIMITED: Failure(
        "The one provider that the caller insists on limits our rate", "after the delay", delay=1.0
    ),
    Reason.OVERLOADED: Failure("This server has too much to do", "yes, after the delay", delay=1.0),
    Reason.ALL_PROVIDERS_DOWN: Failure(
        "Every provider that could serve this is down or limits our rate", "after the delay", delay=1.0
    ),
    Reason.SHUTTING_DOWN: Failure("This server is draining", "at once, on another connection"),
    Reason.STATE_UNAVAILABLE: Failure(
        "The state that replicas share is out of reach, and `state.when_down` says refuse", "after the delay", delay=1.0
    ),
    Reason.LEDGER_UNAVAILABLE: Failure(
        "The answer cannot be recorded, so it is not given; or the ledger cannot be read", "after the delay", delay=1.0
    ),
    Reason.DEADLINE_EXCEEDED: Failure("The deadline passed"),
    Reason.DEADLINE_TOO_SHORT: Failure("The deadline leaves no time for an attempt", "with at least needed_ms"),
    Reason.CALLER_CANCELLED: Failure("The caller went away; seen in logs and ledger only"),
    Reason.CREDENTIALS_MISSING: Failure("The call brings no API key, and needs one"),
    Reason.CREDENTIALS_INVALID: Failure("The API key is unknown, revoked or expired"),
    Reason.PERMISSION_DENIED: Failure("The caller may not do this, whether or not what it names is there"),
    Reason.REQUEST_IN_PROGRESS: Failure(
        "A request with this request_id is still running", "after the delay", delay=1.0
    ),
    Reason.STREAM_INTERRUPTED: Failure(
        "The provider failed after output had begun", "the caller decides, and pays again"
    ),
    Reason.SLOW_CONSUMER: Failure("The caller stopped reading", "the caller decides"),
    Reason.CONFIG_CHANGED: Failure("Another configuration is active than expected_version says"),
    Reason.INTERNAL: Failure("A bug; report it with the decision_id"),
    Reason.PROVIDER_AUTH_FAILED: Failure("A provider refuses this server's key; the caller's credentials are fine"),
    Reason.PROVIDER_PROTOCOL_ERROR: Failure("A provider answered what is not its own wire format"),
}


def retry_delay(error: RequestError) -> float | None:
    """Seconds after which its caller may try again; None where waiting does not help."""
    default = FAILURES[error.reason].delay
    if default is None:
        return None
    return default if error.retry_delay is None else min(max(0.0, error.retry_delay), _LONGEST_DELAY)


def paid(completion: Completion | None) -> bool:
    """Whether a retry might pay for an answer twice. Policies' questions are too cheap to forbid one."""
    if completion is None:
        return False
    billed = any(attempt.answers and attempt.cost_nano_usd for attempt in completion.attempts)
    return completion.output_started or billed
