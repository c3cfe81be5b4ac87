"""A log line for each request: what its record says, without a word of prompt or answer."""

from __future__ import annotations

import logging
from typing import Literal

from msgspec import Struct

from pointsman.errors import Reason
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Decision
from pointsman.model.events import Event, RequestEnded
from pointsman.model.fingerprint import prompt_hash, session_hash
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record

log = logging.getLogger("pointsman.requests")

_NANO = 10**9
_TOLD = "request_line"


class RequestLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of a line, as `names.REQUEST_FIELDS` documents them. Money in dollars, times in seconds."""

    method: str
    status: str
    tenant: str
    duration: float
    task: str = ""
    task_source: str = ""
    mode: str = ""
    tier: str = ""
    model: str = ""
    provider: str = ""
    reported_model: str = ""
    decided_by: str = ""
    why: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cached_input_tokens: int = 0
    cost_usd: float = 0.0
    overhead_usd: float = 0.0
    estimated: bool = False
    ttft: float | None = None
    attempts: int = 0
    fallback: bool = False
    escalated: bool = False
    project: str = ""
    feature: str = ""
    session: str = ""
    prompt_hash: str = ""
    config_version: str = ""


class RequestLog:
    """An observer that logs requests when they end: all, or those that failed and whose callers were still there."""

    def __init__(self, which: Literal["all", "failures"]) -> None:
        # What is not logged then.
        self._passed_over = frozenset() if which == "all" else frozenset({"OK", Reason.CALLER_CANCELLED.value})

    def __call__(self, event: Event) -> None:
        if not isinstance(event, RequestEnded) or event.record.status in self._passed_over:
            return
        record = event.record
        level = logging.INFO if record.status in ("OK", Reason.CALLER_CANCELLED) else logging.WARNING
        if log.isEnabledFor(level):
            extra = {"decision_id": record.decision_id, _TOLD: line_of(record)}
            log.log(level, "request %s", record.status, extra=extra)


def line_of(record: Record) -> RequestLine:
    """What is logged of a request."""
    request, decision, label = record.request, record.decision, record.request.hints.labels.get
    tried = [attempt for attempt in record.attempts if attempt.answers]
    served = next((attempt for attempt in tried if attempt.served), None)
    # Of the answer; failing that, of what was tried last.
    shown = served or (tried[-1] if tried else None)
    usages = [attempt.usage for attempt in record.attempts]
    decided = decision if isinstance(decision, Decision) else None
    session = request.session
    return RequestLine(
        method=record.method,
        status=record.status,
        tenant=request.tenant,
        duration=round(record.duration, 6),
        task=decision.assessed.task if decision else "",
        task_source=decision.assessed.source if decision else "",
        mode=decision.assessed.mode.value if decision else "",
        tier=record.tier,
        model=_model(shown, decided),
        provider=shown.provider if shown else record.provider,
        reported_model=shown.served_model if shown else "",
        decided_by=decided.decided_by if decided else "",
        why=record.message or (decided.reason if decided else ""),
        input_tokens=sum([usage.input_tokens for usage in usages]),
        output_tokens=sum([usage.output_tokens for usage in usages]),
        reasoning_tokens=sum([usage.reasoning_tokens for usage in usages]),
        cached_input_tokens=sum([usage.cached_input_tokens for usage in usages]),
        cost_usd=record.cost.total / _NANO,
        overhead_usd=record.cost.overhead / _NANO,
        estimated=record.cost.estimated,
        ttft=None if record.ttft is None else round(record.ttft, 6),
        attempts=len(tried),
        fallback=any(attempt.kind is AttemptKind.FAILOVER for attempt in tried),
        escalated=any(attempt.kind is AttemptKind.ESCALATION for attempt in tried),
        project=label("project", ""),
        feature=label("feature", ""),
        session=session_hash(session) if session else "",
        prompt_hash=prompt_hash(request.messages),
        config_version=record.snapshot.config_version,
    )


def told(record: logging.LogRecord) -> RequestLine | None:
    """The line that a log record carries."""
    line: RequestLine | None = getattr(record, _TOLD, None)
    return line


def in_words(line: RequestLine) -> str:
    """For people."""
    parts = [f"{line.method} {line.status}"]
    if line.model:
        parts.append(f"{line.task} -> {line.model} ({line.decided_by})")
    if line.attempts:
        parts.append(f"{line.input_tokens}+{line.output_tokens} tokens, ${line.cost_usd:.6f}")
    if line.why and line.status != "OK":
        parts.append(line.why)
    return ", ".join([*parts, f"{line.duration:.3f} s"])


def _model(shown: Attempt | None, decided: Decision | None) -> str:
    if shown:
        return shown.target
    return decided.target if decided else ""
