"""Configurations of a running server as our own values."""

from __future__ import annotations

from msgspec import Struct

from pointsman.errors import Problem
from pointsman.model.activation import Activation, Reloaded
from pointsman.rpc.enums import ACTIVATED_BY
from pointsman.v1 import admin_service_pb2

_BY = {number: by for by, number in ACTIVATED_BY.items()}


class History(Struct, frozen=True):
    """The newest first; `active` is the version in use now."""

    activations: tuple[Activation, ...]
    active: str


def reloaded_from_wire(wire: admin_service_pb2.ConfigChange) -> Reloaded:
    return Reloaded(
        previous=wire.previous_version,
        active=wire.active_version,
        changed=wire.changed,
        warnings=tuple(Problem(row.path, row.message, row.line, fatal=False) for row in wire.problems),
        at_next_start=tuple(wire.at_next_start),
    )


def history_from_wire(wire: admin_service_pb2.ListConfigActivationsResponse) -> History:
    """What a newer server was activated by in ways that we do not know is left out."""
    rows = [(row.version, row.activate_time, _BY.get(row.activated_by)) for row in wire.activations]
    known = tuple(Activation(version, at.seconds + at.nanos / 1e9, by) for version, at, by in rows if by)
    return History(known, wire.active_version)
