"""Reloading, rolling back and the history of configurations, as AdminService has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pointsman.doors.callers import Visit, require
from pointsman.doors.limits import PAGE_DEFAULT, PAGE_MAX
from pointsman.errors import ConfigInvalid, InvalidRequest
from pointsman.model.activation import ActivatedBy, Activation, Reloaded
from pointsman.model.caller import Permission
from pointsman.rpc.durations import set_timestamp
from pointsman.rpc.enums import ACTIVATED_BY
from pointsman.rpc.simulation import config_invalid
from pointsman.v1 import admin_service_pb2 as wire


class Configurations(Protocol):
    """The running server's configuration and those before it."""

    async def reload(self, by: ActivatedBy, *, dry_run: bool = False, expected: str = "") -> Reloaded: ...

    async def rollback(self, version: str = "", *, expected: str = "") -> Reloaded: ...

    async def history(self, limit: int) -> Sequence[Activation]: ...

    @property
    def version(self) -> str: ...


class Configuring:
    """Methods of AdminService; `Service` guards them."""

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations

    # The context is grpc's: annotations of its own say no more.
    async def reload(self, request: wire.ReloadConfigRequest, context: Any, visit: Visit) -> wire.ReloadConfigResponse:
        """AdminService.ReloadConfig."""
        require(visit.caller, Permission.ADMIN, "ReloadConfig")
        expected = request.expected_version
        try:
            done = await self._configurations.reload(ActivatedBy.RPC, dry_run=request.dry_run, expected=expected)
        except ConfigInvalid as invalid:
            raise config_invalid(invalid, "the configuration") from None
        return wire.ReloadConfigResponse(change=change_to_wire(done))

    async def rollback(
        self, request: wire.RollbackConfigRequest, context: Any, visit: Visit
    ) -> wire.RollbackConfigResponse:
        """AdminService.RollbackConfig."""
        require(visit.caller, Permission.ADMIN, "RollbackConfig")
        try:
            done = await self._configurations.rollback(request.version, expected=request.expected_version)
        except ConfigInvalid as invalid:
            raise config_invalid(invalid, "the configuration") from None
        return wire.RollbackConfigResponse(change=change_to_wire(done))

    async def activations(
        self, request: wire.ListConfigActivationsRequest, context: Any, visit: Visit
    ) -> wire.ListConfigActivationsResponse:
        """AdminService.ListConfigActivations."""
        require(visit.caller, Permission.ADMIN, "ListConfigActivations")
        if not 0 <= request.page_size <= PAGE_MAX:
            raise InvalidRequest([("page_size", f"is {request.page_size}, and must be between 0 and {PAGE_MAX:,}")])
        found = await self._configurations.history(request.page_size or PAGE_DEFAULT)
        return wire.ListConfigActivationsResponse(
            activations=map(activation_to_wire, found), active_version=self._configurations.version
        )


def change_to_wire(done: Reloaded) -> wire.ConfigChange:
    """What came of a reload that was not refused."""
    return wire.ConfigChange(
        previous_version=done.previous,
        active_version=done.active,
        changed=done.changed,
        at_next_start=done.at_next_start,
        problems=[
            wire.ConfigProblem(
                severity=wire.PROBLEM_SEVERITY_WARNING, path=warning.path, message=warning.message, line=warning.line
            )
            for warning in done.warnings
        ],
    )


def activation_to_wire(activation: Activation) -> wire.ConfigActivation:
    """A line of the history."""
    written = wire.ConfigActivation(version=activation.version, activated_by=ACTIVATED_BY[activation.by])
    set_timestamp(written.activate_time, activation.at)
    return written
