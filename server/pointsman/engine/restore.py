"""What the ledger says of budgets: whose accounts there are, and what they had spent before a restart."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.engine.budgets import Budgets, Meter, Values
from pointsman.model.account import Charge
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.ports import Ledger, StateStore


class Recall:
    """Asks the ledger each question once: many budgets have the same."""

    def __init__(self, ledger: Ledger, now: float) -> None:
        self._ledger, self._now = ledger, now
        self._known: dict[tuple[tuple[Dimension, ...], Window], Sequence[Sum]] = {}

    async def values(self, meter: Meter) -> Sequence[Values]:
        """Of a meter for each value, those that something was charged to in the window of now."""
        return [values for values, _ in await self._told(meter)]

    async def charges(self, meter: Meter) -> Sequence[Charge]:
        """What was charged to the accounts of a meter in the window of now."""
        unit, now = meter.cap.unit, self._now
        told = await self._told(meter)
        return [Charge(meter.booking(values, now).account, total.of(unit)) for values, total in told]

    async def _told(self, meter: Meter) -> Sequence[tuple[Values, Sum]]:
        question = meter.dimensions, meter.window(self._now)
        if question not in self._known:
            self._known[question] = await self._ledger.sums(*question)
        return [(values, total) for total in self._known[question] if (values := meter.told(total.values)) is not None]


async def restore(budgets: Budgets, ledger: Ledger, store: StateStore, now: float) -> None:
    """Let accounts that the store does not know begin with what the ledger says; LedgerUnavailable.

    To be done before the first request, and again for a configuration that brings other budgets.
    """
    recall = Recall(ledger, now)
    if charges := [charge for meter in budgets.meters for charge in await recall.charges(meter)]:
        await store.preset(charges)
