"""What bodies say of caching, in the words that both APIs' clients use."""

from __future__ import annotations

from typing import Literal, Protocol

from pointsman.model.request import CacheHint

_HOUR = 3600.0


class CacheControl(Protocol):
    """A mark behind which a prompt may be cached."""

    @property
    def ttl(self) -> Literal["5m", "1h"] | None: ...


def cache_hint(control: CacheControl | None) -> CacheHint | None:
    """What is said of caching; five minutes are what is usual."""
    if control is None:
        return None
    return CacheHint(_HOUR) if control.ttl == "1h" else CacheHint()
