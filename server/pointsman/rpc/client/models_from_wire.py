"""Models as views."""

from __future__ import annotations

from pointsman.rpc.client.views import ModelView
from pointsman.v1 import admin_service_pb2


def model_from_wire(wire: admin_service_pb2.ModelInfo) -> ModelView:
    return ModelView(
        model=wire.model,
        aliases=tuple(wire.aliases),
        provider=wire.provider,
        upstream=wire.upstream_model,
        tier=wire.tier,
        context=wire.context_window_tokens,
        max_output=wire.max_output_tokens,
        capabilities=tuple(wire.capabilities),
        input=wire.price.input_nano_usd_per_mtok,
        cached_input=wire.price.cached_input_nano_usd_per_mtok,
        output=wire.price.output_nano_usd_per_mtok,
        regions=tuple(wire.regions),
        enabled=wire.enabled,
    )
