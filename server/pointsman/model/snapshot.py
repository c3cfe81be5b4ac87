"""The world as one decision sees it: everything that is not the request and not the rules."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from pointsman.model.balance import Balance, RateLimit
from pointsman.model.decision import Exclusion


class Latency(Struct, frozen=True):
    """Recent times to first token of one model, in seconds, over `samples` answers."""

    p50: float
    p95: float
    samples: int


class HealthState(StrEnum):
    """DEGRADED still answers, worse than usual; PROBING was down and is being tried again; DISABLED by an operator."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    PROBING = "probing"
    DISABLED = "disabled"


class Health(Struct, frozen=True):
    """How one model is doing. `until`: Unix seconds at which it is tried again, None where nobody knows.

    `told`: the provider itself said so (a Retry-After, a refused key), it is no guess from failures.
    """

    state: HealthState
    reason: str = ""
    until: float | None = None
    told: bool = False


class Pin(Struct, frozen=True):
    """The model that a conversation stays on, `since` when (Unix seconds) and which of its turns (from 1)."""

    target: str
    since: float
    turn: int = 1


class Snapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`now` is Unix seconds; mappings are by model id, `signals` by chain entry id.

    A model that is not in `health` is up. `token_ratios` are observed input tokens over estimated ones. `quarantined`
    names chain entries that the watchdog took out; `denials` are targets refused by admission while this request was
    running. `pin` is that of the request's session, `balances` and `rates` are those of every budget that it counts
    towards, or would if it were for one of the tasks, or went to one of the models. `spent_nano_usd` is what policies'
    questions have cost already. `disabled_providers`, sorted, are those without a key. The catalogue is otherwise found
    by `config_version`: it is part of the rules, and is recorded once a version, not a decision.
    """

    now: float
    seed: int
    config_version: str
    latencies: Mapping[str, Latency] = {}
    token_ratios: Mapping[str, float] = {}
    health: Mapping[str, Health] = {}
    # A policy's own answer to its own question: only that policy knows its type.
    signals: Mapping[str, Any] = {}
    quarantined: frozenset[str] = frozenset()
    denials: tuple[Exclusion, ...] = ()
    pin: Pin | None = None
    balances: tuple[Balance, ...] = ()
    rates: tuple[RateLimit, ...] = ()
    spent_nano_usd: int = 0
    disabled_providers: tuple[str, ...] = ()
