"""Budgets as they are configured: what they count, in which windows, and what happens as they run low."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pointsman.model.balance import BudgetStep, BudgetUnit

ANY = "*"
"""As a value that a budget matches: each value has a budget of its own."""


class Dimension(StrEnum):
    """What requests are told apart by. PROJECT, FEATURE and USER are the labels of that name."""

    TENANT = "tenant"
    KEY = "key"
    PROJECT = "project"
    FEATURE = "feature"
    USER = "user"
    SESSION = "session"
    TASK = "task"
    MODEL = "model"


class Period(StrEnum):
    """Windows of the calendar, after each of which counting begins anew; weeks begin on Monday."""

    MINUTE = "minute"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Window(Struct, frozen=True):
    """From `start` until `end`, in Unix seconds."""

    start: float
    end: float

    def __contains__(self, now: float) -> bool:
        return self.start <= now < self.end


class Cap(Struct, frozen=True):
    """At most `limit` in each window; `label` stands for it in the names of budgets, such as "day" or "requests"."""

    label: str
    unit: BudgetUnit
    period: Period
    limit: int


class Budget(Struct, frozen=True, kw_only=True):
    """Caps for requests that `match`: pairs of a dimension and a value, or `ANY`; each dimension once.

    `steps` are for money alone: what is counted otherwise refuses at its limit. `zone` is the IANA name of the time
    zone whose calendar counts.
    """

    name: str
    caps: tuple[Cap, ...]
    match: tuple[tuple[Dimension, str], ...] = ()
    steps: tuple[BudgetStep, ...] = ()
    zone: str = "UTC"


class Sum(Struct, frozen=True, order=True):
    """What requests of a window came to, that have the same `values` of the dimensions asked for."""

    values: tuple[str, ...]
    nano_usd: int
    requests: int
    tokens: int

    def of(self, unit: BudgetUnit) -> int:
        """The one of the three."""
        if unit is BudgetUnit.NANO_USD:
            return self.nano_usd
        return self.requests if unit is BudgetUnit.REQUESTS else self.tokens
