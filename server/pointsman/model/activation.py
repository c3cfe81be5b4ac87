"""When a configuration came to be the one that decides, and what made it so."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


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
