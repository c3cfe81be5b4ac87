"""What of a configuration a running server cannot take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from pydantic import BaseModel

from pointsman.config.settings import Config

_LIVE = frozenset(
    {
        *("version", "document", "warnings", "packages"),
        *("catalogue", "entries", "gates", "compliance", "strict_tags", "providers", "failover", "timeouts", "health"),
        "budgets",
    }
)
"""Parts that a reload replaces as a whole. A part that is not named here is one that waits for a start."""

_LIVE_WITHIN: Mapping[str, frozenset[str]] = {
    "server": frozenset({"max_concurrent_requests", "drain", "default_deadline", "max_deadline"})
}


def waiting_for_a_start(started: Config, wanted: Config) -> tuple[str, ...]:
    """The settings, such as `server.grpc`, in which `wanted` differs from what the server `started` with in vain."""
    parts = [field.name for field in fields(Config) if field.name not in _LIVE]
    return tuple(path for part in parts for path in _differing(part, started, wanted))


def _differing(name: str, started: Config, wanted: Config) -> Iterator[str]:
    before: object = getattr(started, name)
    after: object = getattr(wanted, name)
    if before == after:
        return
    if not (isinstance(before, BaseModel) and isinstance(after, BaseModel)):
        yield name
        return
    for key in type(after).model_fields:
        if key not in _LIVE_WITHIN.get(name, ()) and getattr(before, key, None) != getattr(after, key):
            yield f"{name}.{key}"
