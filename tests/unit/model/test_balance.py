from __future__ import annotations

import pytest

from pointsman.model.balance import Balance, BudgetAction, BudgetStep


def balance(spent: int = 0, reserved: int = 0, *steps: tuple[float, BudgetAction]) -> Balance:
    return Balance(
        scope="acme/day",
        limit_nano_usd=1000,
        spent_nano_usd=spent,
        reserved_nano_usd=reserved,
        resets_at=1_700_006_400.0,
        steps=tuple(BudgetStep(ratio, action) for ratio, action in steps),
    )


@pytest.mark.parametrize(("spent", "reserved", "left"), [(0, 0, 1000), (300, 200, 500), (900, 200, 0)])
def test_what_is_left(spent: int, reserved: int, left: int) -> None:
    assert balance(spent, reserved).left == left


def test_what_is_left_before_it_refuses() -> None:
    assert balance(300, 0, (0.95, BudgetAction.REFUSE)).left == 650


def test_an_action_begins_with_its_first_step() -> None:
    steps = ((0.9, BudgetAction.DEGRADE), (0.7, BudgetAction.DEGRADE), (1.0, BudgetAction.REFUSE))
    assert balance(0, 0, *steps).begins(BudgetAction.DEGRADE) == 700
    assert balance(0, 0, *steps).begins(BudgetAction.NOTICE) is None
