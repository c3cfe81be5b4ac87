"""Accounts of one process: what was spent, and what is reserved by leases that expire."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence

from pointsman.model.account import Account, AccountState, Charge, Overdrawn
from pointsman.ports import Clock

log = logging.getLogger(__name__)

_UNTOUCHED = AccountState()
_SETTLED = 10_000


class _Entry:
    """An account; `expires` in monotonic seconds."""

    __slots__ = ("expires", "reserved", "spent")

    def __init__(self) -> None:
        self.spent = self.reserved = 0
        self.expires = 0.0


class Accounts:
    """Every operation is atomic, since none waits for anything.

    Above `capacity` accounts the one unused for longest goes, and it is said once: its budget begins anew.
    """

    def __init__(self, clock: Clock, capacity: int = 250_000) -> None:
        self._clock, self._capacity = clock, capacity
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._leases: dict[str, tuple[float, Sequence[Charge]]] = {}
        # The last ones: whoever settles again does so soon.
        self._settled: OrderedDict[str, None] = OrderedDict()
        # Before then no lease expires.
        self._quiet_until = float("inf")
        self._crowded = False

    def states(self, accounts: Sequence[Account]) -> tuple[AccountState, ...]:
        """How they stand, in the order asked."""
        now = self._now()
        return tuple([self._state(account, now) for account in accounts])

    def reserve(self, lease: str, charges: Sequence[Charge], ttl: float) -> Overdrawn | None:
        """As `StateStore.reserve` says."""
        now = self._now()
        if lease in self._leases or lease in self._settled:
            return None
        entries = [self._entry(charge.account, now) for charge in charges]
        for charge, entry in zip(charges, entries, strict=True):
            if charge.limit is not None and entry.spent + entry.reserved + charge.amount > charge.limit:
                return Overdrawn(charge, AccountState(entry.spent, entry.reserved))
        for charge, entry in zip(charges, entries, strict=True):
            entry.reserved += charge.amount
        expires = now + ttl
        self._leases[lease] = expires, charges
        self._quiet_until = min(self._quiet_until, expires)
        return None

    def settle(self, lease: str, charges: Sequence[Charge]) -> None:
        """As `StateStore.settle` says."""
        now = self._now()
        if lease in self._settled:
            return
        self._free(lease)
        for charge in charges:
            self._entry(charge.account, now).spent += charge.amount
        self._settled[lease] = None
        if len(self._settled) > _SETTLED:
            self._settled.popitem(last=False)

    def preset(self, charges: Sequence[Charge]) -> None:
        """As `StateStore.preset` says."""
        now = self._now()
        for charge in charges:
            entry = self._entry(charge.account, now)
            entry.spent = max(entry.spent, charge.amount)

    def _state(self, account: Account, now: float) -> AccountState:
        entry = self._entries.get(account.key)
        if entry is None or (entry.expires <= now and not entry.reserved):
            return _UNTOUCHED
        return AccountState(entry.spent, entry.reserved)

    def _entry(self, account: Account, now: float) -> _Entry:
        """The account, kept for its time from now on."""
        entry = self._entries.get(account.key)
        if entry is None:
            self._make_room(now)
            entry = self._entries[account.key] = _Entry()
        else:
            self._entries.move_to_end(account.key)
            if entry.expires <= now and not entry.reserved:
                entry.spent = 0
        entry.expires = max(entry.expires, now + account.keep)
        return entry

    def _make_room(self, now: float) -> None:
        # Two at a time: what is over goes faster than what is new comes, and nobody waits for a sweep.
        for _ in range(min(2, len(self._entries))):
            key, oldest = next(iter(self._entries.items()))
            if oldest.reserved or (oldest.expires > now and len(self._entries) < self._capacity):
                return
            if oldest.expires > now and not self._crowded:
                self._crowded = True
                log.warning("more than %d budget accounts: those unused for longest begin anew", self._capacity)
            del self._entries[key]

    def _now(self) -> float:
        """The time, with leases that are over by now freed."""
        now = self._clock.monotonic()
        if now >= self._quiet_until:
            for lease in [lease for lease, (expires, _) in self._leases.items() if expires <= now]:
                self._free(lease)
            self._quiet_until = min([expires for expires, _ in self._leases.values()], default=float("inf"))
        return now

    def _free(self, lease: str) -> None:
        _, charges = self._leases.pop(lease, (0.0, ()))
        for charge in charges:
            self._entries[charge.account.key].reserved -= charge.amount
