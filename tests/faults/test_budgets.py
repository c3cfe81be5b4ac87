"""Rows 36, 37, 38 and 40: whatever comes together with a budget, it is not overdrawn, and nothing stays reserved."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Question, Reply
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.process import Served, serving
from tests.faults.world import Simulator, World, running, until

from pointsman.ledger.reading import reading
from pointsman.model.decision import Decision
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub

pytestmark = pytest.mark.anyio

HEEDED = "  - {use: budgets}\n"
AT_ONCE = "  - {use: hedging, with: {modes: {balanced: {delay: 0s, extra_spend: 100%}}}}\n"
# Of the failing model an answer may take 1,000 tokens at 8 USD a million, a prompt some twenty at 2: ten of them.
TEN = 0.081


def capped(upstream: str, usd: float, *, fallback: bool = False, behind: str = "") -> str:
    text = document(upstream, fallback=fallback, extra=HEEDED, behind=behind)
    text = text.replace("risky: {route: failing}", "risky: {route: failing, max_output_tokens: 1000}")
    # Not of the control question, which comes after everything.
    return f"{text}budgets:\n  - {{name: risky, match: {{task: risky}}, daily_usd: {usd}}}\n"


async def budget(world: World | Served, scope: str = "risky/day") -> admin.Budget:
    answer: admin.GetBudgetResponse = await AdminServiceStub(world.caller.channel).GetBudget(
        admin.GetBudgetRequest(scope=scope)
    )
    return answer.budget


async def check_budget(world: World) -> int:
    """Nothing is reserved any more, and what was spent is what the ledger says and not more than there was."""
    # Also what was begun for callers who went away.
    await until(lambda: not running())
    kept = await budget(world)
    assert (kept.spent, kept.reserved) == (recorded(world), 0)
    assert kept.spent <= kept.limit
    return kept.spent


def recorded(world: World | Served) -> int:
    """What the ledger says that everything came to."""
    with reading(world.ledger) as connection:
        (cost,) = connection.execute("SELECT COALESCE(SUM(cost_nano_usd), 0) FROM decisions").fetchone()
    return int(cost)


def check_refused(reply: Reply) -> None:
    assert (reply.code, reply.reason) == (StatusCode.RESOURCE_EXHAUSTED, "BUDGET_EXHAUSTED")
    assert reply.facts["budget"] == "risky/day"
    assert int(reply.facts["remaining_nano_usd"]) >= 0
    assert reply.facts["resets_at"].endswith("T00:00:00Z")
    assert dict(reply.trailers)["grpc-retry-pushback-ms"] == "-1"
    assert reply.retry_delay is None


@pytest.mark.parametrize("calls", [100, 1000])
async def test_row_37_ten_fit_and_all_come_at_once(start: Start, calls: int) -> None:
    world = await start(capped("fault-hang-accept", TEN))
    asked = [world.caller.call(Question(), streamed=number % 2 == 0) for number in range(calls)]
    replies = [asyncio.create_task(call.reply()) for call in asked]
    await world.simulator.until_active(10)
    await until(lambda: sum(reply.done() for reply in replies) == calls - 10)
    held = await budget(world)
    assert held.spent == 0
    assert held.limit - 9_000_000 < held.reserved <= held.limit
    for reply in replies:
        if reply.done():
            check_refused(reply.result())
    for call in asked:
        call.cancel()
    codes = Counter([(await reply).code for reply in replies])
    assert codes == {StatusCode.RESOURCE_EXHAUSTED: calls - 10, StatusCode.CANCELLED: 10}
    await check_budget(world)
    # Reading a thousand records again and again would be most of it.
    if calls == 100:
        await world.check_afterwards()


async def test_row_37_many_at_once_are_served_as_far_as_the_money_goes(start: Start) -> None:
    world = await start(capped("sim-failing", TEN))
    asked = [world.caller.ask(Question(), streamed=number % 2 == 0) for number in range(300)]
    replies = await asyncio.gather(*asked)
    for reply in replies:
        if reply.code is not StatusCode.OK:
            check_refused(reply)
    # What an answer did not take is there for others.
    assert sum(reply.code is StatusCode.OK for reply in replies) >= 10
    await check_budget(world)


async def test_row_38_a_thousand_random_cancels_leave_nothing_reserved(start: Start) -> None:
    world = await start(capped("fault-stall-after-20", 1000))
    chance = random.Random(38)  # noqa: S311 - nobody's secret

    async def ask() -> None:
        call = world.caller.call(Question(), streamed=True)
        for _ in range(chance.randrange(3)):
            await call.read()
        # Anywhere on its way: each round is a step of everybody else.
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        call.cancel()
        await call.reply()

    async def asker() -> None:
        for _ in range(20):
            await ask()

    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(asker())
    assert await check_budget(world) > 0


async def test_row_40_no_hedge_where_there_is_room_for_one(start: Start) -> None:
    # The second is half as dear again.
    world = await start(capped("fault-slow=0.3", 0.02, fallback=True, behind=AT_ONCE))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    assert [str(attempt.kind) for attempt in world.records()[0].attempts] == ["primary"]
    (verdict,) = [v for v in decided(world).trace if v.policy == "hedging"]
    assert verdict.reason == "budget risky/day has no room for both"
    await check_budget(world)
    await world.check_afterwards()


async def test_row_40_a_hedge_where_there_is_room_for_both(start: Start) -> None:
    world = await start(capped("fault-slow=0.3", 0.03, fallback=True, behind=AT_ONCE))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "standby")
    assert len(world.records()[0].attempts) == 2
    await check_budget(world)


def decided(world: World) -> Decision:
    decision = world.records()[0].decision
    assert isinstance(decision, Decision)
    return decision


class Wall:
    """Implements `ports.Clock`: a clock on the wall that is put forward and back."""

    def __init__(self, now: float) -> None:
        self.ahead = now - time.time()

    def now(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()


async def test_row_36_a_clock_that_jumps_resets_a_window_once(start: Start) -> None:
    midnight = 1_700_006_400.0
    wall = Wall(midnight - 1200)
    world = await start(capped("sim-failing", 1), clock=wall)

    async def spend() -> tuple[int, int]:
        """Seconds from midnight to the end of the window, and what is spent in it."""
        assert (await world.caller.ask(Question(), streamed=True)).code is StatusCode.OK
        kept = await budget(world)
        return round(kept.period_end.seconds - midnight), kept.spent

    ends, first = await spend()
    assert ends == 0
    wall.ahead += 3600
    ends, second = await spend()
    assert (ends, second < 2 * first) == (86_400, True)
    wall.ahead -= 3600
    # The same day goes on as it was, and so does the next, once it really comes.
    ends, again = await spend()
    assert (ends, again > first) == (0, True)
    wall.ahead += 1800
    ends, later = await spend()
    assert (ends, later > second) == (86_400, True)
    assert again + later == recorded(world)
    await world.check_afterwards()


async def test_a_limit_of_requests_says_when_to_come_back(start: Start) -> None:
    text = document("sim-failing", extra=HEEDED)
    # Early in a minute, so that it does not end meanwhile.
    world = await start(f"{text}budgets:\n  - {{name: all, requests_per_minute: 3}}\n", clock=Wall(1_700_000_041.0))
    replies = [await world.caller.ask(Question(), streamed=streamed) for streamed in (True, False, True, False)]
    assert [reply.code for reply in replies[:3]] == [StatusCode.OK] * 3
    refused = replies[3]
    assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
    assert refused.facts["budget"] == "all/requests"
    assert refused.retry_delay is not None
    assert 30 < refused.retry_delay <= 60
    pushback = dict(refused.trailers)["grpc-retry-pushback-ms"]
    assert int(pushback) == round(refused.retry_delay * 1000)
    assert (await budget(world, "all/requests")).spent == 3


async def test_after_a_restart_a_budget_is_what_the_ledger_says(start: Start) -> None:
    text = capped("sim-failing", 1)
    before = await start(text)
    await asyncio.gather(*[before.caller.ask(Question(), streamed=True) for _ in range(20)])
    spent = await check_budget(before)
    after = await start(text)
    assert (await budget(after)).spent == spent > 0


# The event loop here is only the caller's: the server has its own.
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_row_29_killed_and_started_again_a_budget_is_what_the_ledger_says(
    simulator: Simulator, tmp_path: Path
) -> None:
    text = capped("sim-failing", 1)
    async with serving(text, simulator, tmp_path) as served:
        replies = await asyncio.gather(*[served.caller.ask(Question(), streamed=True) for _ in range(20)])
        hanging = [served.caller.call(Question(), streamed=True) for _ in range(20)]
        await hanging[0].until_output()
        served.kill()
        await asyncio.gather(*[call.reply() for call in hanging])
        await served.exit_status()
    answered = sum(reply.usage.cost.total_nano_usd for reply in replies)
    async with serving(text, simulator, tmp_path) as again:
        kept = await budget(again)
        assert (kept.spent, kept.reserved) == (recorded(again), 0)
        assert kept.spent >= answered > 0
