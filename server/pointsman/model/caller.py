"""Who calls: a tenant, and what its key permits."""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

TENANT = "default"
"""Whose every request is while nobody authenticates."""

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Permission(StrEnum):
    """What a key may do beyond routing and completing for its own tenant. `admin` includes every other.

    `report`: say how models behave that it called itself, which every tenant's requests are routed by.
    """

    OVERRIDE = "override"
    REPORT = "report"
    ADMIN = "admin"


class Caller(Struct, frozen=True):
    """`key` is the public id of the key that it presented, "" where nobody authenticates."""

    tenant: str = TENANT
    key: str = ""
    permissions: frozenset[Permission] = frozenset()

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions or Permission.ADMIN in self.permissions


ANYBODY = Caller(permissions=frozenset(Permission))
"""Every caller of a server that authenticates nobody."""


def is_tenant(name: str) -> bool:
    """Whether a tenant can have this name: it is part of keys, so it holds no slash, and of reports, so it is short."""
    return _TENANT.fullmatch(name) is not None
