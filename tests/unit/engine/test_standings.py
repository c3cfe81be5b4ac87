"""How budgets stand, for operators and for what simulates."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench
from tests.unit.engine.budgets import budget, cap, requests

from pointsman.engine.simulate import Simulator
from pointsman.engine.standings import Standing, Standings
from pointsman.engine.suppose import Suppositions
from pointsman.errors import Reason, RequestError
from pointsman.model.budget import Budget, Dimension, Period
from pointsman.model.decision import Refusal
from pointsman.model.request import Hints, Request
from pointsman.testing import make_request, make_rules
from pointsman_policies import budgets


def asked(tenant: str, user: str = "") -> Request:
    return replace(make_request(hints=Hints(labels={"user": user} if user else {})), tenant=tenant)


GIVEN = (
    budget(10**12, cap(10**13, period=Period.MONTH), name="all"),
    budget(10**12, requests(60), name="users", tenant="*", user="*"),
    budget(10**12, name="acme", tenant="acme"),
    budget(10**12, name="opus", model="opus"),
)


async def opened(*given: Budget) -> tuple[Bench, Standings]:
    """Two tenants have asked, one of them for two users."""
    bench = Bench(rules=make_rules(budgets.plugin, budgets=given))
    for request in (asked("acme", "u-1"), asked("acme", "u-2"), asked("blue", "u-1"), asked("blue")):
        await bench.unary(request=request)
    return bench, Standings(lambda: bench.engine.rules, bench.store, bench.ledger, bench.clock)


def told(standings: object) -> dict[str, int]:
    assert isinstance(standings, list)
    return {s.booking.scope: s.state.spent for s in standings if isinstance(s, Standing)}


async def test_all_that_are_configured_and_each_value_that_was_charged() -> None:
    bench, standings = await opened(*GIVEN)
    one = bench.ledger.records[0].cost.total
    assert one > 0
    assert told(await standings.all()) == {
        "acme/day": 2 * one,
        "all/day": 4 * one,
        "all/month": 4 * one,
        "opus/day": 0,
        "users[acme,u-1]/day": one,
        "users[acme,u-1]/requests": 1,
        "users[acme,u-2]/day": one,
        "users[acme,u-2]/requests": 1,
        "users[blue,u-1]/day": one,
        "users[blue,u-1]/requests": 1,
    }


async def test_those_that_count_one_tenants_requests_alone() -> None:
    _, standings = await opened(*GIVEN)
    assert list(told(await standings.all("blue"))) == ["users[blue,u-1]/day", "users[blue,u-1]/requests"]
    assert "acme/day" in told(await standings.all("acme"))


async def test_one_by_its_name() -> None:
    bench, standings = await opened(*GIVEN)
    one = await standings.one("users[acme,u-1]/day")
    assert one.state.spent == bench.ledger.records[0].cost.total
    assert one.match == {Dimension.TENANT: "acme", Dimension.USER: "u-1"}
    # Nobody asked in his name yet, and his budget is there all the same.
    assert (await standings.one("users[acme,u-9]/day")).state.spent == 0


@pytest.mark.parametrize("scope", ["acmee/day", "acme/week", "users/day", "users[acme]/day", "users[a,b,c]/day", ""])
async def test_a_name_that_no_budget_has(scope: str) -> None:
    _, standings = await opened(*GIVEN)
    with pytest.raises(RequestError) as raised:
        await standings.one(scope)
    assert raised.value.reason is Reason.UNKNOWN_BUDGET
    assert raised.value.metadata == {"budget": scope}


async def test_shares_of_budgets_that_are_one_for_all() -> None:
    bench, standings = await opened(*GIVEN, budget(0, name="none", tenant="none"))
    one = bench.ledger.records[0].cost.total
    assert await standings.ratios() == {
        "all/day": pytest.approx(4 * one / 10**12),
        "all/month": pytest.approx(4 * one / 10**13),
        "acme/day": pytest.approx(2 * one / 10**12),
        "opus/day": 0.0,
        "none/day": 1.0,
    }


async def test_a_simulation_knows_them_and_reserves_nothing() -> None:
    bench, standings = await opened(*GIVEN)
    before = told(await standings.all())

    def never(document: str, rules: object) -> object:
        raise AssertionError

    simulator = Simulator(lambda: bench.engine.rules, bench.store, bench.clock, never)  # type: ignore[arg-type]  # no other configuration is asked for
    usual = await simulator.simulate(asked("acme"), Suppositions())
    assert usual.error is None
    poor = await simulator.simulate(asked("acme"), Suppositions(remaining={"acme/day": 1000}))
    assert isinstance(poor.decision, Refusal)
    assert poor.error is not None
    assert poor.error.metadata["budget"] == "acme/day"
    assert told(await standings.all()) == before
