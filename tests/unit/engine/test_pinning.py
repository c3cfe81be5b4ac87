"""Who is pinned, and when: the engine puts a pin where the plan says so and an attempt served."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.engine.bench import Bench, broken, down

from pointsman import Plan, Request, hookimpl
from pointsman.model.catalogue import Catalogue
from pointsman.model.request import Hints
from pointsman.model.snapshot import Pin
from pointsman.testing import FakeProvider, RecordingSink, answering, make_entry, make_request, make_rules
from pointsman_policies import limits, pinning

SESSION = make_request(hints=Hints(session_id="s1"))


def bench(providers: dict[str, FakeProvider] | None = None, catalogue: Catalogue | None = None) -> Bench:
    return Bench(providers, make_rules(pinning.plugin, limits.plugin, catalogue=catalogue))


async def pin_of(bench: Bench, session: str = "default/s1") -> Pin | None:
    return (await bench.store.read(session)).pin


async def test_the_model_that_served_is_pinned() -> None:
    world = bench({"google": FakeProvider(answering(down()))})
    began = world.clock.now()
    completion = await world.unary(request=SESSION)
    assert completion.served is not None
    assert await pin_of(world) == Pin("mini", began, 1)


async def test_a_stream_pins_too_and_the_next_turn_follows() -> None:
    world = bench({"google": FakeProvider(answering(down()), answering("hi"))})
    await world.stream(RecordingSink(), request=SESSION)
    completion = await world.stream(RecordingSink(), request=SESSION)
    assert completion.routed is not None
    assert (completion.routed.decision.target, completion.routed.decision.decided_by) == ("mini", "pinning")


@pytest.mark.parametrize("request_", [make_request(), make_request(hints=Hints(labels={"user": "u"}))])
async def test_without_a_session_nothing_is_pinned(request_: Request) -> None:
    world = bench()
    await world.unary(request=request_)
    assert await pin_of(world, "default/") is None


async def test_a_failed_turn_pins_nothing() -> None:
    failing = FakeProvider(answering("Hel", broken()))
    world = bench(dict.fromkeys(("google", "openai", "anthropic"), failing))
    completion = await world.stream(RecordingSink(), request=SESSION)
    assert completion.error is not None
    assert await pin_of(world) is None


async def test_routing_alone_pins_nothing() -> None:
    world = bench()
    await world.route(SESSION)
    await world.engine.drain()
    assert await pin_of(world) is None


async def test_failing_over_once_leaves_the_pin() -> None:
    world = bench({"google": FakeProvider(answering("hi"), answering(down()), answering("hi"))})
    targets = []
    for _ in range(3):
        completion = await world.unary(request=SESSION)
        assert completion.served is not None
        targets.append(completion.served.attempt.target)
    assert targets == ["flash", "mini", "flash"]


async def test_a_pin_that_breaks_moves() -> None:
    world = bench()
    await world.unary(request=SESSION)
    await world.unary(request=make_request(hints=Hints(session_id="s1", exclude_providers=("google",))))
    pin = await pin_of(world)
    assert pin is not None
    assert pin.target == "mini"


async def test_a_pin_on_a_model_that_is_gone_moves() -> None:
    world = bench()
    await world.store.put_pin("default/s1", Pin("retired", 0.0), 60)
    await world.unary(request=SESSION)
    pin = await pin_of(world)
    assert pin is not None
    assert pin.target == "flash"


async def test_a_shadow_entry_pins_nothing() -> None:
    shadow = dataclasses.replace(make_entry(pinning.plugin), shadow=True)
    world = Bench(rules=make_rules(pinning.plugin, limits.plugin))
    world.adopt(make_rules(limits.plugin, shadow))
    await world.unary()
    assert await pin_of(world) is None


class Planner:
    """Makes a plan of its own, as hedging does."""

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Plan:
        return Plan(plan.stages[:2])


async def test_a_planner_of_its_own_need_not_repeat_the_pin() -> None:
    world = Bench(rules=make_rules(pinning.plugin, Planner()))
    await world.unary(request=SESSION)
    assert await pin_of(world) is not None


class Wrong:
    def __init__(self, ttl: object) -> None:
        self.ttl = ttl

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Plan:
        return Plan(plan.stages, self.ttl)  # type: ignore[arg-type]  # what it is about


@pytest.mark.parametrize("ttl", [0, -1.0, float("nan"), "1h", 1e9])
async def test_a_time_that_is_none_pins_nothing(ttl: object) -> None:
    rules = make_rules(Wrong(ttl), dataclasses.replace(make_entry(pinning.plugin), shadow=True))
    world = Bench(rules=rules)
    completion = await world.unary()
    assert completion.routed is not None
    assert "pin the session" in completion.routed.decision.trace[-1].reason
