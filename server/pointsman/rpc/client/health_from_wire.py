"""How providers are doing, as a view."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from pointsman.rpc.client.views import HealthView
from pointsman.rpc.client.views_from_wire import seconds, word
from pointsman.v1 import admin_service_pb2


def health_from_wire(wire: admin_service_pb2.ProviderHealth) -> HealthView:
    return HealthView(
        provider=wire.provider,
        model=wire.model,
        state=word(admin_service_pb2.HealthState, "HEALTH_STATE_", wire.state),
        reason=wire.reason,
        error_ratio=wire.error_ratio,
        requests=wire.requests,
        window=seconds(wire.window),
        ttft_p50=seconds(wire.ttft_p50) if wire.HasField("ttft_p50") else None,
        ttft_p95=seconds(wire.ttft_p95) if wire.HasField("ttft_p95") else None,
        since=unix(wire.state_since) if wire.HasField("state_since") else None,
        next_probe=unix(wire.next_probe_time) if wire.HasField("next_probe_time") else None,
        last_error=wire.last_error,
    )


def unix(wire: Timestamp) -> float:
    """Unix seconds."""
    return wire.seconds + wire.nanos / 1e9
