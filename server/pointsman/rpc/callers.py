"""Whose a call is, and what it may do: checked before anything is looked up, so that nobody learns what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import time
from typing import NamedTuple

from pointsman.access.keyring import Keyring
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.caller import ANYBODY, Caller, Permission, is_tenant
from pointsman.rpc.metadata import AUTHORIZATION
from pointsman.v1 import routing_pb2

Metadata = Iterable[tuple[str, str | bytes]] | None
Authenticate = Callable[[Metadata], Caller]
"""Who sent this metadata. RequestError CREDENTIALS_MISSING, CREDENTIALS_INVALID."""


class Visit(NamedTuple):
    """A call at the door: whose it is, and the session that its metadata names, "" for none."""

    caller: Caller
    session: str


def anybody(metadata: Metadata) -> Caller:
    """Authenticates nobody."""
    return ANYBODY


def by_key(ring: Keyring) -> Authenticate:
    """Authenticates by the API key in the metadata `authorization`."""

    def authenticate(metadata: Metadata) -> Caller:
        for name, value in metadata or ():
            if name == AUTHORIZATION and isinstance(value, str):
                return ring.authenticate(value, time())
        return ring.authenticate("", 0.0)

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


def tenant_for(hints: routing_pb2.RoutingHints, caller: Caller) -> str:
    """The tenant that a request is for: the caller's own, or for an admin's key the one that it names."""
    named = hints.tenant
    if named in ("", caller.tenant):
        return caller.tenant
    if not caller.key:
        raise denied(f"this server does not authenticate callers: hints.tenant must be empty or {caller.tenant!r}")
    if not caller.may(Permission.ADMIN):
        raise denied(f"the key is of tenant {caller.tenant!r}: hints.tenant must be empty or that")
    if not is_tenant(named):
        rule = "must be a name of at most 64 letters, digits and . _ -, a letter or digit first"
        raise InvalidRequest([("hints.tenant", rule)])
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


def check_override(hints: routing_pb2.RoutingHints, caller: Caller) -> None:
    """RequestError PERMISSION_DENIED for an override by a caller who may not make any, whatever it names."""
    if hints.HasField("model_override") and (hints.model_override.model or hints.model_override.provider):
        require(caller, Permission.OVERRIDE, "hints.model_override")


def denied(message: str) -> RequestError:
    return RequestError(Reason.PERMISSION_DENIED, message)
