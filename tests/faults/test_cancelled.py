"""Rows 19 and 20 in every phase: whenever a caller goes away, all that was begun for it ends, and is recorded."""

from __future__ import annotations

import pytest
from grpc import StatusCode
from tests.faults.caller import Call, Question
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire, row
from tests.faults.peers import SleepingResolver, full_backlog
from tests.faults.policies import GATE_ASKED
from tests.faults.world import World, until

from pointsman.model.attempt import AttemptOutcome, CostSource

pytestmark = pytest.mark.anyio

both = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
AT_ONCE = "  - {use: hedging, with: {modes: {balanced: {delay: 0s, extra_spend: 100%}}}}\n"
CASCADE = "  - {use: cascade, with: {tasks: {risky: {gate: good, steps: [standby]}}}}\n"

Rows = list[tuple[str, str, str]]
CANCELLED: Rows = [("failing", "primary", "cancelled")]


def gated(upstream: str, gate: str, *, wire: str = "openai", models: str = "") -> str:
    """The failing model's answer is held until this gate has judged it."""
    return f"{document(upstream, wire=wire, fallback=True, models=models, behind=CASCADE)}gates: {{good: {gate}}}\n"


def rows(world: World) -> Rows:
    """What the ledger has of each attempt but those of the control question, in order of start."""
    attempts = [attempt for record in world.records() for attempt in record.attempts if attempt.target != "healthy"]
    return [(attempt.target, str(attempt.kind), str(attempt.outcome)) for attempt in attempts]


async def goes_away(world: World, call: Call) -> None:
    """Cancel; every provider that was still asked sees it at once."""
    asked = {active.id for active in await world.simulator.active()}
    call.cancel()
    assert (await call.reply()).code is StatusCode.CANCELLED
    await world.simulator.until_idle()
    await world.until_recorded(1)
    endings = {ended.id: ended.ending for ended in await world.simulator.ended()}
    assert {endings[id] for id in asked} <= {"client_closed"}
    assert [record.status for record in world.records()] == ["CALLER_CANCELLED"]


@every_wire
@both
@pytest.mark.parametrize("upstream", ["fault-hang-accept", "fault-pings-forever=0.01", "fault-role-forever=0.01"])
async def test_row_19_before_the_first_token(start: Start, upstream: str, streamed: bool, wire: str) -> None:
    world = await start(document(upstream, wire=wire, fallback=True))
    call = world.caller.call(Question(), streamed=streamed)
    await world.simulator.until_active()
    await goes_away(world, call)
    check_estimated(world, output=False)
    await world.check_afterwards()


@every_wire
@pytest.mark.parametrize("upstream", ["fault-stall-after-20", "sim-endless:fault-drip=20000", "fault-runs-on"])
async def test_row_20_after_tokens(start: Start, upstream: str, wire: str) -> None:
    world = await start(document(upstream, wire=wire, fallback=True))
    call = world.caller.call(Question(), streamed=True)
    await call.until_output()
    await goes_away(world, call)
    check_estimated(world, output=True)
    await world.check_afterwards()


@every_wire
async def test_row_20_half_of_a_whole_answer(start: Start, wire: str) -> None:
    world = await start(document("fault-stall-after-20", wire=wire, fallback=True))
    call = world.caller.call(Question(), streamed=False)
    await world.simulator.until_active()
    await goes_away(world, call)
    check_estimated(world, output=False)
    await world.check_afterwards()


def check_estimated(world: World, *, output: bool) -> None:
    """One attempt, whose provider told nothing of its usage, or what a message counts that has just begun."""
    assert rows(world) == CANCELLED
    (attempt,) = world.attempts()
    assert attempt.cost_source is CostSource.ESTIMATE
    assert attempt.usage.estimated
    assert attempt.usage.input_tokens > 0
    assert attempt.usage.output_tokens >= 1 if output else attempt.usage.output_tokens <= 1


