"""A simulation from the wire and back."""

from __future__ import annotations

from msgspec import Struct

from pointsman.doors.callers import require
from pointsman.doors.limits import BUDGETS, CONFIG_BYTES, HEALTH_OVERRIDES, NAME_BYTES
from pointsman.doors.violations import Violations
from pointsman.engine.simulate import Simulated
from pointsman.engine.suppose import HealthOverride, Suppositions
from pointsman.errors import ConfigInvalid, Reason, RequestError
from pointsman.model.caller import Caller, Permission
from pointsman.model.request import Request
from pointsman.model.snapshot import HealthState
from pointsman.rpc.decision_to_wire import whole_to_wire
from pointsman.rpc.durations import set_duration, set_timestamp
from pointsman.rpc.enums import HEALTH_STATES
from pointsman.rpc.failure_to_wire import told_to_wire
from pointsman.rpc.from_wire import request_from_wire
from pointsman.v1 import admin_service_pb2, errors_pb2, router_service_pb2, routing_pb2

_STATES = {number: state for state, number in HEALTH_STATES.items()}


class Simulation(Struct, frozen=True):
    """What to simulate; `document` is "" for the active configuration."""

    request: Request
    supposed: Suppositions
    document: str


def simulation_from_wire(wire: admin_service_pb2.SimulateRequest, caller: Caller) -> Simulation:
    """All of it, or InvalidRequest with everything that is wrong; as `call_from_wire` of a Route."""
    if wire.config_yaml:
        # It may name files, and those are the server's.
        require(caller, Permission.ADMIN, "config_yaml")
    found = Violations()
    # The rules of a Route hold, for the prompt that may be missing too.
    route = router_service_pb2.RouteRequest()
    route.input.CopyFrom(wire.input)
    if wire.HasField("hints"):
        route.hints.CopyFrom(wire.hints)
    request = request_from_wire(route, caller, found)
    found.check_bytes("config_yaml", wire.config_yaml, CONFIG_BYTES)
    supposed = Suppositions(_health(wire, found), _remaining(wire, found))
    found.raise_if_any()
    return Simulation(request, supposed, wire.config_yaml)


def _health(wire: admin_service_pb2.SimulateRequest, found: Violations) -> list[HealthOverride]:
    overrides: list[HealthOverride] = []
    if not found.check_count("health_overrides", len(wire.health_overrides), HEALTH_OVERRIDES):
        return overrides
    for position, override in enumerate(wire.health_overrides):
        field = f"health_overrides[{position}]"
        found.check_bytes(f"{field}.provider", override.provider, NAME_BYTES)
        found.check_bytes(f"{field}.model", override.model, NAME_BYTES)
        state: HealthState | None = _STATES.get(override.state)
        if state is None:
            found.add(f"{field}.state", f"{override.state} is not a state we know, or was not set")
        else:
            overrides.append(HealthOverride(state, override.provider, override.model))
    return overrides


def _remaining(wire: admin_service_pb2.SimulateRequest, found: Violations) -> dict[str, int]:
    field = "budget_remaining_nano_usd"
    if not found.check_count(field, len(wire.budget_remaining_nano_usd), BUDGETS):
        return {}
    # Sorted: protobuf keeps no order of a map, and the error must not depend on it.
    remaining = dict(sorted(wire.budget_remaining_nano_usd.items()))
    for scope in remaining:
        found.check_bytes(f"{field}[{scope[:64]!r}]", scope, NAME_BYTES)
    return remaining


def simulated_to_wire(simulated: Simulated, active: Simulated | None = None) -> admin_service_pb2.SimulateResponse:
    """The answer; `active` is what stands beside it."""
    wire = admin_service_pb2.SimulateResponse()
    if simulated.decision is not None:
        _write(simulated, wire.decision)
    _tell(simulated, wire.error if simulated.error else None)
    if active is not None and active.decision is not None:
        _write(active, wire.active_decision)
    if active is not None:
        _tell(active, wire.active_error if active.error else None)
    return wire


def _write(simulated: Simulated, wire: routing_pb2.Decision) -> None:
    assert simulated.decision is not None
    whole_to_wire(simulated.decision, simulated.rules.catalogue.models, simulated.micros, wire)
    set_timestamp(wire.decide_time, simulated.now)
    set_duration(wire.decide_duration, simulated.seconds)


def _tell(simulated: Simulated, wire: errors_pb2.ErrorSummary | None) -> None:
    if simulated.error is not None and wire is not None:
        told_to_wire(simulated.error, wire)


def config_invalid(invalid: ConfigInvalid, what: str = "config_yaml") -> RequestError:
    """The error of a document that cannot be used; warnings are none of it."""
    problems = [problem for problem in invalid.problems if problem.fatal]
    return RequestError(
        Reason.CONFIG_INVALID,
        f"{what} cannot be used: {problems[0]}" + (f" (and {len(problems) - 1} more)" if problems[1:] else ""),
        metadata={"problems": str(len(problems))},
        violations=[(problem.path, _where(problem.line) + problem.message) for problem in problems],
    )


def _where(line: int) -> str:
    return f"line {line}: " if line else ""
