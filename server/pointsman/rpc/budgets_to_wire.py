"""How budgets stand on the wire, one or page by page."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.engine.standings import Standing
from pointsman.rpc.durations import set_timestamp
from pointsman.rpc.enums import BUDGET_ACTIONS, BUDGET_UNITS
from pointsman.rpc.paging import page_of
from pointsman.v1 import admin_service_pb2 as admin


def budgets_to_wire(request: admin.ListBudgetsRequest, standings: Sequence[Standing]) -> admin.ListBudgetsResponse:
    """One page; `standings` ordered by scope. InvalidRequest as `page_of`."""
    by_scope = {standing.booking.scope: standing for standing in standings}
    page, token = page_of(list(by_scope), request.page_size, request.page_token, "budgets")
    return admin.ListBudgetsResponse(budgets=[budget_to_wire(by_scope[scope]) for scope in page], next_page_token=token)


def budget_to_wire(standing: Standing) -> admin.Budget:
    """One budget."""
    booking, state = standing.booking, standing.state
    wire = admin.Budget(
        scope=booking.scope,
        match={dimension.value: value for dimension, value in standing.match.items()},
        window=booking.period.value,
        unit=BUDGET_UNITS[booking.unit],
        limit=booking.limit,
        spent=state.spent,
        reserved=state.reserved,
        steps=[
            admin.BudgetStep(from_ratio=step.from_ratio, action=BUDGET_ACTIONS[step.action]) for step in booking.steps
        ],
    )
    set_timestamp(wire.period_start, booking.window.start)
    set_timestamp(wire.period_end, booking.window.end)
    return wire