@both
async def test_while_connecting(start: Start, streamed: bool) -> None:
    with full_backlog() as url:
        world = await start(document(fallback=True).replace("SIMULATOR/first", url))
        call = world.caller.call(Question(), streamed=streamed)
        # Admitted, and nothing but the connection is waited for.
        await until(lambda: world.turnstile.outstanding)
        await goes_away(world, call)
        assert rows(world) == CANCELLED
        await world.check_afterwards(unreached="first")


async def test_while_a_name_is_looked_up(start: Start) -> None:
    resolver = SleepingResolver()
    world = await start(document(fallback=True).replace("SIMULATOR/first", "http://provider.example"), resolver)
    call = world.caller.call(Question(), streamed=True)
    await until(resolver.asked.is_set)
    await goes_away(world, call)
    assert rows(world) == CANCELLED
    await world.check_afterwards(unreached="first")
    resolver.wake()


@every_wire
async def test_once_a_race_is_won(start: Start, wire: str) -> None:
    # Slow enough that both are asked before one answers.
    text = document("sim-endless:fault-drip=2000", wire=wire, fallback=True, behind=AT_ONCE)
    world = await start(text.replace("sim-standby", "fault-hang-accept"))
    call = world.caller.call(Question(), streamed=True)
    await call.until_output()
    await world.simulator.until_active()
    await goes_away(world, call)
    assert {ended.ending for ended in await world.simulator.ended()} == {"client_closed"}
    assert rows(world) == [("failing", "primary", "cancelled"), ("standby", "hedge", "lost")]
    await world.check_afterwards()


@every_wire
@both
async def test_while_an_answer_is_held_for_its_gate(start: Start, streamed: bool, wire: str) -> None:
    world = await start(gated("fault-stall-after-20", "{use: finished}", wire=wire))
    call = world.caller.call(Question(), streamed=streamed)
    while [active.tokens for active in await world.simulator.active()] != [20 if streamed else 0]:
        pass
    await goes_away(world, call)
    assert rows(world) == CANCELLED
    await world.check_afterwards()


@both
async def test_while_a_gate_judges(start: Start, streamed: bool) -> None:
    world = await start(gated("sim-failing", "{use: hanging, timeout: 60s}"))
    call = world.caller.call(Question(), streamed=streamed)
    await until(lambda: GATE_ASKED in world.log.text)
    await goes_away(world, call)
    assert rows(world) == CANCELLED
    (attempt,) = world.attempts()
    # It had answered, so what it used is known.
    assert (attempt.cost_source, attempt.usage.estimated) == (CostSource.PRICE, False)
    await world.check_afterwards()


@both
async def test_while_a_gate_asks_a_model(start: Start, streamed: bool) -> None:
    judge = row("judge", "second", "fault-hang-accept")
    world = await start(gated("sim-failing", "{use: judge, with: {model: judge}, timeout: 60s}", models=judge))
    call = world.caller.call(Question(), streamed=streamed)
    await until(lambda: world.turnstile.outstanding)
    await world.simulator.until_active()
    while [active.provider for active in await world.simulator.active()] != ["second"]:
        pass
    await goes_away(world, call)
    assert rows(world) == [*CANCELLED, ("judge", "assist", "cancelled")]
    await world.check_afterwards()


@both
async def test_while_a_retry_waits(start: Start, streamed: bool) -> None:
    world = await start(document("fault-http-429=5", failover="retries: 1"))
    call = world.caller.call(Question(), streamed=streamed)
    await until(lambda: world.turnstile.settled)
    await goes_away(world, call)
    (attempt,) = world.attempts()
    assert (attempt.outcome, attempt.error_reason) == (AttemptOutcome.FAILED, "PROVIDER_RATE_LIMITED")
    assert len(await world.simulator.ended()) == 1
    await world.check_afterwards()


@both
async def test_while_another_is_asked_instead(start: Start, streamed: bool) -> None:
    world = await start(document("fault-http-503", fallback=True).replace("sim-standby", "fault-hang-accept"))
    call = world.caller.call(Question(), streamed=streamed)
    await world.simulator.until_active()
    await goes_away(world, call)
    assert rows(world) == [("failing", "primary", "failed"), ("standby", "failover", "cancelled")]
    await world.check_afterwards()
