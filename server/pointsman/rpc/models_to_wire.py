"""The configured models on the wire, page by page."""

from __future__ import annotations

from pointsman.model.catalogue import Catalogue, Model, Price
from pointsman.rpc.paging import page_of
from pointsman.v1 import admin_service_pb2, usage_pb2


def models_to_wire(
    wire: admin_service_pb2.ListModelsRequest, catalogue: Catalogue
) -> admin_service_pb2.ListModelsResponse:
    """One page of the models that match. InvalidRequest for a page size out of range or a token that is not ours."""
    ids = sorted(
        model.id
        for model in catalogue.models.values()
        if wire.provider in ("", model.provider) and wire.tier in ("", model.tier)
    )
    page, token = page_of(ids, wire.page_size, wire.page_token, "models")
    models = [model_to_wire(catalogue.models[id_]) for id_ in page]
    return admin_service_pb2.ListModelsResponse(models=models, next_page_token=token)


def model_to_wire(model: Model) -> admin_service_pb2.ModelInfo:
    """One model; sets are sorted, so that equal configurations give equal bytes."""
    return admin_service_pb2.ModelInfo(
        model=model.id,
        aliases=model.aliases,
        provider=model.provider,
        upstream_model=model.upstream,
        tier=model.tier,
        context_window_tokens=model.context,
        max_output_tokens=model.max_output,
        capabilities=sorted(model.capabilities),
        price=_price(model.price),
        regions=sorted(model.regions),
        enabled=model.enabled,
    )


def _price(price: Price) -> usage_pb2.Price:
    return usage_pb2.Price(
        input_nano_usd_per_mtok=price.input,
        output_nano_usd_per_mtok=price.output,
        cached_input_nano_usd_per_mtok=price.input if price.cached_input is None else price.cached_input,
        cache_write_nano_usd_per_mtok=price.input if price.cache_write is None else price.cache_write,
        per_request_nano_usd=price.per_request,
    )
