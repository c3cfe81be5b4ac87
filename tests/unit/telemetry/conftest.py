from __future__ import annotations

from collections.abc import Iterator

import pytest

from pointsman.telemetry.tracing import CURRENT


@pytest.fixture(autouse=True)
def traced_by_nobody() -> Iterator[None]:
    """Tests that are no coroutines share a context; what one of them begins must not show in another."""
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)
