"""Whatever the order of reserving, settling and expiring: no account is promised more than it has."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.model.account import Account, AccountState, Charge
from pointsman.stores.accounts import Accounts
from pointsman.testing import FakeClock

LIMITS = (1000, 1500, None)
ACCOUNTS = tuple(Account(f"account-{number}", 10_000.0) for number in range(len(LIMITS)))

amounts = st.integers(0, 700)
reserving = st.tuples(
    st.just("reserve"), st.integers(0, 9), st.lists(st.integers(0, 2), unique=True), amounts, st.integers(1, 50)
)
# Of what was reserved, at most all is spent.
settling = st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100))
waiting = st.tuples(st.just("wait"), st.integers(0, 40))


@given(st.lists(reserving | settling | waiting, max_size=60))
@settings(max_examples=300, deadline=None)
def test_spent_and_reserved_never_exceed_a_limit(steps: list[tuple[object, ...]]) -> None:
    clock = FakeClock()
    accounts = Accounts(clock)
    model = Model(clock)
    number = 0
    for step in steps:
        match step:
            case ("reserve", int(place), list(places), int(amount), int(ttl)):
                number += 1
                charges = [Charge(ACCOUNTS[p], amount, LIMITS[p]) for p in places]
                if accounts.reserve(f"lease-{number}", charges, ttl) is None:
                    model.reserved(place, f"lease-{number}", charges, ttl)
                else:
                    assert not model.fits(charges)
            case ("settle", int(place), int(share)):
                for lease, charges in model.settled(place, share):
                    accounts.settle(lease, charges)
            case ("wait", int(seconds)):
                clock.advance(seconds)
        states = accounts.states(ACCOUNTS)
        assert states == model.states()
        for state, limit in zip(states, LIMITS, strict=True):
            assert limit is None or state.spent + state.reserved <= limit or model.late


class Model:
    """The same in the plainest way. `late`: something was spent after its lease was over."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock, self.late = clock, False
        self._open: dict[int, list[tuple[str, list[Charge], float]]] = {}
        self._spent = [0] * len(ACCOUNTS)

    def states(self) -> tuple[AccountState, ...]:
        spent = zip(self._spent, ACCOUNTS, strict=True)
        return tuple(AccountState(amount, self._reserved(account)) for amount, account in spent)

    def _reserved(self, account: Account) -> int:
        now = self._clock.monotonic()
        leases = [lease for leases in self._open.values() for lease in leases if lease[2] > now]
        return sum(charge.amount for _, charges, _ in leases for charge in charges if charge.account == account)

    def fits(self, charges: list[Charge]) -> bool:
        used = {account: s.spent + s.reserved for account, s in zip(ACCOUNTS, self.states(), strict=True)}
        return all(charge.limit is None or used[charge.account] + charge.amount <= charge.limit for charge in charges)

    def reserved(self, place: int, lease: str, charges: list[Charge], ttl: float) -> None:
        assert self.fits(charges)
        self._open.setdefault(place, []).append((lease, charges, self._clock.monotonic() + ttl))

    def settled(self, place: int, share: int) -> list[tuple[str, list[Charge]]]:
        """Spend a share, in per cent, of all that is open at this place."""
        done: list[tuple[str, list[Charge]]] = []
        for lease, charges, expires in self._open.pop(place, []):
            actual = [Charge(charge.account, charge.amount * share // 100) for charge in charges]
            for charge in actual:
                self._spent[ACCOUNTS.index(charge.account)] += charge.amount
            self.late = self.late or expires <= self._clock.monotonic()
            done.append((lease, actual))
        return done


def test_the_accounts_unused_for_longest_go_and_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    accounts = Accounts(FakeClock(), capacity=100)
    kept = Account("kept", 60.0)
    for number in range(300):
        accounts.settle(f"a/{number}", [Charge(Account(f"user-{number}", 60.0), 5)])
        accounts.settle(f"b/{number}", [Charge(kept, 5)])
    assert len(accounts._entries) <= 100
    assert accounts.states([kept, Account("user-299", 60.0), Account("user-0", 60.0)]) == (
        AccountState(1500),
        AccountState(5),
        AccountState(),
    )
    assert len(caplog.records) == 1


def test_what_is_over_makes_room_by_itself() -> None:
    clock = FakeClock()
    accounts = Accounts(clock)
    for number in range(1000):
        accounts.settle(f"a/{number}", [Charge(Account(f"minute-{number}", 180.0), 5)])
        clock.advance(10)
    assert len(accounts._entries) < 25


def test_an_account_with_something_reserved_stays() -> None:
    accounts = Accounts(FakeClock(), capacity=2)
    held = Account("held", 60.0)
    accounts.reserve("a/1", [Charge(held, 5, 10)], 60)
    for number in range(5):
        accounts.settle(f"b/{number}", [Charge(Account(f"user-{number}", 60.0), 5)])
    assert accounts.states([held]) == (AccountState(0, 5),)
    accounts.settle("a/1", [Charge(held, 4)])
    assert accounts.states([held]) == (AccountState(4),)
