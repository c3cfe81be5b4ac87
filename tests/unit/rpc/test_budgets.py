from __future__ import annotations

import pytest
from google.protobuf.json_format import MessageToDict
from tests.unit.engine.budgets import budget, requests

from pointsman.engine.budgets import Budgets
from pointsman.engine.standings import Standing
from pointsman.errors import InvalidRequest
from pointsman.model.account import AccountState
from pointsman.model.balance import BudgetAction, BudgetStep
from pointsman.model.budget import Dimension
from pointsman.rpc.budgets_to_wire import budget_to_wire, budgets_to_wire
from pointsman.rpc.client.budgets_from_wire import budget_from_wire
from pointsman.rpc.client.views import BudgetView
from pointsman.testing import make_catalogue, make_request
from pointsman.testing.builders import NOW
from pointsman.v1.admin_service_pb2 import ListBudgetsRequest

STEPS = (BudgetStep(0.8, BudgetAction.NOTICE), BudgetStep(1.0, BudgetAction.REFUSE))


def standings() -> list[Standing]:
    """Of a budget with two caps, for the default tenant alone."""
    given = budget(10**10, requests(60), name="default", tenant="default", steps=STEPS)
    bookings = Budgets([given], make_catalogue()).bookings(make_request(), NOW)
    match = {Dimension.TENANT: "default"}
    return [Standing(bookings[0], match, AccountState(7, 5)), Standing(bookings[1], match, AccountState(3))]


def test_a_budget_on_the_wire() -> None:
    money, counted = standings()
    assert MessageToDict(budget_to_wire(money), preserving_proto_field_name=True) == {
        "scope": "default/day", "match": {"tenant": "default"}, "window": "day", "unit": "BUDGET_UNIT_NANO_USD",
        "limit": "10000000000", "spent": "7", "reserved": "5",
        "period_start": "2023-11-14T00:00:00Z", "period_end": "2023-11-15T00:00:00Z",
        "steps": [
            {"from_ratio": 0.8, "action": "BUDGET_ACTION_NOTICE"},
            {"from_ratio": 1.0, "action": "BUDGET_ACTION_REFUSE"},
        ],
    }  # fmt: skip
    assert MessageToDict(budget_to_wire(counted), preserving_proto_field_name=True) == {
        "scope": "default/requests", "match": {"tenant": "default"}, "window": "minute", "unit": "BUDGET_UNIT_REQUESTS",
        "limit": "60", "spent": "3", "period_start": "2023-11-14T22:13:00Z", "period_end": "2023-11-14T22:14:00Z",
    }  # fmt: skip


def test_there_and_back() -> None:
    money, _ = standings()
    assert budget_from_wire(budget_to_wire(money)) == BudgetView(
        scope="default/day",
        match={"tenant": "default"},
        window="day",
        unit="nano_usd",
        limit=10**10,
        spent=7,
        reserved=5,
        period_start=1_699_920_000.0,
        period_end=1_700_006_400.0,
        steps=((0.8, "notice"), (1.0, "refuse")),
    )


def test_page_by_page() -> None:
    first = budgets_to_wire(ListBudgetsRequest(page_size=1), standings())
    assert [row.scope for row in first.budgets] == ["default/day"]
    second = budgets_to_wire(ListBudgetsRequest(page_size=1, page_token=first.next_page_token), standings())
    assert ([row.scope for row in second.budgets], second.next_page_token) == (["default/requests"], "")
    assert budgets_to_wire(ListBudgetsRequest(), []).next_page_token == ""


# The second is a token of ListModels.
@pytest.mark.parametrize(
    "asked", [ListBudgetsRequest(page_size=-1), ListBudgetsRequest(page_token="bW9kZWxzLWFmdGVyOmE=")]
)
def test_a_page_that_cannot_be(asked: ListBudgetsRequest) -> None:
    with pytest.raises(InvalidRequest):
        budgets_to_wire(asked, standings())
