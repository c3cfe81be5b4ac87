"""What an attempt that ended says of the model it was made at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pointsman.errors import Reason
from pointsman.model.attempt import Attempt, AttemptOutcome


class Sign(Enum):
    """ANSWERED also with a refusal: who refuses a request is there. NOTHING: whatever it was, it was not the model."""

    ANSWERED = "answered"
    FAILED = "failed"
    LIMITED = "limited"
    KEY_REFUSED = "key refused"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`what` is a few words of ours, such as "HTTP 503". `retry_after` in seconds, None where nothing was asked for.

    `provider_wide`: it holds for every model of the provider.
    """

    sign: Sign
    what: str = ""
    retry_after: float | None = None
    provider_wide: bool = False


_SIGNS: dict[str, Sign] = {
    Reason.ALL_PROVIDERS_DOWN: Sign.FAILED,
    Reason.PROVIDER_PROTOCOL_ERROR: Sign.FAILED,
    Reason.PROVIDER_RATE_LIMITED: Sign.LIMITED,
    Reason.PROVIDER_AUTH_FAILED: Sign.KEY_REFUSED,
    Reason.PROVIDER_REFUSED: Sign.ANSWERED,
    Reason.CONTENT_BLOCKED: Sign.ANSWERED,
    Reason.CONTEXT_TOO_LONG: Sign.ANSWERED,
    Reason.REQUEST_TOO_LARGE: Sign.ANSWERED,
    Reason.EMPTY_ANSWER: Sign.ANSWERED,
}
_ANSWERED, _NOTHING = Evidence(Sign.ANSWERED), Evidence(Sign.NOTHING)


def evidence_of(attempt: Attempt) -> Evidence:
    """The provider's fault or not: cancelled attempts, short deadlines and our own bugs say nothing."""
    if attempt.outcome is AttemptOutcome.SERVED:
        return _ANSWERED
    if attempt.outcome is AttemptOutcome.CANCELLED:
        return _NOTHING
    sign = _SIGNS.get(attempt.error_reason, Sign.NOTHING)
    return Evidence(sign, _what(attempt), attempt.retry_after, attempt.provider_wide)


def _what(attempt: Attempt) -> str:
    status = attempt.upstream_status
    if status >= 400:
        return f"HTTP {status}"
    if attempt.error_reason == Reason.PROVIDER_PROTOCOL_ERROR:
        return "an answer that is not its own wire format"
    # A status without headers to read it from is 0: nobody was reached, or nobody spoke in time.
    return "an answer that broke off" if status else "no answer"
