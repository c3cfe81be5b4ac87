"""When a configuration came to be the one that decides, and what made it so."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pointsman.errors import Problem


class ActivatedBy(StrEnum):
    """START: the server began with it. The others replaced one that was running: SIGHUP, the watch over its files,
    AdminService.ReloadConfig, AdminService.RollbackConfig.
    """

    START = "start"
    SIGNAL = "signal"
    WATCH = "watch"
    RPC = "rpc"
    ROLLBACK = "rollback"


class Activation(Struct, frozen=True):
    """A line of a configuration's history; `at` is Unix seconds."""

    version: str
    at: float
    by: ActivatedBy


class Reloaded(Struct, frozen=True):
    """What came of it. `active` is what decides from now on, or would if it were not a dry run.

    `at_next_start` are settings that have changed and that a running server cannot take over; `warnings` are those of
    the configuration.
    """

    previous: str
    active: str
    changed: bool
    warnings: tuple[Problem, ...] = ()
    at_next_start: tuple[str, ...] = ()
