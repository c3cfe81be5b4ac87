"""A past decision on the wire, with what came of it."""

from __future__ import annotations

from pointsman.engine.explain import Explained
from pointsman.rpc.decision_to_wire import whole_to_wire
from pointsman.rpc.durations import set_duration, set_timestamp
from pointsman.rpc.enums import FINISH_REASONS
from pointsman.rpc.failure_to_wire import error_summary
from pointsman.rpc.feedback import feedback_to_wire
from pointsman.rpc.usage_to_wire import write_attempt, write_cost
from pointsman.v1 import admin_service_pb2

_OK = "OK"


def explained_to_wire(explained: Explained) -> admin_service_pb2.ExplainResponse:
    """Everything that was recorded but the request itself."""
    record = explained.record
    wire = admin_service_pb2.ExplainResponse(partial=explained.partial, method=record.method)
    wire.decision.decision_id, wire.decision.config_version = record.decision_id, record.snapshot.config_version
    if record.decision is not None:
        whole_to_wire(record.decision, explained.models, record.policy_micros, wire.decision)
    for attempt in record.attempts:
        write_attempt(wire.attempts.add(), attempt)
    if record.attempts:
        write_cost(wire.cost, record.cost)
    if record.status != _OK:
        wire.error.CopyFrom(error_summary(record.status, record.message))
    set_timestamp(wire.receive_time, record.received)
    set_duration(wire.duration, record.duration)
    if record.ttft is not None:
        set_duration(wire.ttft, record.ttft)
    if record.finish is not None:
        wire.finish_reason = FINISH_REASONS[record.finish]
    for feedback in explained.feedback:
        feedback_to_wire(feedback, wire.feedback.add())
    return wire
