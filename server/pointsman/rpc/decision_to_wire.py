"""Decisions on the wire, as much of them as the caller asked to see."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.engine.exchange import Routed
from pointsman.model.catalogue import Model
from pointsman.model.decision import Assessed, Candidate, Decision, Estimate, Refusal, Verdict
from pointsman.model.plan import Plan
from pointsman.rpc.durations import set_duration, set_timestamp
from pointsman.rpc.enums import ATTEMPT_KINDS, MODES, POLICY_KINDS, VERDICT_OUTCOMES
from pointsman.rpc.from_wire import TraceLevel
from pointsman.v1 import routing_pb2


def decision_to_wire(
    routed: Routed, trace_level: TraceLevel, wire: routing_pb2.Decision | None = None
) -> routing_pb2.Decision:
    """NONE leaves out candidates, plan and estimate; FULL adds what is not planned, and every policy's verdict.

    Written into `wire`, a field of a response, where there is one: protobuf copies a message by writing and reading it.
    """
    decision, models = routed.decision, routed.rules.catalogue.models
    if wire is None:
        wire = routing_pb2.Decision()
    wire.decision_id = routed.decision_id
    _write_choice(wire, decision, models)
    set_timestamp(wire.decide_time, routed.decided_at)
    set_duration(wire.decide_duration, routed.seconds)
    if trace_level is not TraceLevel.NONE:
        _write_outlook(wire, decision, models, full=trace_level is TraceLevel.FULL)
    if trace_level is TraceLevel.FULL:
        _write_grounds(wire, decision, models, routed.micros)
    return wire


def whole_to_wire(
    decided: Decision | Refusal, models: Mapping[str, Model], micros: Mapping[str, float], wire: routing_pb2.Decision
) -> None:
    """Everything that is known of a decision or refusal but its id and times, into a field of a response."""
    if isinstance(decided, Decision):
        _write_choice(wire, decided, models)
        _write_outlook(wire, decided, models, full=True)
    else:
        wire.reason, wire.config_version = decided.message, decided.config_version
        _write_assessed(wire, decided.assessed)
    _write_grounds(wire, decided, models, micros)


def _write_choice(wire: routing_pb2.Decision, decision: Decision, models: Mapping[str, Model]) -> None:
    chosen = models[decision.target]
    wire.config_version = decision.config_version
    wire.model, wire.provider, wire.upstream_model, wire.tier = chosen.id, chosen.provider, chosen.upstream, chosen.tier
    wire.reason = decision.reason
    wire.decided_by, wire.decided_by_kind = decision.decided_by, POLICY_KINDS[decision.decided_by_kind]
    _write_assessed(wire, decision.assessed)


def _write_assessed(wire: routing_pb2.Decision, assessed: Assessed) -> None:
    wire.mode, task = MODES[assessed.mode], wire.task
    task.task, task.confidence, task.source = assessed.task, assessed.confidence, assessed.source


def _write_grounds(
    wire: routing_pb2.Decision,
    decided: Decision | Refusal,
    models: Mapping[str, Model],
    micros: Mapping[str, float],
) -> None:
    for candidate in decided.excluded:
        _write_candidate(wire.candidates.add(), candidate, models[candidate.target])
    _write_trace(wire, decided.trace, micros)


def _write_outlook(wire: routing_pb2.Decision, decision: Decision, models: Mapping[str, Model], *, full: bool) -> None:
    planned = decision.plan.targets()
    for candidate in decision.ranking:
        if full or candidate.target in planned:
            _write_candidate(wire.candidates.add(), candidate, models[candidate.target])
        if candidate.target == decision.target:
            _write_estimate(wire.estimate, candidate.estimate)
    _write_plan(wire.plan, decision.plan, models)


def _write_candidate(wire: routing_pb2.Candidate, candidate: Candidate, model: Model) -> None:
    wire.model, wire.provider, wire.tier = model.id, model.provider, model.tier
    _write_estimate(wire.estimate, candidate.estimate)
    if candidate.ttft is not None:
        set_duration(wire.estimated_ttft, candidate.ttft)
    if candidate.excluded_by:
        wire.excluded_by, wire.excluded_reason = candidate.excluded_by, candidate.excluded_reason
    else:
        wire.eligible = True


def _write_estimate(wire: routing_pb2.CostEstimate, estimate: Estimate) -> None:
    wire.expected_nano_usd = estimate.expected_nano_usd
    wire.worst_case_nano_usd = estimate.worst_case_nano_usd
    wire.input_tokens = estimate.input_tokens
    wire.expected_output_tokens = estimate.expected_output_tokens


def _write_plan(wire: routing_pb2.ExecutionPlan, plan: Plan, models: Mapping[str, Model]) -> None:
    for stage in plan.stages:
        written = wire.stages.add()
        if stage.gates:
            written.gates.extend(stage.gates)
        if stage.samples > 1:
            written.samples = stage.samples
        for planned in stage.attempts:
            attempt = written.attempts.add()
            attempt.model, attempt.provider = planned.target, models[planned.target].provider
            attempt.kind = ATTEMPT_KINDS[planned.kind]
            if planned.start_after:
                set_duration(attempt.start_after, planned.start_after)


def _write_trace(wire: routing_pb2.Decision, trace: tuple[Verdict, ...], micros: Mapping[str, float]) -> None:
    # Entries are timed as a whole: the time stands at an entry's first verdict, so that the durations add up.
    timed = dict(micros)
    for verdict in trace:
        entry = wire.trace.add()
        entry.policy, entry.kind = verdict.policy, POLICY_KINDS[verdict.kind]
        entry.hook, entry.outcome, entry.reason = verdict.hook, VERDICT_OUTCOMES[verdict.outcome], verdict.reason
        entry.candidates_before, entry.candidates_after = verdict.before, verdict.after
        entry.dry_run = verdict.dry_run
        if (spent := timed.pop(verdict.policy, None)) is not None:
            set_duration(entry.duration, spent / 1e6)
