"""What happened, on the wire: attempts, tokens and money."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, Cost
from pointsman.model.catalogue import Model
from pointsman.model.plan import PlannedAttempt
from pointsman.rpc.durations import set_duration
from pointsman.rpc.enums import ATTEMPT_KINDS, ATTEMPT_OUTCOMES
from pointsman.rpc.failure_to_wire import error_summary
from pointsman.v1 import router_service_pb2, routing_pb2, usage_pb2

_INT32_MAX = 2**31 - 1


def usage_report_to_wire(
    attempts: Sequence[Attempt], cost: Cost, wire: router_service_pb2.UsageReport | None = None
) -> router_service_pb2.UsageReport:
    """The report of a whole request, into `wire` where there is one; `usage` stays unset where no attempt served."""
    if wire is None:
        wire = router_service_pb2.UsageReport()
    write_cost(wire.cost, cost)
    for attempt in attempts:
        write_attempt(wire.attempts.add(), attempt)
        if attempt.served:
            _write_usage(wire.usage, attempt.usage)
    return wire


def attempt_ref_to_wire(attempt: Attempt, wire: routing_pb2.AttemptRef | None = None) -> routing_pb2.AttemptRef:
    """An attempt that ended, into `wire` where there is one."""
    if wire is None:
        wire = routing_pb2.AttemptRef()
    _write_ref(wire, attempt)
    return wire


def planned_ref_to_wire(number: int, planned: PlannedAttempt, model: Model) -> routing_pb2.AttemptRef:
    """An attempt that starts, for notices and resets; `number` is 1-based in order of start."""
    return routing_pb2.AttemptRef(
        attempt=number,
        kind=ATTEMPT_KINDS[planned.kind],
        provider=model.provider,
        model=model.id,
        upstream_model=model.upstream,
    )


def _write_ref(wire: routing_pb2.AttemptRef, attempt: Attempt) -> None:
    wire.attempt, wire.kind = attempt.number, ATTEMPT_KINDS[attempt.kind]
    wire.provider, wire.model, wire.upstream_model = attempt.provider, attempt.target, attempt.upstream


def write_attempt(wire: routing_pb2.Attempt, attempt: Attempt) -> None:
    """An attempt that ended, into a field of a response."""
    _write_ref(wire.ref, attempt)
    wire.outcome = ATTEMPT_OUTCOMES[attempt.outcome]
    if attempt.ttft is not None:
        set_duration(wire.ttft, attempt.ttft)
    set_duration(wire.duration, attempt.duration)
    _write_usage(wire.usage, attempt.usage)
    wire.cost_nano_usd, wire.cost_source = attempt.cost_nano_usd, attempt.cost_source.value
    wire.upstream_request_id, wire.served_model = attempt.upstream_request_id, attempt.served_model
    if attempt.gate:
        wire.gate = attempt.gate
    if attempt.dropped:
        wire.dropped.extend(attempt.dropped)
    if attempt.error_reason:
        summary = error_summary(attempt.error_reason, attempt.error_message, attempt.upstream_status)
        wire.error.CopyFrom(summary)


def _write_usage(wire: usage_pb2.Usage, usage: Usage) -> None:
    wire.input_tokens, wire.output_tokens = _int32(usage.input_tokens), _int32(usage.output_tokens)
    # Unset is 0, and most of these are.
    if usage.cached_input_tokens:
        wire.cached_input_tokens = _int32(usage.cached_input_tokens)
    if usage.cache_write_input_tokens:
        wire.cache_write_input_tokens = _int32(usage.cache_write_input_tokens)
    if usage.reasoning_tokens:
        wire.reasoning_tokens = _int32(usage.reasoning_tokens)
    if usage.cache_write_1h_input_tokens:
        wire.cache_write_1h_input_tokens = _int32(usage.cache_write_1h_input_tokens)
    wire.estimated = usage.estimated


def _int32(tokens: int) -> int:
    # A provider's absurd figure must not cost the caller an answer that is already there.
    return tokens if 0 <= tokens <= _INT32_MAX else min(max(tokens, 0), _INT32_MAX)


def write_cost(wire: usage_pb2.Cost, cost: Cost) -> None:
    """A cost, into a field of a response."""
    wire.total_nano_usd, wire.estimated = cost.total, cost.estimated
    wire.answer_nano_usd, wire.overhead_nano_usd = cost.answer, cost.overhead
