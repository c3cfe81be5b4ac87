"""What `model` may hold, in the words of the Messages API's provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from pointsman.http.api import Listed

_ENCODER: Final = msgspec.json.Encoder()


class _Model(Struct, frozen=True, tag="model"):
    """When it was made is not known here; the API has the epoch for that."""

    id: str
    display_name: str
    max_input_tokens: int | None
    max_tokens: int | None
    created_at: str = "1970-01-01T00:00:00Z"
    lifecycle: str = "active"


class _Page(Struct, frozen=True):
    data: Sequence[_Model]
    first_id: str | None
    last_id: str | None
    has_more: bool = False


def page(listed: Sequence[Listed]) -> bytes:
    """All of them, on one page."""
    models = [_model(one) for one in listed]
    first, last = (models[0].id, models[-1].id) if models else (None, None)
    return _ENCODER.encode(_Page(models, first, last))


def model_info(listed: Listed) -> bytes:
    """One of them."""
    return _ENCODER.encode(_model(listed))


def _model(listed: Listed) -> _Model:
    return _Model(listed.id, listed.id, listed.context, listed.max_output)
