"""Simulations to and from the wire, on both sides of it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from pointsman.doors.limits import CONFIG_BYTES, HEALTH_OVERRIDES
from pointsman.engine.exchange import Routed
from pointsman.engine.failure import refused
from pointsman.engine.simulate import Simulated
from pointsman.engine.suppose import HealthOverride, Suppositions
from pointsman.errors import ConfigInvalid, InvalidRequest, Problem, Reason, RequestError
from pointsman.model.caller import ANYBODY
from pointsman.model.decision import Refusal
from pointsman.model.request import Hints
from pointsman.model.snapshot import HealthState
from pointsman.rpc.client.simulation import simulation_from_wire, simulation_to_wire
from pointsman.rpc.failure_to_wire import to_status
from pointsman.rpc.simulation import Simulation, config_invalid, simulated_to_wire
from pointsman.rpc.simulation import simulation_from_wire as read
from pointsman.testing import make_request
from pointsman.v1.admin_service_pb2 import SimulateRequest

PROMPTLESS = {"hints": {"task": "code", "input_tokens": 7}}


def asked(**fields: Any) -> SimulateRequest:
    return ParseDict(PROMPTLESS | fields, SimulateRequest())


def wrong(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as caught:
        read(asked(**fields), ANYBODY)
    return dict(caught.value.violations)


def test_what_our_client_asks_is_what_the_server_reads() -> None:
    supposed = Suppositions(
        [HealthOverride(HealthState.DOWN, provider="openai"), HealthOverride(HealthState.PROBING, model="mini")],
        {"acme": 5, "beta": 0},
    )
    sent = Simulation(make_request("Hello", hints=Hints(task="code")), supposed, "tiers: []")
    assert read(simulation_to_wire(sent), ANYBODY) == sent


def test_the_prompt_may_be_missing_as_for_a_route() -> None:
    assert read(asked(), ANYBODY).request.hints == Hints(task="code", input_tokens=7)
    assert list(wrong(hints={})) == ["input.messages"]


def test_everything_wrong_is_told_at_once() -> None:
    found = wrong(health_overrides=[{"provider": "openai"}, {"provider": "x" * 300, "state": 99}])
    assert list(found) == ["health_overrides[0].state", "health_overrides[1].provider", "health_overrides[1].state"]


def test_sizes() -> None:
    assert list(wrong(config_yaml="x" * (CONFIG_BYTES + 1))) == ["config_yaml"]
    overrides = [{"provider": "openai", "state": "HEALTH_STATE_DOWN"}] * (HEALTH_OVERRIDES + 1)
    assert list(wrong(health_overrides=overrides)) == ["health_overrides"]
    assert list(wrong(budget_remaining_nano_usd={str(n): n for n in range(100)})) == ["budget_remaining_nano_usd"]


def test_a_decision_and_the_active_one_beside_it(routed: Routed) -> None:
    simulated = Simulated(routed.rules, 1_700_000_000.5, routed.decision, None, 0.25, {"limits": 50.0})
    seen = simulation_from_wire(simulated_to_wire(simulated))
    assert seen.decision is not None
    assert (seen.decision.decision_id, seen.decision.model, seen.decision.seconds) == ("", "mini", 0.25)
    assert [candidate.model for candidate in seen.decision.candidates] == ["mini", "haiku", "opus"]
    assert [verdict.policy for verdict in seen.decision.trace] == ["limits", "tags", "limits"]
    assert (seen.error, seen.active_decision, seen.active_error) == (None, None, None)
    unknown = RequestError(Reason.UNKNOWN_TASK, "no task", retry_delay=1.0)
    seen = simulation_from_wire(simulated_to_wire(simulated, Simulated(routed.rules, 0.0, None, unknown)))
    assert (seen.active_decision, seen.error) == (None, None)
    assert seen.active_error is not None
    assert (seen.active_error.code, seen.active_error.reason, seen.active_error.message) == (
        "INVALID_ARGUMENT", "UNKNOWN_TASK", "no task",
    )  # fmt: skip


def test_a_refusal_has_both_error_and_trace(routed: Routed) -> None:
    decision = routed.decision
    refusal = Refusal(
        reason="ALL_PROVIDERS_DOWN",
        message="every provider is down",
        assessed=decision.assessed,
        excluded=decision.excluded,
        violations=(),
        metadata=(("retry_after_ms", "2500"),),
        trace=decision.trace,
        config_version="v1",
    )
    seen = simulation_from_wire(simulated_to_wire(Simulated(routed.rules, 0.0, refusal, refused(refusal))))
    assert seen.decision is not None
    assert (seen.decision.model, seen.decision.task, seen.decision.config_version) == ("", "simple", "v1")
    assert [(candidate.model, candidate.eligible) for candidate in seen.decision.candidates] == [("opus", False)]
    assert seen.error is not None
    assert (seen.error.code, seen.error.reason) == ("UNAVAILABLE", "ALL_PROVIDERS_DOWN")
    assert (seen.error.retry_delay, dict(seen.error.metadata)) == (2.5, {"retry_after_ms": "2500"})


def test_a_configuration_that_cannot_be_used_is_told_by_path_and_line() -> None:
    problems = [Problem("tasks", "is missing"), Problem("tiers", "only a warning", 3, fatal=False)]
    problems += [Problem(f"models.m{n}.tier", "no such tier", n) for n in range(1, 30)]
    error = config_invalid(ConfigInvalid(problems))
    assert (error.reason, error.metadata) == (Reason.CONFIG_INVALID, {"problems": "30"})
    assert error.violations[:2] == (("tasks", "is missing"), ("models.m1.tier", "line 1: no such tier"))
    assert error.message == "config_yaml cannot be used: tasks: is missing (and 29 more)"
    status = to_status(error)
    assert status.ByteSize() < 4096
