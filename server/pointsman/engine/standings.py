"""How budgets stand, for operators: one, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from pointsman.engine.budgets import Booking, Budgets, Meter, Values
from pointsman.engine.restore import Recall
from pointsman.engine.rules import Rules, not_found
from pointsman.errors import Reason
from pointsman.model.account import AccountState
from pointsman.model.budget import ANY, Dimension
from pointsman.ports import Clock, Ledger, StateStore


class Standing(Struct, frozen=True):
    """One account of a budget. `match` has the value of each dimension that it looks at."""

    booking: Booking
    match: Mapping[Dimension, str]
    state: AccountState


class Standings:
    """Reads them from the state; the ledger says whose accounts there are, of budgets for each value."""

    def __init__(self, active: Callable[[], Rules], store: StateStore, ledger: Ledger, clock: Clock) -> None:
        self._active, self._store, self._ledger, self._clock = active, store, ledger, clock

    async def all(self, tenant: str = "") -> Sequence[Standing]:
        """Those of all budgets, ordered by scope; with a tenant only those that count this one's requests alone.

        Of a budget for each value, those that something was charged to in the window of now. LedgerUnavailable.
        """
        now = self._clock.now()
        recall, found = Recall(self._ledger, now), list[tuple[Meter, Values]]()
        for meter in self._active().budgets.meters:
            if meter.open:
                found += [(meter, values) for values in await recall.values(meter)]
            else:
                found.append((meter, ()))
        standings = await self._read(found, now)
        shown = [s for s in standings if not tenant or s.match.get(Dimension.TENANT) == tenant]
        return sorted(shown, key=lambda standing: standing.booking.scope)

    async def one(self, scope: str) -> Standing:
        """The one of this name; RequestError where no budget is called so."""
        budgets = self._active().budgets
        for meter in budgets.meters:
            if (values := meter.values_of(scope)) is not None:
                return (await self._read([(meter, values)], self._clock.now()))[0]
        raise not_found(Reason.UNKNOWN_BUDGET, "budget", scope, _scopes(budgets))

    async def ratios(self) -> Mapping[str, float]:
        """How much is used of each budget that is one for all whom it counts, by scope: 1 is the whole limit."""
        meters = [(meter, Values()) for meter in self._active().budgets.meters if not meter.open]
        standings = await self._read(meters, self._clock.now())
        return {standing.booking.scope: _ratio(standing) for standing in standings}

    async def _read(self, found: Sequence[tuple[Meter, Values]], now: float) -> list[Standing]:
        bookings = [meter.booking(values, now) for meter, values in found]
        state = await self._store.read(accounts=[booking.account for booking in bookings])
        matches = [_match(meter, values) for meter, values in found]
        return [Standing(*known) for known in zip(bookings, matches, state.accounts, strict=True)]


def _match(meter: Meter, values: Values) -> Mapping[Dimension, str]:
    told = dict(zip(meter.open, values, strict=True))
    return {dimension: told.get(dimension, wanted) for dimension, wanted in meter.budget.match}


def _ratio(standing: Standing) -> float:
    used, limit = standing.state.spent + standing.state.reserved, standing.booking.limit
    return used / limit if limit else 1.0


def _scopes(budgets: Budgets) -> list[str]:
    return [meter.scope((ANY,) * len(meter.open)) for meter in budgets.meters]
