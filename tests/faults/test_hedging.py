"""Row 39, and what else goes wrong while two providers race: a slow first, a caller who leaves, retries at the end."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document, every_wire
from tests.faults.world import World

from pointsman.model.attempt import Attempt, CostSource

pytestmark = pytest.mark.anyio

HEDGE = "  - {use: hedging, with: {modes: {balanced: {delay: 300ms, extra_spend: 100%}}}}\n"
AT_ONCE = "  - {use: hedging, with: {modes: {balanced: {delay: 0s, extra_spend: 100%}}}}\n"


def hedged(upstream: str, *, hedge: str = HEDGE, wire: str = "openai") -> str:
    return document(upstream, wire=wire, fallback=True, behind=hedge)


def attempts(world: World) -> list[tuple[str, str, str]]:
    """What the ledger says of each attempt but those of the control question: model, kind, outcome."""
    made = [attempt for record in world.records() for attempt in record.attempts if attempt.target != "healthy"]
    return [(attempt.target, str(attempt.kind), str(attempt.outcome)) for attempt in made]


def lost(world: World) -> Attempt:
    return next(a for record in world.records() for a in record.attempts if str(a.outcome) == "lost")


@every_wire
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    "upstream", ["fault-slow=5", "fault-hang-accept", "fault-headers-then-silence", "fault-pings-forever"]
)
async def test_row_39_a_slow_first_and_a_fast_second(start: Start, upstream: str, streamed: bool, wire: str) -> None:
    world = await start(hedged(upstream, wire=wire))
    reply = await world.caller.ask(Question(), streamed=streamed)
    check_answered(reply, "standby")
    assert attempts(world) == [("failing", "primary", "lost"), ("standby", "hedge", "served")]
    loser = lost(world)
    assert loser.cost_source is CostSource.ESTIMATE
    assert reply.usage.cost.overhead_nano_usd == loser.cost_nano_usd > 0
    await world.check_afterwards()


async def test_row_39_at_once_and_never_interleaved(start: Start) -> None:
    # Slow enough that both are asked before one answers.
    text = hedged("fault-slow=0.3", hedge=AT_ONCE).replace("sim-standby", "sim-standby:fault-slow=0.3")
    world = await start(text)
    replies = await asyncio.gather(*(world.caller.ask(Question(), streamed=True) for _ in range(20)))
    for reply in replies:
        assert reply.code is StatusCode.OK
        assert reply.finish.served_by.model in {"failing", "standby"}
        assert reply.kinds == ["decision", "text_delta", "usage", "finish"]
        assert [event.seq for event in reply.events] == list(range(1, len(reply.events) + 1))
    outcomes = [outcome for _, _, outcome in attempts(world)]
    # Twenty at once are more than the first cent pays for: some of the hedges are not made.
    assert outcomes.count("served") == 20
    assert 1 <= outcomes.count("lost") <= 20
    await world.check_afterwards()


async def test_a_first_that_fails_is_not_waited_for(start: Start) -> None:
    world = await start(hedged("fault-http-500"))
    reply = await world.caller.ask(Question(), streamed=True)
    check_answered(reply, "standby")
    assert attempts(world) == [("failing", "primary", "failed"), ("standby", "hedge", "served")]
    await world.check_afterwards()


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_caller_who_leaves_a_race_closes_both(start: Start, streamed: bool) -> None:
    world = await start(
        document("fault-hang-accept", fallback=True, behind=AT_ONCE).replace("sim-standby", "fault-hang-accept")
    )
    call = world.caller.call(Question(), streamed=streamed)
    await world.simulator.until_active(2)
    call.cancel()
    assert (await call.reply()).code is StatusCode.CANCELLED
    await world.until_recorded(1)
    assert sorted(attempts(world)) == [("failing", "primary", "cancelled"), ("standby", "hedge", "cancelled")]
    await world.check_afterwards()


async def test_a_winner_that_breaks_off_is_aborted(start: Start) -> None:
    text = document("fault-slow=5", fallback=True, behind=HEDGE).replace("sim-standby", "fault-reset-mid-stream")
    world = await start(text)
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert attempts(world) == [("failing", "primary", "lost"), ("standby", "hedge", "failed")]
    await world.check_afterwards()


@pytest.mark.parametrize("upstream", ["fault-http-500", "fault-http-503", "fault-http-429=1"])
async def test_the_only_target_is_asked_again_within_a_budget(start: Start, upstream: str) -> None:
    world = await start(document(upstream, failover="retries: 2"))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
    assert [kind for _, kind, _ in attempts(world)] == ["primary", "retry", "retry"]
    await world.check_afterwards()


async def test_a_caller_who_can_start_over_is_served_by_the_same_again(start: Start) -> None:
    world = await start(document("fault-reset-mid-stream", failover="retries: 1"))
    reply = await world.caller.ask(Question(restart=True), streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.ABORTED, "STREAM_INTERRUPTED")
    assert reply.kinds == ["decision", "text_delta", "reset", "text_delta", "usage"]
    await world.check_afterwards()


async def test_a_blocked_prompt_goes_to_another_provider(start: Start) -> None:
    world = await start(document("fault-content-filter", fallback=True))
    check_answered(await world.caller.ask(Question(), streamed=True), "standby")
    await world.check_afterwards()


async def test_unless_an_operator_says_otherwise(start: Start) -> None:
    world = await start(document("fault-content-filter", fallback=True, failover="blocked_elsewhere: false"))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.reason) == (StatusCode.FAILED_PRECONDITION, "CONTENT_BLOCKED")
    await world.check_afterwards()


def check_answered(reply: Reply, model: str) -> None:
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, model)
    assert reply.text
