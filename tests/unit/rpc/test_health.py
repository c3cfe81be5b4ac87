from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict

from pointsman.errors import Reason, RequestError
from pointsman.model.snapshot import Health, HealthState, Latency
from pointsman.model.vitals import Vitals, as_a_whole
from pointsman.rpc.client.health_from_wire import health_from_wire
from pointsman.rpc.client.views import HealthView
from pointsman.rpc.health_to_wire import health_to_wire
from pointsman.v1.admin_service_pb2 import ListProviderHealthRequest, ProviderHealth

UP, NO_KEY = Health(HealthState.UP), Health(HealthState.DISABLED, "no key")
DOWN = Health(HealthState.DOWN, "5 failures in a row", 1_700_000_030.0)
PROBING = Health(HealthState.PROBING, "5 failures in a row")


def vitals(target: str, health: Health = UP, provider: str = "openai", calls: int = 4, failures: int = 0) -> Vitals:
    return Vitals(
        provider=provider, target=target, health=health, calls=calls, failures=failures, window=30.0,
        since=None if health is UP else 1_700_000_000.0, last_error="HTTP 503" if failures else "",
    )  # fmt: skip


def test_each_provider_as_a_whole_then_its_models() -> None:
    found = [vitals("flash", provider="google"), vitals("mini", DOWN, failures=4), vitals("opus")]
    rows = health_to_wire(ListProviderHealthRequest(), found).providers
    assert [(row.provider, row.model) for row in rows] == [
        ("google", ""), ("google", "flash"), ("openai", ""), ("openai", "mini"), ("openai", "opus"),
    ]  # fmt: skip
    assert MessageToDict(rows[2], preserving_proto_field_name=True) == {
        "provider": "openai", "state": "HEALTH_STATE_DEGRADED", "error_ratio": 0.5, "requests": "8", "window": "30s",
        "state_since": "2023-11-14T22:13:20Z", "next_probe_time": "2023-11-14T22:13:50Z", "last_error": "HTTP 503",
        "reason": "5 failures in a row",
    }  # fmt: skip


def test_there_and_back() -> None:
    opus = Vitals(provider="p", target="opus", health=UP, calls=1, window=30.0, latency=Latency(0.25, 1.5, 9))
    row = health_to_wire(ListProviderHealthRequest(), [opus]).providers[1]
    assert health_from_wire(row) == HealthView(
        provider="p", model="opus", state="up", reason="", error_ratio=0.0, requests=1, window=30.0,
        ttft_p50=0.25, ttft_p95=1.5, since=None, next_probe=None, last_error="",
    )  # fmt: skip


def test_a_state_that_only_newer_servers_know() -> None:
    assert health_from_wire(ProviderHealth(state=77)).state == "77"  # type: ignore[arg-type]  # what the wire may hold


def test_only_those_asked_for() -> None:
    found = [vitals("flash", provider="google"), vitals("mini")]
    rows = health_to_wire(ListProviderHealthRequest(providers=["google"]), found).providers
    assert {row.provider for row in rows} == {"google"}
    with pytest.raises(RequestError, match="no provider 'gogle' is configured; did you mean 'google'") as refused:
        health_to_wire(ListProviderHealthRequest(providers=["gogle"]), found)
    assert refused.value.reason is Reason.UNKNOWN_PROVIDER


@pytest.mark.parametrize(
    ("models", "state", "until"),
    [
        ([UP, UP], HealthState.UP, None),
        ([DOWN, DOWN], HealthState.DOWN, DOWN.until),
        ([DOWN, NO_KEY], HealthState.DOWN, DOWN.until),
        ([NO_KEY, NO_KEY], HealthState.DISABLED, None),
        ([DOWN, PROBING], HealthState.PROBING, None),
        ([UP, PROBING], HealthState.DEGRADED, None),
        ([UP, DOWN], HealthState.DEGRADED, DOWN.until),
        ([UP, NO_KEY], HealthState.UP, None),
    ],
)
def test_a_provider_as_a_whole(models: list[Health], state: HealthState, until: float | None) -> None:
    whole = as_a_whole("openai", [vitals(f"m{i}", health) for i, health in enumerate(models)])
    assert (whole.target, whole.health.state, whole.health.until) == ("", state, until)
    assert bool(whole.health.reason) == (state is not HealthState.UP)
