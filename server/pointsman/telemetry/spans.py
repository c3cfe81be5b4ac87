"""The spans of a call that is over, as plain values, named as OpenTelemetry does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Decision, Refusal, Verdict, VerdictOutcome
from pointsman.model.events import Decided, GateJudged
from pointsman.telemetry import semconv
from pointsman.telemetry.tracing import Context, Ended, Trace, new_span_id

Value = str | int | float | bool | tuple[str, ...]

_NANO = 10**9
# The codes of which the conventions say that a server's span has failed; others are the caller's business.
_FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
_NOT_FAILED = frozenset({AttemptOutcome.SERVED, AttemptOutcome.GATED, AttemptOutcome.LOST})


class SpanKind(Enum):
    SERVER = "server"
    INTERNAL = "internal"
    CLIENT = "client"


class SpanEvent(Struct, frozen=True):
    """`at` is Unix nanoseconds."""

    name: str
    at: int
    attributes: Mapping[str, Value]


class Span(Struct, frozen=True, kw_only=True):
    """One span. Ids are hex, instants Unix nanoseconds.

    `parent` None: it begins a trace. `remote`: its parent is the caller's. `link` is another trace's span that it
    follows. `error` is why it failed, "" where it did not.
    """

    name: str
    kind: SpanKind
    context: Context
    start: int
    end: int
    attributes: Mapping[str, Value]
    parent: Context | None = None
    remote: bool = False
    events: tuple[SpanEvent, ...] = ()
    link: Context | None = None
    error: str = ""


def spans_of(trace: Trace, codes: Mapping[str, str]) -> Iterator[Span]:
    """All spans of a sampled call; `codes` are gRPC's status codes by reason."""
    assert trace.own is not None
    yield _server(trace, trace.own, codes[trace.reason])
    requests = {note.decision_id: note for _, note in trace.notes if isinstance(note, Ended)}
    for at, note in trace.notes:
        if isinstance(note, Decided):
            yield from _decided(trace.own, note, requests.get(note.decision_id), at)
        elif isinstance(note, GateJudged):
            yield _judged(trace.own, note)
        else:
            for attempt in note.attempts:
                yield _attempted(trace, note, attempt)


def _server(trace: Trace, own: Context, code: str) -> Span:
    verb, space, route = trace.method.partition(" ")
    # A gRPC method has no space in its name.
    attributes = {semconv.HTTP_METHOD: verb, semconv.HTTP_ROUTE: route} if space else {semconv.RPC_SYSTEM: "grpc"}
    if not space:
        attributes |= {semconv.RPC_METHOD: trace.method, semconv.RPC_STATUS: code}
    failed = code in _FAULTS
    if trace.reason != "OK":
        attributes[semconv.ERROR_TYPE] = trace.reason
    return Span(
        name=trace.method,
        kind=SpanKind.SERVER,
        context=own,
        parent=trace.parent,
        remote=True,
        start=trace.began,
        end=trace.ended,
        attributes=attributes,
        error=trace.reason if failed else "",
    )


def _decided(own: Context, note: Decided, request: Ended | None, at: int) -> Iterator[Span]:
    """The decision, and what the shadow entries made of it as a trace of its own: it never touched the caller's."""
    start = at if request is None else _nanos(request.received + note.after)
    end = start + _nanos(note.seconds)
    context = _beside(own)
    attributes = _decision(note.decision_id, note.decision)
    if request is not None:
        attributes |= {semconv.TENANT: request.tenant, semconv.TIER: request.tier}
        attributes[semconv.COST] = request.cost_nano_usd / _NANO
    yield Span(
        name=semconv.DECIDE_SPAN,
        kind=SpanKind.INTERNAL,
        context=context,
        parent=own,
        start=start,
        end=end,
        attributes=attributes,
        events=_verdicts(note.decision.trace, end),
    )
    if note.shadow is not None:
        yield Span(
            name=semconv.DECIDE_SPAN,
            kind=SpanKind.INTERNAL,
            context=Context(new_span_id() + new_span_id(), new_span_id(), own.flags),
            start=end,
            end=max(at, end),
            attributes=_decision(note.decision_id, note.shadow) | {semconv.SHADOW: True},
            events=_verdicts(note.shadow.trace, max(at, end)),
            link=context,
        )


def _decision(decision_id: str, decision: Decision | Refusal) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        semconv.DECISION_ID: decision_id,
        semconv.CONFIG_VERSION: decision.config_version,
        semconv.TASK: decision.assessed.task,
        semconv.MODE: decision.assessed.mode.value,
        semconv.SILENT_POLICIES: _silent(decision.trace),
    }
    if isinstance(decision, Decision):
        return attributes | {semconv.MODEL: decision.target, semconv.DECIDED_BY: decision.decided_by}
    return attributes | {semconv.ERROR_TYPE: decision.reason}


