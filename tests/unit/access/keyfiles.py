"""Key files as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from pointsman.access.keyfile import change_keys
from pointsman.access.keys import id_of, mint
from pointsman.model.caller import Permission

NOW = 1_900_000_000.0


def add(path: Path, *permissions: Permission, tenant: str = "acme", expires: float | None = None) -> str:
    """The token of a new key in the file; `expires` is Unix seconds."""
    until = None if expires is None else datetime.fromtimestamp(expires, UTC)
    key, token = mint(tenant, permissions, "", until)
    change_keys(path, lambda keys: [*keys, key])
    return token


def revoke(path: Path, token: str) -> None:
    when = datetime.fromtimestamp(NOW, UTC)
    change_keys(path, lambda keys: [replace(k, revoked=when) if k.id == id_of(token) else k for k in keys])
