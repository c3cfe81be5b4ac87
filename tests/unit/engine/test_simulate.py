"""What a simulation decides, and that nothing else happens."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench
from tests.unit.engine.policies import Observes, entry

from pointsman import hookimpl
from pointsman.engine.rules import Rules
from pointsman.engine.simulate import UNASKED, Simulator
from pointsman.engine.suppose import HealthOverride, Suppositions
from pointsman.errors import ConfigInvalid, Problem, Reason, RequestError
from pointsman.model.catalogue import Task
from pointsman.model.decision import Decision, Refusal
from pointsman.model.request import Hints, Mode
from pointsman.model.snapshot import HealthState, Pin
from pointsman.testing import make_catalogue, make_model, make_request, make_rules
from pointsman_policies import health, limits, pinning, routing, tags

NOTHING = Suppositions()
ONLY = Task(name="only", route=dict.fromkeys(Mode, ("brandnew",)))


class Asks:
    def __init__(self) -> None:
        self.asked = 0

    @hookimpl
    async def pointsman_gather_signal(self) -> int:
        self.asked += 1
        return 1


def simulator(bench: Bench, other: Rules | None = None) -> Simulator:
    @asynccontextmanager
    async def opened(document: str, active: Rules) -> AsyncIterator[Rules]:
        assert active is bench.engine.rules
        if other is None:
            raise ConfigInvalid([Problem("tiers", "is missing")])
        yield other

    return Simulator(lambda: bench.engine.rules, bench.store, bench.clock, opened)


async def test_it_decides_as_route_does_and_leaves_no_trace() -> None:
    asks, seen = Asks(), list[object]()
    rules = make_rules(entry(asks, "asks"), entry(Observes(seen.append), "sees"), tags.plugin, routing.plugin)
    bench = Bench(rules=rules)
    request = make_request(hints=Hints(task="code"))
    simulated = await simulator(bench).simulate(request, NOTHING)
    assert (asks.asked, seen, bench.events, bench.ledger.records) == (0, [], [], [])
    assert all(provider.calls == [] for provider in bench.providers.values())
    completion = await bench.route(request)
    assert completion.routed is not None
    assert isinstance(simulated.decision, Decision)
    first, *trace = simulated.decision.trace
    assert (first.policy, first.hook, first.reason) == ("asks", "gather_signal", UNASKED)
    assert replace(simulated.decision, trace=tuple(trace)) == completion.routed.decision
    assert simulated.micros.keys() >= {"tags", "routing"}


async def test_it_sees_the_state_as_it_is() -> None:
    bench = Bench(rules=make_rules(pinning.plugin, routing.plugin))
    request = make_request(hints=Hints(session_id="s-1"))
    await bench.store.put_pin("default/s-1", Pin("opus", 0.0), 60.0)
    simulated = await simulator(bench).simulate(request, NOTHING)
    assert isinstance(simulated.decision, Decision)
    assert simulated.decision.target == "opus"


async def test_what_is_supposed_counts() -> None:
    bench = Bench(rules=make_rules(health.plugin, routing.plugin))
    supposed = Suppositions([HealthOverride(HealthState.DOWN, provider="google")])
    simulated = await simulator(bench).simulate(make_request(), supposed)
    assert isinstance(simulated.decision, Decision)
    assert (simulated.decision.target, simulated.error) == ("mini", None)
    with pytest.raises(RequestError, match="no budget 'acme' counts this request"):
        await simulator(bench).simulate(make_request(), Suppositions(remaining={"acme": 1}))


async def test_a_refusal_is_an_answer_with_its_trace() -> None:
    bench = Bench(rules=make_rules(limits.plugin, routing.plugin))
    simulated = await simulator(bench).simulate(make_request(hints=Hints(max_cost_nano_usd=0)), NOTHING)
    assert simulated.error is not None
    assert simulated.error.reason is Reason.MAX_COST_UNSATISFIABLE
    assert isinstance(simulated.decision, Refusal)
    assert simulated.decision.trace


async def test_what_route_would_not_even_decide() -> None:
    bench = Bench(rules=make_rules(tags.plugin))
    simulated = await simulator(bench).simulate(make_request(hints=Hints(task="cod")), NOTHING)
    assert simulated.error is not None
    assert (simulated.error.reason, simulated.decision) == (Reason.UNKNOWN_TASK, None)


async def test_another_configuration_stands_beside_the_active_one() -> None:
    catalogue = make_catalogue([make_model("brandnew", provider="acme", usd=(0.01, 0.01))], tasks=[ONLY])
    other = dataclasses.replace(make_rules(routing.plugin, health.plugin, catalogue=catalogue), version="other")
    bench = Bench(rules=make_rules(routing.plugin, health.plugin))
    supposed = Suppositions(
        [HealthOverride(HealthState.DEGRADED, provider="acme"), HealthOverride(HealthState.UP, model="brandnew")]
    )
    simulated, active = await simulator(bench, other).compare(make_request(), supposed, "…")
    assert isinstance(simulated.decision, Decision)
    assert isinstance(active.decision, Decision)
    assert (simulated.decision.target, simulated.decision.config_version) == ("brandnew", "other")
    assert (active.decision.target, active.decision.config_version) == ("flash", "test")
    assert simulated.now == active.now


async def test_a_configuration_that_cannot_be_used() -> None:
    with pytest.raises(ConfigInvalid):
        await simulator(Bench()).compare(make_request(), NOTHING, "…")
