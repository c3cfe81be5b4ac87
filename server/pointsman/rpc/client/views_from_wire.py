"""Answers of the server as views. What a newer server adds is shown by its number or left out, never an error."""

from __future__ import annotations

from typing import cast

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.attempt import Cost
from pointsman.model.decision import Estimate
from pointsman.model.request import ProviderState
from pointsman.rpc.client.views import (
    AttemptView,
    CandidateView,
    DecisionView,
    FinishView,
    NoticeView,
    ResetView,
    StreamEvent,
    UsageView,
    VerdictView,
)
from pointsman.v1 import errors_pb2, router_service_pb2, routing_pb2, usage_pb2


def event_from_wire(wire: router_service_pb2.CompleteResponse) -> StreamEvent | None:
    """One event of a stream; None for heartbeats, and for what only newer clients know."""
    match wire.WhichOneof("event"):
        case "text_delta":
            return TextDelta(wire.part_index, wire.text_delta.text, _state(wire.text_delta))
        case "reasoning_delta":
            return ReasoningDelta(wire.part_index, wire.reasoning_delta.text, _state(wire.reasoning_delta))
        case "tool_call_delta":
            call = wire.tool_call_delta
            return ToolCallDelta(wire.part_index, call.id, call.name, call.arguments_json_fragment, _state(call))
        case "decision":
            return decision_from_wire(wire.decision)
        case "notice":
            return _notice(wire.notice)
        case "reset":
            return ResetView(wire.reset.next.model)
        case "usage":
            return _usage_report(wire.usage)
        case "finish":
            return _finish(wire.finish)
        case _:
            return None


def decision_from_wire(wire: routing_pb2.Decision) -> DecisionView:
    """A decision, with as much of its trace as was asked for."""
    return DecisionView(
        decision_id=wire.decision_id,
        model=wire.model,
        provider=wire.provider,
        upstream=wire.upstream_model,
        tier=wire.tier,
        task=wire.task.task,
        task_source=wire.task.source,
        confidence=wire.task.confidence,
        mode=word(routing_pb2.Mode, "MODE_", wire.mode),
        decided_by=wire.decided_by,
        decided_by_kind=word(routing_pb2.PolicyKind, "POLICY_KIND_", wire.decided_by_kind),
        reason=wire.reason,
        estimate=_estimate(wire.estimate),
        plan=tuple(attempt.model for stage in wire.plan.stages for attempt in stage.attempts),
        candidates=tuple(map(_candidate, wire.candidates)),
        trace=tuple(map(_verdict, wire.trace)),
        config_version=wire.config_version,
        seconds=seconds(wire.decide_duration),
    )


def reason_word(number: int) -> str:
    """The name of an error reason; "" for none."""
    name = word(errors_pb2.ErrorReason, "ERROR_REASON_", number).upper()
    return "" if name == "UNSPECIFIED" else name


def code_word(number: int) -> str:
    """gRPC's name of a status code; a number that it does not know stays one."""
    return next((code.name for code in grpc.StatusCode if code.value[0] == number), str(number))


def seconds(wire: Duration) -> float:
    return wire.seconds + wire.nanos / 1e9


def _state(
    wire: router_service_pb2.TextDelta | router_service_pb2.ReasoningDelta | router_service_pb2.ToolCallDelta,
) -> ProviderState | None:
    if not wire.HasField("provider_state"):
        return None
    return ProviderState(wire.provider_state.provider, wire.provider_state.data)


def word(wire: type[int], prefix: str, number: int) -> str:
    """A member's name as our enums spell it; a number that we do not know stays one."""
    # The stubs declare a class where there is a wrapper at run time.
    names = {value: name for name, value in cast(EnumTypeWrapper, wire).items()}
    return names.get(number, str(number)).removeprefix(prefix).lower()


def _candidate(wire: routing_pb2.Candidate) -> CandidateView:
    return CandidateView(
        model=wire.model,
        provider=wire.provider,
        tier=wire.tier,
        eligible=wire.eligible,
        estimate=_estimate(wire.estimate),
        ttft=seconds(wire.estimated_ttft) if wire.HasField("estimated_ttft") else None,
        excluded_by=wire.excluded_by,
        excluded_reason=wire.excluded_reason,
    )


def _estimate(wire: routing_pb2.CostEstimate) -> Estimate:
    return Estimate(wire.expected_nano_usd, wire.worst_case_nano_usd, wire.input_tokens, wire.expected_output_tokens)


def _verdict(wire: routing_pb2.PolicyVerdict) -> VerdictView:
    return VerdictView(
        policy=wire.policy,
        kind=word(routing_pb2.PolicyKind, "POLICY_KIND_", wire.kind),
        hook=wire.hook,
        outcome=word(routing_pb2.VerdictOutcome, "VERDICT_OUTCOME_", wire.outcome),
        reason=wire.reason,
        seconds=seconds(wire.duration) if wire.HasField("duration") else None,
        before=wire.candidates_before,
        after=wire.candidates_after,
        dry_run=wire.dry_run,
    )


def _notice(wire: router_service_pb2.RouteNotice) -> NoticeView:
    kind = word(router_service_pb2.NoticeKind, "NOTICE_KIND_", wire.kind)
    return NoticeView(kind, wire.attempt.model, wire.attempt.provider, wire.message or wire.error.message)


def _usage_report(wire: router_service_pb2.UsageReport) -> UsageView:
    cost = Cost(wire.cost.answer_nano_usd, wire.cost.overhead_nano_usd, wire.cost.estimated)
    return UsageView(_usage(wire.usage), cost, tuple(map(_attempt, wire.attempts)))


def _usage(wire: usage_pb2.Usage) -> Usage:
    return Usage(
        wire.input_tokens,
        wire.output_tokens,
        wire.cached_input_tokens,
        wire.cache_write_input_tokens,
        wire.reasoning_tokens,
        wire.estimated,
        wire.cache_write_1h_input_tokens,
    )


def _attempt(wire: routing_pb2.Attempt) -> AttemptView:
    status = wire.error.metadata.get("upstream_status", "")
    return AttemptView(
        number=wire.ref.attempt,
        kind=word(routing_pb2.AttemptKind, "ATTEMPT_KIND_", wire.ref.kind),
        model=wire.ref.model,
        provider=wire.ref.provider,
        upstream=wire.ref.upstream_model,
        outcome=word(routing_pb2.AttemptOutcome, "ATTEMPT_OUTCOME_", wire.outcome),
        ttft=seconds(wire.ttft) if wire.HasField("ttft") else None,
        duration=seconds(wire.duration),
        usage=_usage(wire.usage),
        cost_nano_usd=wire.cost_nano_usd,
        cost_source=wire.cost_source,
        served_model=wire.served_model,
        error=reason_word(wire.error.reason),
        error_message=wire.error.message,
        upstream_status=int(status) if status.isdecimal() else 0,
        gate=wire.gate,
    )


def _finish(wire: router_service_pb2.Finish) -> FinishView:
    return FinishView(
        reason=word(router_service_pb2.FinishReason, "FINISH_REASON_", wire.reason),
        model=wire.served_by.model,
        provider=wire.served_by.provider,
        ttft=seconds(wire.ttft) if wire.HasField("ttft") else None,
        duration=seconds(wire.duration),
    )
