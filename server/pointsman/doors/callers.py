"""Whose a call is, and what it may do: checked before anything is looked up, so that nobody learns what there is."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import NamedTuple

from pointsman.access.keyring import Keyring
from pointsman.doors.sight import Sight
from pointsman.doors.traffic import Traffic
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.caller import ANYBODY, Caller, Permission, is_tenant

Authenticate = Callable[[str], Caller]
"""Who calls with this `authorization`, "" for none. RequestError CREDENTIALS_MISSING, CREDENTIALS_INVALID."""


class Porch(NamedTuple):
    """What every call passes, at whichever door: who it is, who looks on, and how many are in."""

    authenticate: Authenticate
    sight: Sight
    traffic: Traffic


class Visit(NamedTuple):
    """A call at the door: whose it is, and the session that its metadata or headers name, "" for none."""

    caller: Caller
    session: str


def anybody(authorization: str) -> Caller:
    """Authenticates nobody."""
    return ANYBODY


def by_key(ring: Keyring) -> Authenticate:
    """Authenticates by the API key."""

    def authenticate(authorization: str) -> Caller:
        return ring.authenticate(authorization, time())

    return authenticate


def admins_only(ring: Keyring) -> Callable[[str], None]:
    """Takes an `authorization` header, "" for none, and raises RequestError unless it is of a key with `admin`."""

    def guard(authorization: str) -> None:
        require(ring.authenticate(authorization, time()), Permission.ADMIN, "this")

    return guard


def require(caller: Caller, permission: Permission, what: str) -> None:
    """RequestError PERMISSION_DENIED unless the caller's key has the permission that `what` needs."""
    if not caller.may(permission):
        raise denied(f"{what} needs a key with the permission {permission}")


def tenant_for(named: str, caller: Caller, field: str) -> str:
    """The tenant that a request is for: the caller's own, or for an admin's key the one that `field` names."""
    if named in ("", caller.tenant):
        return caller.tenant
    if not caller.key:
        raise denied(f"this server does not authenticate callers: {field} must be empty or {caller.tenant!r}")
    if not caller.may(Permission.ADMIN):
        raise denied(f"the key is of tenant {caller.tenant!r}: {field} must be empty or that")
    if not is_tenant(named):
        rule = "must be a name of at most 64 letters, digits and . _ -, a letter or digit first"
        raise InvalidRequest([(field, rule)])
    return named


def whose(caller: Caller, asked: str = "") -> str:
    """Whose affairs a caller may look at: with an admin's key as `asked`, "" for everybody's, else his tenant's."""
    if caller.may(Permission.ADMIN):
        return asked
    if asked not in ("", caller.tenant):
        raise denied(
            f"the key is of tenant {caller.tenant!r}, and that of another needs a key with the permission admin"
        )
    return caller.tenant


def denied(message: str) -> RequestError:
    return RequestError(Reason.PERMISSION_DENIED, message)
