"""What budgets count in: accounts, what is charged to them, and how they stand."""

from __future__ import annotations

from msgspec import Struct


class Account(Struct, frozen=True):
    """One counter: of one budget, for the values that it matches, in one window, in one unit. `key` names all that.

    It is kept for `keep` seconds after it was last charged: to the end of its window and some while, so that a clock
    that is put back finds it as it was.
    """

    key: str
    keep: float


class Charge(Struct, frozen=True):
    """An amount, in the account's own unit. `limit` is what the account may come to, None where it only counts."""

    account: Account
    amount: int
    limit: int | None = None


class AccountState(Struct, frozen=True):
    """What was spent, and what is reserved for attempts under way."""

    spent: int = 0
    reserved: int = 0


class Overdrawn(Struct, frozen=True):
    """The first charge of a reservation that does not fit, and how its account stands."""

    charge: Charge
    state: AccountState
