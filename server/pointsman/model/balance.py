"""How a budget stands when a request is decided."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class BudgetAction(StrEnum):
    """NOTICE only says so; DEGRADE goes to cheaper models; REFUSE is the end."""

    NOTICE = "notice"
    DEGRADE = "degrade"
    REFUSE = "refuse"


class BudgetStep(Struct, frozen=True):
    """What happens from a share of the limit on; 0.8 is 80 %."""

    from_ratio: float
    action: BudgetAction


class BudgetUnit(StrEnum):
    """What is counted: nano-USD, requests of callers, or tokens of provider calls, input and output together."""

    NANO_USD = "nano_usd"
    REQUESTS = "requests"
    TOKENS = "tokens"


class Balance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One budget that a request would be charged to; `scope` is its name, for people.

    Amounts are nano-USD; `reserved` is what running requests may still cost. `resets_at`: Unix seconds. With a `task`
    or a `model`, only what is asked for this task, or of this model, is charged to it.
    """

    scope: str
    limit_nano_usd: int
    spent_nano_usd: int
    reserved_nano_usd: int = 0
    resets_at: float
    steps: tuple[BudgetStep, ...] = ()
    task: str = ""
    model: str = ""

    @property
    def used(self) -> int:
        """Nano-USD that are gone, or may be."""
        return self.spent_nano_usd + self.reserved_nano_usd

    @property
    def left(self) -> int:
        """Nano-USD before it refuses, or up to the limit where it never does; never below 0."""
        refuses = self.begins(BudgetAction.REFUSE)
        return max(0, (self.limit_nano_usd if refuses is None else refuses) - self.used)

    def begins(self, action: BudgetAction) -> int | None:
        """The nano-USD used from which an action is taken, None for never."""
        return begins(self.steps, action, self.limit_nano_usd)


class RateLimit(Struct, frozen=True, omit_defaults=True):
    """One limit of requests or tokens that a request would count towards; the rest as in Balance.

    `used` is what was counted since the window began, and what running requests may still come to.
    """

    scope: str
    unit: BudgetUnit
    limit: int
    used: int
    resets_at: float
    task: str = ""
    model: str = ""

    @property
    def left(self) -> int:
        """Before it refuses; never below 0."""
        return max(0, self.limit - self.used)


def begins(steps: Iterable[BudgetStep], action: BudgetAction, limit: int) -> int | None:
    """From how much of a limit on an action is taken, None for never."""
    first: float | None = None
    for step in steps:
        if step.action is action and (first is None or step.from_ratio < first):
            first = step.from_ratio
    return None if first is None else round(first * limit)
