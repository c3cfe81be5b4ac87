"""Budgets while the shared store is away: what was known of each account, and this process's share of what was left."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.ports import Clock
from pointsman.stores.accounts import Accounts

_UNTOUCHED = AccountState()


class Alone:
    """`share`: the room that an account had left is divided by so many, of which this process is one.

    Of an account that was never seen, nothing is known to be spent. Above `capacity` accounts those read longest ago
    are forgotten.
    """

    def __init__(self, clock: Clock, share: int, capacity: int = 100_000) -> None:
        self._clock, self._share, self._capacity = clock, share, capacity
        # Until when it counts, in monotonic seconds, and what was known.
        self._known: OrderedDict[str, tuple[float, AccountState]] = OrderedDict()
        self._own = Accounts(clock)

    def note(self, account: Account, state: AccountState) -> None:
        """How an account stands, as long as there is somebody who knows."""
        self._known[account.key] = self._clock.monotonic() + account.keep, state
        self._known.move_to_end(account.key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def add(self, charges: Sequence[Charge]) -> None:
        """What was spent since, as far as this process knows."""
        for charge in charges:
            last = self._last(charge.account)
            self.note(charge.account, AccountState(last.spent + charge.amount, last.reserved))

    def known(self) -> dict[str, tuple[float, int]]:
        """By key what was spent of each account when it was last seen, and the seconds for which it still counts."""
        now = self._clock.monotonic()
        return {key: (until - now, state.spent) for key, (until, state) in self._known.items() if until > now}

    def begin(self) -> None:
        """From now on this process is alone; what it spends is counted from nothing."""
        self._own = Accounts(self._clock)

    def states(self, accounts: Sequence[Account]) -> tuple[AccountState, ...]:
        """What was known, and what this process has added to it."""
        return tuple(
            _sum(self._last(account), own) for account, own in zip(accounts, self._own.states(accounts), strict=True)
        )

    def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        """As `StateStore.reserve` says, of this process's share."""
        refused = self._own.reserve(lease, [self._shared(charge) for charge in charges], ttl)
        if refused is None:
            return None
        charge = next(charge for charge in charges if charge.account == refused.charge.account)
        return Overdrawn(charge, _sum(self._last(charge.account), refused.state))

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        """As `StateStore.settle` says."""
        self._own.settle(lease, charges)

    def _shared(self, charge: Charge) -> Charge:
        if charge.limit is None:
            return charge
        last = self._last(charge.account)
        return Charge(charge.account, charge.amount, max(0, charge.limit - last.spent - last.reserved) // self._share)

    def _last(self, account: Account) -> AccountState:
        until, state = self._known.get(account.key, (0.0, _UNTOUCHED))
        return state if until > self._clock.monotonic() else _UNTOUCHED


def _sum(one: AccountState, other: AccountState) -> AccountState:
    return AccountState(one.spent + other.spent, one.reserved + other.reserved)
