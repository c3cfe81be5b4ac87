"""FeedbackService: what was said of a decision, and what came of it where its caller ran the model."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from time import time
from typing import Any

from google.protobuf.duration_pb2 import Duration

from pointsman.doors.callers import Visit, require, whose
from pointsman.doors.limits import (
    COMMENT_BYTES,
    COST_MAX,
    LABEL_VALUE_BYTES,
    LABELS,
    NAME_BYTES,
    OUTCOMES,
    REQUEST_ID_BYTES,
    RETRY_DELAY_MAX,
)
from pointsman.doors.violations import Violations
from pointsman.engine.exchange import new_id
from pointsman.engine.explain import Explainer
from pointsman.engine.failure import RETRY_DELAY
from pointsman.engine.outcomes import Outcome, Outcomes
from pointsman.engine.rules import not_found
from pointsman.errors import LedgerUnavailable, Reason, RequestError
from pointsman.model.answer import Usage
from pointsman.model.caller import Permission
from pointsman.model.catalogue import Catalogue
from pointsman.model.feedback import Feedback
from pointsman.nearest import nearest
from pointsman.ports import Ledger
from pointsman.rpc.durations import set_timestamp
from pointsman.rpc.enums import FEEDBACK_SOURCES, REASONS
from pointsman.rpc.usage_to_wire import write_cost
from pointsman.v1 import errors_pb2, usage_pb2
from pointsman.v1 import feedback_service_pb2 as wire

_SOURCES = {number: source for source, number in FEEDBACK_SOURCES.items()}
_NAMES = {number: name for name, number in REASONS.items()}
_DAY = 86_400.0

REPORTABLE = frozenset(
    {
        Reason.ALL_PROVIDERS_DOWN,
        Reason.PROVIDER_RATE_LIMITED,
        Reason.PROVIDER_AUTH_FAILED,
        Reason.PROVIDER_REFUSED,
        Reason.PROVIDER_PROTOCOL_ERROR,
        Reason.CONTENT_BLOCKED,
        Reason.CONTEXT_TOO_LONG,
        Reason.EMPTY_ANSWER,
        Reason.CALLER_CANCELLED,
    }
)
"""Why an attempt that a caller made may have failed."""


class FeedbackDesk:
    """Methods of FeedbackService, to be guarded. `keep_comments`: as prompts are kept, which comments may quote."""

    def __init__(
        self,
        explainer: Explainer,
        outcomes: Outcomes,
        ledger: Ledger,
        catalogue: Callable[[], Catalogue],
        *,
        keep_comments: bool,
    ) -> None:
        self._explainer, self._outcomes, self._ledger = explainer, outcomes, ledger
        self._catalogue, self._keep_comments = catalogue, keep_comments

    # The context is grpc's: annotations of its own say no more.
    async def submit(
        self, request: wire.SubmitFeedbackRequest, context: Any, visit: Visit
    ) -> wire.SubmitFeedbackResponse:
        """FeedbackService.SubmitFeedback."""
        feedback = feedback_from_wire(request, self._catalogue(), keep_comment=self._keep_comments)
        await self._explainer.explain(request.decision_id, whose(visit.caller) or None)
        try:
            await self._ledger.add_feedback(feedback)
        except LedgerUnavailable:
            raise RequestError(
                Reason.LEDGER_UNAVAILABLE, "the feedback could not be recorded", retry_delay=RETRY_DELAY
            ) from None
        return wire.SubmitFeedbackResponse(feedback_id=feedback.feedback_id, comment_kept=bool(feedback.comment))

    async def report(
        self, request: wire.ReportOutcomeRequest, context: Any, visit: Visit
    ) -> wire.ReportOutcomeResponse:
        """FeedbackService.ReportOutcome."""
        require(visit.caller, Permission.REPORT, "ReportOutcome")
        charged = await self._outcomes.report(whose(visit.caller) or None, outcome_from_wire(request))
        response = wire.ReportOutcomeResponse(known_already=charged.known_already)
        write_cost(response.cost, charged.cost)
        return response


def feedback_from_wire(request: wire.SubmitFeedbackRequest, catalogue: Catalogue, *, keep_comment: bool) -> Feedback:
    """All of it, or InvalidRequest with everything that is wrong; UNKNOWN_MODEL for a model that nobody configured."""
    found = Violations()
    _check_decision(request.decision_id, found)
    found.check_bytes("feedback_id", request.feedback_id, REQUEST_ID_BYTES)
    found.check_bytes("comment", request.comment, COMMENT_BYTES)
    source = _SOURCES.get(request.source or wire.FEEDBACK_SOURCE_END_USER)
    if source is None:
        found.add("source", f"{request.source} is not a source we know")
    score = request.score if request.HasField("score") else None
    if score is not None and not 0 <= score <= 1:
        found.add("score", f"is {score:g}, and must be between 0 (worst) and 1 (best)")
    opinions = (request.correct_task, request.preferred_model, request.preferred_tier, request.comment)
    if score is None and not any(opinions):
        found.add("score", "must be set, or a task, a model, a tier or a comment: this says nothing")
    _check_names(request, catalogue, found)
    found.raise_if_any()
    assert source
    return Feedback(
        feedback_id=request.feedback_id or new_id(),
        decision_id=request.decision_id,
        received=time(),
        source=source,
        score=score,
        correct_task=request.correct_task,
        preferred_model=_model(request.preferred_model, catalogue),
        preferred_tier=request.preferred_tier,
        comment=request.comment if keep_comment else "",
        labels=dict(sorted(request.labels.items())),
    )


def _check_names(request: wire.SubmitFeedbackRequest, catalogue: Catalogue, found: Violations) -> None:
    task, tier = request.correct_task, request.preferred_tier
    if task and task not in catalogue.tasks:
        found.add("correct_task", f"no task {task[:64]!r} is configured{nearest(task, catalogue.tasks)}")
    if tier and tier not in catalogue.tiers:
        found.add("preferred_tier", f"no tier {tier[:64]!r} is configured{nearest(tier, catalogue.tiers)}")
    if found.check_count("labels", len(request.labels), LABELS):
        for key, value in sorted(request.labels.items()):
            found.check_bytes(f"labels[{key[:64]!r}]", key, NAME_BYTES)
            found.check_bytes(f"labels[{key[:64]!r}]", value, LABEL_VALUE_BYTES)


def _model(name: str, catalogue: Catalogue) -> str:
    if not name:
        return ""
    model = catalogue.find(name)
    if model is None:
        raise not_found(Reason.UNKNOWN_MODEL, "model", name, [*catalogue.models, *catalogue.aliases])
    return model.id


def outcome_from_wire(request: wire.ReportOutcomeRequest) -> Outcome:
    """All of it, or InvalidRequest with everything that is wrong."""
    found = Violations()
    _check_decision(request.decision_id, found)
    if request.attempt > OUTCOMES:
        found.add("attempt", f"is {request.attempt}, and at most {OUTCOMES} are taken for one decision")
    found.check_bytes("provider", request.provider, NAME_BYTES)
    found.check_bytes("model", request.model, NAME_BYTES)
    duration = _seconds(request.duration, "duration", _DAY, found)
    ttft = _seconds(request.ttft, "ttft", duration, found) if request.HasField("ttft") else None
    error, status, retry_after = "", 0, None
    if request.HasField("error"):
        error, status = _error(request.error, found)
        if request.error.HasField("retry_delay"):
            retry_after = _seconds(request.error.retry_delay, "error.retry_delay", RETRY_DELAY_MAX, found)
    cost = request.cost_nano_usd if request.HasField("cost_nano_usd") else None
    if cost is not None and not 0 <= cost <= COST_MAX:
        found.add("cost_nano_usd", f"is {cost}, and must be between 0 and {COST_MAX}")
    usage = _usage(request.usage, found) if request.HasField("usage") else None
    found.raise_if_any()
    return Outcome(
        decision_id=request.decision_id,
        number=request.attempt or 1,
        model=request.model,
        provider=request.provider,
        error=error,
        upstream_status=status,
        retry_after=retry_after,
        ttft=ttft,
        duration=duration,
        usage=usage,
        cost_nano_usd=cost,
    )


def _check_decision(decision_id: str, found: Violations) -> None:
    if not decision_id:
        found.add("decision_id", "must not be empty")
    found.check_bytes("decision_id", decision_id, NAME_BYTES)


def _seconds(given: Duration, field: str, most: float, found: Violations) -> float:
    seconds = given.seconds + given.nanos / 1e9
    if not isfinite(seconds) or not 0 <= seconds <= most:
        found.add(field, f"is {seconds:g} s, and must be between 0 and {most:g} s")
    return seconds


def _error(error: errors_pb2.ErrorSummary, found: Violations) -> tuple[str, int]:
    """The reason, and the provider's HTTP status, 0 where none came."""
    name = _NAMES.get(error.reason, "")
    if name not in REPORTABLE:
        told = ", ".join(sorted(REPORTABLE))
        found.add("error.reason", f"is {name or error.reason}, and must be one of {told}")
    status = error.metadata.get("upstream_status", "0")
    if not (status.isascii() and status.isdigit() and int(status) <= 999):
        found.add("error.metadata[upstream_status]", "must be an HTTP status such as 503")
        return name, 0
    return name, int(status)


def _usage(usage: usage_pb2.Usage, found: Violations) -> Usage:
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_input_tokens": usage.cache_write_input_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
    for name, tokens in counts.items():
        if tokens < 0:
            found.add(f"usage.{name}", f"is {tokens}, and must not be negative")
    return Usage(**counts, estimated=usage.estimated)


def feedback_to_wire(feedback: Feedback, written: wire.Feedback) -> None:
    """What was kept, into a field of a response."""
    written.feedback_id, written.source = feedback.feedback_id, FEEDBACK_SOURCES[feedback.source]
    set_timestamp(written.receive_time, feedback.received)
    if feedback.score is not None:
        written.score = feedback.score
    written.correct_task, written.comment = feedback.correct_task, feedback.comment
    written.preferred_model, written.preferred_tier = feedback.preferred_model, feedback.preferred_tier
    written.labels.update(feedback.labels)
