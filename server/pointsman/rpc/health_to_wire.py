"""The health of providers and models on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pointsman.errors import Reason, RequestError
from pointsman.model.vitals import Vitals, as_a_whole
from pointsman.nearest import nearest
from pointsman.rpc.durations import set_duration, set_timestamp
from pointsman.rpc.enums import HEALTH_STATES
from pointsman.v1 import admin_service_pb2


def health_to_wire(
    wire: admin_service_pb2.ListProviderHealthRequest, vitals: Sequence[Vitals]
) -> admin_service_pb2.ListProviderHealthResponse:
    """The providers asked for; RequestError for one that is not configured. `vitals` are ordered by provider."""
    wanted, known = frozenset(wire.providers), {v.provider for v in vitals}
    for provider in wire.providers:
        if provider not in known:
            message = f"no provider {provider[:64]!r} is configured{nearest(provider, known)}"
            raise RequestError(Reason.UNKNOWN_PROVIDER, message, metadata={"provider": provider[:64]})
    asked = (v for v in vitals if not wanted or v.provider in wanted)
    return admin_service_pb2.ListProviderHealthResponse(providers=map(_row, _with_wholes(asked)))


def _with_wholes(vitals: Iterable[Vitals]) -> Iterator[Vitals]:
    for provider, of_one in groupby(vitals, key=lambda v: v.provider):
        models = tuple(of_one)
        yield as_a_whole(provider, models)
        yield from models


def _row(vitals: Vitals) -> admin_service_pb2.ProviderHealth:
    health, latency = vitals.health, vitals.latency
    row = admin_service_pb2.ProviderHealth(
        provider=vitals.provider,
        model=vitals.target,
        state=HEALTH_STATES[health.state],
        error_ratio=vitals.error_ratio,
        requests=vitals.calls,
        last_error=vitals.last_error,
        reason=health.reason,
    )
    set_duration(row.window, vitals.window)
    if latency:
        set_duration(row.ttft_p50, latency.p50)
        set_duration(row.ttft_p95, latency.p95)
    if vitals.since is not None:
        set_timestamp(row.state_since, vitals.since)
    if health.until is not None:
        set_timestamp(row.next_probe_time, health.until)
    return row
