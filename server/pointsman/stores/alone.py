"""Budgets while the shared store is away: what was known of each account, and this process's share of what was left."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.ports import Clock
from pointsman.stores.accounts import Accounts

_UNTOUCHED = AccountState()
_REMEMBERED = 10_000


class Statement(Struct, frozen=True):
    """What has to be told when the others are back: what was spent together, and by lease what is still reserved.

    Of each the charges, without limits, and the seconds that are left of it.
    """

    spent: Sequence[Charge]
    reserved: Mapping[str, tuple[Sequence[Charge], float]]


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
        # Summed, however long it takes: there are as many as there are accounts, not as there are requests.
        self._spent: dict[str, Charge] = {}
        self._reserved: dict[str, tuple[Sequence[Charge], float]] = {}
        self._settled: OrderedDict[str, None] = OrderedDict()

    def note(self, account: Account, state: AccountState) -> None:
        """How an account stands, as long as there is somebody who knows."""
        self._known[account.key] = self._clock.monotonic() + account.keep, state
        self._known.move_to_end(account.key)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def add(self, charges: Iterable[Charge]) -> None:
        """What was spent since, as far as this process knows."""
        for charge in charges:
            last = self._last(charge.account)
            self.note(charge.account, AccountState(last.spent + charge.amount, last.reserved))

    def preset(self, charges: Iterable[Charge]) -> None:
        """As `StateStore.preset` says."""
        for charge in charges:
            last = self._last(charge.account)
            if last.spent < charge.amount:
                self.note(charge.account, AccountState(charge.amount, last.reserved))

    def known(self) -> Iterator[tuple[str, int, float]]:
        """Of each account its key, what was spent when it was last seen, and the seconds for which that counts."""
        now = self._clock.monotonic()
        return ((key, state.spent, until - now) for key, (until, state) in self._known.items() if until > now)

    def states(self, accounts: Sequence[Account]) -> tuple[AccountState, ...]:
        """What was known, and what this process has added to it."""
        return tuple(
            _sum(self._last(account), own) for account, own in zip(accounts, self._own.states(accounts), strict=True)
        )

    def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        """As `StateStore.reserve` says, of this process's share."""
        refused = self._own.reserve(lease, [self._shared(charge) for charge in charges], ttl)
        if refused is None:
            if lease in self._settled:
                return None
            unlimited = [Charge(charge.account, charge.amount) for charge in charges]
            self._reserved[lease] = unlimited, self._clock.monotonic() + ttl
            return None
        charge = next(charge for charge in charges if charge.account == refused.charge.account)
        return Overdrawn(charge, _sum(self._last(charge.account), refused.state))

    def settle(self, lease: str, charges: Sequence[Charge], *, told: bool) -> None:
        """As `StateStore.settle` says. `told`: the others will hear of it by itself."""
        if lease in self._settled:
            return
        self._settled[lease] = None
        if len(self._settled) > _REMEMBERED:
            self._settled.popitem(last=False)
        self._own.settle(lease, charges)
        self._reserved.pop(lease, None)
        for charge in () if told else charges:
            before = self._spent.get(charge.account.key)
            amount = charge.amount + (before.amount if before else 0)
            self._spent[charge.account.key] = Charge(charge.account, amount)

    def close(self) -> Statement:
        """What has happened since it was alone; it begins anew, with that known."""
        now = self._clock.monotonic()
        left = {lease: (held, until - now) for lease, (held, until) in self._reserved.items() if until > now}
        statement = Statement(tuple(self._spent.values()), left)
        self.add(statement.spent)
        self._own, self._spent, self._reserved = Accounts(self._clock), {}, {}
        return statement

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
