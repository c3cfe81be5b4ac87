"""The configured models on the wire, page by page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right

from pointsman.errors import InvalidRequest
from pointsman.model.catalogue import Catalogue, Model, Price
from pointsman.rpc.limits import PAGE_DEFAULT, PAGE_MAX
from pointsman.v1 import admin_service_pb2, usage_pb2

# Says what a token is, so that any other text is refused; the rest is the last id seen. A model that is gone by the
# next page breaks nothing.
_TOKEN = b"models-after:"


def models_to_wire(
    wire: admin_service_pb2.ListModelsRequest, catalogue: Catalogue
) -> admin_service_pb2.ListModelsResponse:
    """One page of the models that match. InvalidRequest for a page size out of range or a token that is not ours."""
    if not 0 <= wire.page_size <= PAGE_MAX:
        raise InvalidRequest([("page_size", f"is {wire.page_size}, and must be between 0 and {PAGE_MAX:,}")])
    last = _last_seen(wire.page_token)
    ids = sorted(
        model.id
        for model in catalogue.models.values()
        if wire.provider in ("", model.provider) and wire.tier in ("", model.tier)
    )
    start = bisect_right(ids, last) if last else 0
    end = start + (wire.page_size or PAGE_DEFAULT)
    page = [model_to_wire(catalogue.models[id_]) for id_ in ids[start:end]]
    token = urlsafe_b64encode(_TOKEN + page[-1].model.encode()).decode() if end < len(ids) else ""
    return admin_service_pb2.ListModelsResponse(models=page, next_page_token=token)


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
    write = price.input if price.cache_write is None else price.cache_write
    return usage_pb2.Price(
        input_nano_usd_per_mtok=price.input,
        output_nano_usd_per_mtok=price.output,
        cached_input_nano_usd_per_mtok=price.input if price.cached_input is None else price.cached_input,
        cache_write_nano_usd_per_mtok=write,
        per_request_nano_usd=price.per_request,
        cache_write_1h_nano_usd_per_mtok=write if price.cache_write_1h is None else price.cache_write_1h,
        above=[usage_pb2.PriceStep(input_tokens=step.input_tokens, price=_price(step.price)) for step in price.above],
    )


def _last_seen(token: str) -> str:
    if not token:
        return ""
    try:
        data = urlsafe_b64decode(token.encode("ascii"))
        if not data.startswith(_TOKEN):
            raise ValueError
        return data[len(_TOKEN) :].decode()
    except ValueError:
        problem = "is none of our tokens; take next_page_token as it is, or start over without"
        raise InvalidRequest([("page_token", problem)]) from None
