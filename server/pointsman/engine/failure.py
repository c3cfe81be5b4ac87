"""From why attempts failed to what the caller is told."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.engine.exchange import Exchange
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Refusal

RETRY_DELAY = 1.0
"""Seconds a caller should wait where no provider said when to come back."""

FLOOR = 4096
"""Output tokens that a reasoning model needs before it can be expected to answer at all."""

_DOWN = frozenset({Reason.ALL_PROVIDERS_DOWN, Reason.PROVIDER_RATE_LIMITED})


def refused(refusal: Refusal) -> RequestError:
    """The error of a decision that left nothing to try."""
    reason, metadata = Reason(refusal.reason), dict(refusal.metadata)
    delay = None
    if reason in (Reason.ALL_PROVIDERS_DOWN, Reason.RATE_LIMITED):
        # When the first of them is tried again, where health says so; or when counting begins anew.
        known = metadata.get("retry_after_ms")
        delay = RETRY_DELAY if known is None else max(RETRY_DELAY, int(known) / 1000)
    return RequestError(
        reason,
        refusal.message,
        metadata=metadata,
        retry_delay=delay,
        violations=refusal.violations,
    )


def exhausted(failures: Sequence[ProviderError], exchange: Exchange) -> RequestError:
    """Every stage failed. That providers are down outweighs what others said, because waiting then helps."""
    last = failures[-1]
    if exchange.output_started:
        return interrupted(last, _last_failed(exchange))
    down = [failure for failure in failures if failure.reason in _DOWN]
    if last.reason is Reason.DEADLINE_EXCEEDED or not last.retryable or not down:
        return _told(last, max(attempt.usage.output_tokens for attempt in exchange.attempts if attempt.answers))
    delay = min((f.retry_after for f in down if f.retry_after is not None), default=RETRY_DELAY)
    if len(failures) == 1 and last.reason is Reason.PROVIDER_RATE_LIMITED and _strict(exchange):
        return RequestError(last.reason, last.message, retry_delay=delay)
    message = "; ".join(failure.message for failure in failures[-4:])
    return RequestError(Reason.ALL_PROVIDERS_DOWN, f"no provider answered: {message}", retry_delay=delay)


def gated(reason: str, *, output_started: bool) -> RequestError:
    """A gate turned the last answer down, and the plan has nothing to follow it."""
    metadata = {"gate": reason.partition(":")[0]}
    if output_started:
        metadata["output_started"] = "true"
    return RequestError(Reason.GATE_REJECTED, f"no answer passed its gate: {reason}", metadata=metadata)


def priced_out() -> RequestError:
    """There was somebody left to ask, but no money left to ask with."""
    return RequestError(
        Reason.MAX_COST_UNSATISFIABLE, "what failed attempts cost leaves no room for another under max_cost_nano_usd"
    )


def interrupted(error: ProviderError, attempt: Attempt) -> RequestError:
    """The answer broke off after output had begun; a blind retry would pay twice and glue two answers together."""
    if error.reason is Reason.DEADLINE_EXCEEDED:
        return RequestError(Reason.DEADLINE_EXCEEDED, error.message)
    if error.reason is Reason.EMPTY_ANSWER:
        return _told(error, attempt.usage.output_tokens)
    return RequestError(
        Reason.STREAM_INTERRUPTED,
        f"the answer of {attempt.target} broke off: {error.message}",
        metadata={"output_started": "true"},
    )


def shut_down(*, output_started: bool) -> RequestError:
    """What ended the call is that this server stops; as above, a blind retry is only good before any output."""
    if output_started:
        message = "the server shut down before the answer was complete"
        return RequestError(Reason.STREAM_INTERRUPTED, message, metadata={"output_started": "true"})
    return RequestError(Reason.SHUTTING_DOWN, "the server is shutting down")


def _last_failed(exchange: Exchange) -> Attempt:
    return next(attempt for attempt in reversed(exchange.attempts) if attempt.outcome is AttemptOutcome.FAILED)


def _told(error: ProviderError, output_tokens: int) -> RequestError:
    """One attempt's own error; `output_tokens` is what was spent in vain where the answer was empty."""
    metadata = dict(error.metadata)
    if error.reason is Reason.EMPTY_ANSWER:
        metadata["min_output_tokens"] = str(max(FLOOR, 2 * output_tokens))
    return RequestError(error.reason, error.message, metadata=metadata)


def _strict(exchange: Exchange) -> bool:
    override = exchange.request.hints.model_override
    return override is not None and override.strict
