"""API keys: `pm_<id>_<secret>`, of which the id is public and only a hash of the whole is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import UTC, datetime

from msgspec import Struct

from pointsman.model.caller import Permission

_ID_BYTES, _SECRET_BYTES = 6, 32
_TOKEN = re.compile(r"pm_([0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)


class Key(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One key as it is kept: never the secret. Instants are UTC; None: it does not expire, it is not revoked."""

    id: str
    sha256: str
    tenant: str
    permissions: tuple[Permission, ...] = ()
    label: str = ""
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None

    def state(self, now: datetime) -> str:
        """active, expired or revoked."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


def mint(tenant: str, permissions: tuple[Permission, ...], label: str, expires: datetime | None) -> tuple[Key, str]:
    """A new key, and the token that its holder presents, which is nowhere else and cannot be had again."""
    id = secrets.token_hex(_ID_BYTES)
    token = f"pm_{id}_{secrets.token_hex(_SECRET_BYTES)}"
    key = Key(
        id=id,
        sha256=digest(token).hex(),
        tenant=tenant,
        permissions=permissions,
        label=label,
        created=datetime.now(UTC).replace(microsecond=0),
        expires=expires,
    )
    return key, token


def digest(token: str) -> bytes:
    # The secret is 256 random bits: there is nothing to guess that a slow hash of passwords would have to slow down.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def id_of(token: str) -> str:
    """The id in a token, "" where it has not the form of one."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else ""
