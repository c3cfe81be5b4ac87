"""How a budget stands, as a view."""

from __future__ import annotations

from pointsman.rpc.client.health_from_wire import unix
from pointsman.rpc.client.views import BudgetView
from pointsman.rpc.client.views_from_wire import word
from pointsman.v1 import admin_service_pb2 as admin


def budget_from_wire(wire: admin.Budget) -> BudgetView:
    return BudgetView(
        scope=wire.scope,
        match=dict(wire.match),
        window=wire.window,
        unit=word(admin.BudgetUnit, "BUDGET_UNIT_", wire.unit),
        limit=wire.limit,
        spent=wire.spent,
        reserved=wire.reserved,
        period_start=unix(wire.period_start),
        period_end=unix(wire.period_end),
        steps=tuple([(s.from_ratio, word(admin.BudgetAction, "BUDGET_ACTION_", s.action)) for s in wire.steps]),
    )
