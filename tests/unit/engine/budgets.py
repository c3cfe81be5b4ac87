"""Budgets for tests, in the fewest words."""

from __future__ import annotations

from pointsman.model.balance import BudgetAction, BudgetStep, BudgetUnit
from pointsman.model.budget import Budget, Cap, Dimension, Period

REFUSE = (BudgetStep(1.0, BudgetAction.REFUSE),)
_LABELS = {
    (BudgetUnit.REQUESTS, Period.MINUTE): "requests",
    (BudgetUnit.TOKENS, Period.MINUTE): "tokens",
}


def cap(limit: int, unit: BudgetUnit = BudgetUnit.NANO_USD, period: Period = Period.DAY) -> Cap:
    return Cap(_LABELS.get((unit, period), period.value), unit, period, limit)


def requests(limit: int) -> Cap:
    return cap(limit, BudgetUnit.REQUESTS, Period.MINUTE)


def tokens(limit: int) -> Cap:
    return cap(limit, BudgetUnit.TOKENS, Period.MINUTE)


def budget(
    *caps: Cap | int, name: str = "all", steps: tuple[BudgetStep, ...] = REFUSE, zone: str = "UTC", **match: str
) -> Budget:
    """A number is nano-USD a day.

    budget(1000, tenant="acme")
    """
    return Budget(
        name=name,
        match=tuple([(Dimension(dimension), value) for dimension, value in match.items()]),
        caps=tuple([cap(limit) if isinstance(limit, int) else limit for limit in caps]),
        steps=steps,
        zone=zone,
    )
