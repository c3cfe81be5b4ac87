"""A simulation to the wire and back; the mirror of `rpc.simulation`, which is the other side."""

from __future__ import annotations

from pointsman.engine.suppose import HealthOverride
from pointsman.rpc.client.request_to_wire import hints_to_wire, input_to_wire
from pointsman.rpc.client.views import Failure, SimulationView
from pointsman.rpc.client.views_from_wire import code_word, decision_from_wire, reason_word, seconds
from pointsman.rpc.enums import HEALTH_STATES
from pointsman.rpc.simulation import Simulation
from pointsman.v1 import admin_service_pb2, errors_pb2


def simulation_to_wire(simulation: Simulation) -> admin_service_pb2.SimulateRequest:
    """What to simulate."""
    request, supposed = simulation.request, simulation.supposed
    return admin_service_pb2.SimulateRequest(
        input=input_to_wire(request),
        hints=hints_to_wire(request.hints),
        config_yaml=simulation.document,
        health_overrides=map(_override, supposed.health),
        budget_remaining_nano_usd=supposed.remaining,
    )


def simulation_from_wire(wire: admin_service_pb2.SimulateResponse) -> SimulationView:
    """What would be decided, and beside it what is."""
    return SimulationView(
        decision=decision_from_wire(wire.decision) if wire.HasField("decision") else None,
        error=_failure(wire.error) if wire.HasField("error") else None,
        active_decision=decision_from_wire(wire.active_decision) if wire.HasField("active_decision") else None,
        active_error=_failure(wire.active_error) if wire.HasField("active_error") else None,
    )


def _override(override: HealthOverride) -> admin_service_pb2.HealthOverride:
    return admin_service_pb2.HealthOverride(
        provider=override.provider, model=override.model, state=HEALTH_STATES[override.state]
    )


def _failure(wire: errors_pb2.ErrorSummary) -> Failure:
    return Failure(
        code=code_word(wire.code),
        message=wire.message,
        reason=reason_word(wire.reason),
        metadata=dict(sorted(wire.metadata.items())),
        retry_delay=seconds(wire.retry_delay) if wire.HasField("retry_delay") else None,
    )