def _verdicts(verdicts: tuple[Verdict, ...], at: int) -> tuple[SpanEvent, ...]:
    """One event for what each policy answered to each hook; they have an order, and no instants of their own."""
    return tuple([SpanEvent(semconv.POLICY_EVENT, at, _verdict(verdict)) for verdict in verdicts if _speaks(verdict)])


def _speaks(verdict: Verdict) -> bool:
    """Most policies have nothing to say of most requests: as events they would be most of what is sent."""
    return bool(verdict.reason) or verdict.outcome is not VerdictOutcome.NO_OPINION


def _silent(verdicts: tuple[Verdict, ...]) -> tuple[str, ...]:
    """The policies that were asked and had nothing to say to any hook, in order."""
    speaking = {verdict.policy for verdict in verdicts if _speaks(verdict)}
    return tuple(dict.fromkeys([verdict.policy for verdict in verdicts if verdict.policy not in speaking]))


def _verdict(verdict: Verdict) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        semconv.POLICY: verdict.policy,
        semconv.POLICY_KIND: verdict.kind.value,
        semconv.POLICY_HOOK: verdict.hook,
        semconv.POLICY_OUTCOME: verdict.outcome.value,
    }
    if verdict.reason:
        attributes[semconv.POLICY_REASON] = verdict.reason
    if verdict.dry_run:
        attributes[semconv.POLICY_SHADOW] = True
    return attributes


def _judged(own: Context, note: GateJudged) -> Span:
    start = _nanos(note.started)
    return Span(
        name=f"{semconv.GATE_SPAN} {note.gate}",
        kind=SpanKind.INTERNAL,
        context=_beside(own),
        parent=own,
        start=start,
        end=start + _nanos(note.seconds),
        attributes={
            semconv.DECISION_ID: note.decision_id,
            semconv.GATE: note.gate,
            semconv.GATE_ACCEPTED: note.accepted,
        },
    )


def _attempted(trace: Trace, request: Ended, attempt: Attempt) -> Span:
    own = trace.own
    assert own is not None
    told = trace.spans.get((request.decision_id, attempt.number))
    start = _nanos(attempt.started)
    return Span(
        name=f"{semconv.CHAT} {attempt.upstream}",
        kind=SpanKind.CLIENT,
        context=Context(own.trace_id, told, own.flags, own.state) if told else _beside(own),
        parent=own,
        start=start,
        end=start + _nanos(attempt.duration),
        attributes=_attempt(request.decision_id, attempt),
        error="" if attempt.outcome in _NOT_FAILED else attempt.error_reason or attempt.outcome.value,
    )


def _attempt(decision_id: str, attempt: Attempt) -> dict[str, Value]:
    usage = attempt.usage
    attributes: dict[str, Value] = {
        semconv.OPERATION: semconv.CHAT,
        semconv.PROVIDER: attempt.provider,
        semconv.REQUEST_MODEL: attempt.upstream,
        semconv.REQUEST_STREAM: attempt.chunks > 0,
        semconv.INPUT_TOKENS: usage.input_tokens,
        semconv.OUTPUT_TOKENS: usage.output_tokens,
        semconv.CACHE_READ_TOKENS: usage.cached_input_tokens,
        semconv.CACHE_WRITE_TOKENS: usage.cache_write_input_tokens,
        semconv.REASONING_TOKENS: usage.reasoning_tokens,
        semconv.DECISION_ID: decision_id,
        semconv.MODEL: attempt.target,
        semconv.ATTEMPT_NUMBER: attempt.number,
        semconv.ATTEMPT_KIND: attempt.kind.value,
        semconv.ATTEMPT_OUTCOME: attempt.outcome.value,
        semconv.COST: attempt.cost_nano_usd / _NANO,
    }
    if attempt.served_model:
        attributes[semconv.RESPONSE_MODEL] = attempt.served_model
    if attempt.upstream_request_id:
        attributes[semconv.RESPONSE_ID] = attempt.upstream_request_id
    if attempt.ttft is not None:
        attributes[semconv.FIRST_CHUNK] = attempt.ttft
    if attempt.error_reason:
        attributes[semconv.ERROR_TYPE] = attempt.error_reason
    return attributes


def _beside(own: Context) -> Context:
    return Context(own.trace_id, new_span_id(), own.flags, own.state)


def _nanos(seconds: float) -> int:
    """Of whole microseconds: as Unix seconds, a float knows no more."""
    return round(seconds * 1e6) * 1000
