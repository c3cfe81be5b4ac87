"""Acknowledged is recorded: under load with callers that go away, and when the server is killed."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from tests.faults.caller import Caller, Question, Reply
from tests.faults.documents import document
from tests.faults.process import serving
from tests.faults.world import HEALTHY, Simulator, World, opened, running, simulating, until

from pointsman.model.attempt import AttemptOutcome
from pointsman.sim import ModelSettings, SimSettings

pytestmark = pytest.mark.anyio

# Slow enough that a call can be cut off in the middle, short enough for a thousand of them.
MODELS = {name: ModelSettings(output_tokens=30) for name in ("sim-healthy", "sim-standby")}
SETTINGS = SimSettings(port=0, ttft_median=0.02, token_interval=0.002, models=MODELS, drain=0, log_limit=100_000)

CALLS, AT_ONCE = 1_000, 50
KILLS, CALLERS = 10, 20
# Only cancelling ends a call of this task.
ENDLESS = Question(task="endless", timeout=60)
FALLBACK = Question(task="risky", timeout=60)
ORDINARY = Question(task="healthy", timeout=60)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with simulating(SETTINGS) as simulator:
        yield simulator


def scenes(chance: random.Random) -> Iterator[tuple[Question, bool, float | None]]:
    """What to ask, streamed or not, and after how many seconds to cancel; None: not at all."""
    for number in range(CALLS):
        streamed = chance.random() < 0.5
        if number % 10 == 0:
            yield ENDLESS, streamed, chance.uniform(0.0, 0.2)
        elif number % 10 == 5:
            yield ORDINARY, streamed, chance.uniform(0.0, 0.1)
        else:
            yield (FALLBACK if chance.random() < 0.2 else ORDINARY), streamed, None


async def play(world: World, scene: tuple[Question, bool, float | None]) -> Reply:
    question, streamed, cancelled_after = scene
    call = world.caller.call(question, streamed=streamed)
    if cancelled_after is not None:
        asyncio.get_running_loop().call_later(cancelled_after, call.cancel)
    return await call.reply()


async def test_a_thousand_calls_a_fifth_of_them_cancelled(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    endless = '  endless: {provider: first, upstream: "fault-stall-after-20", tier: lower, context: 100_000, '
    text = document("fault-http-503", fallback=True, models=f"{endless}price: {{input: 1, output: 4}}}}\n")
    text = text.replace("tasks:\n", "tasks:\n  endless: {route: endless}\n")
    async with opened(text, simulator, tmp_path, caplog) as world:
        waiting = iter(list(scenes(random.Random(7))))  # noqa: S311 - which calls are cancelled is no secret

        async def keep_asking() -> list[Reply]:
            return [await play(world, scene) for scene in waiting]

        played = await asyncio.gather(*(keep_asking() for _ in range(AT_ONCE)))
        replies = [reply for some in played for reply in some]
        codes = Counter(reply.code for reply in replies)
        assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED}
        assert codes[grpc.StatusCode.OK] >= CALLS * 0.8
        await simulator.until_idle()
        await until(lambda: not running())
        assert world.turnstile.outstanding == 0
        assert (await world.caller.ask(HEALTHY, streamed=True)).code is grpc.StatusCode.OK
        await check_rows(world)
        assert await world.leaks() == []


async def check_rows(world: World) -> None:
    records = {record.decision_id: record for record in world.records()}
    answered = [reply for reply in world.caller.replies if reply.code is grpc.StatusCode.OK]
    assert all(records[reply.decision_id].status == "OK" for reply in answered)
    statuses = Counter(record.status for record in records.values())
    assert set(statuses) == {"OK", "CALLER_CANCELLED"}
    # What was cancelled may have been answered or never have arrived: only what the caller saw is certain.
    assert len(answered) <= statuses["OK"]
    assert len(records) <= world.caller.asked
    attempts = [attempt for record in records.values() for attempt in record.attempts]
    log = await world.simulator.ended()
    made, seen = Counter((a.provider, a.upstream) for a in attempts), Counter((c.provider, c.model) for c in log)
    assert seen <= made
    unseen = (made - seen).total()
    assert unseen <= sum(attempt.outcome is AttemptOutcome.CANCELLED for attempt in attempts)
    names = Counter(attempt.upstream_request_id for attempt in attempts if attempt.upstream_request_id)
    assert names <= Counter(call.id for call in log)


async def test_what_was_acknowledged_survives_kill_9(simulator: Simulator, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for _ in range(KILLS):
        async with serving(document(), simulator, tmp_path) as served:
            asking = [asyncio.create_task(ask_until_gone(served.caller)) for _ in range(CALLERS)]
            await asyncio.sleep(random.uniform(0.2, 0.8))  # noqa: S311 - any moment will do
            served.kill()
            await served.exit_status()
            acknowledged += [decision for found in await asyncio.gather(*asking) for decision in found]
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
        stored = Counter(row[0] for row in connection.execute("SELECT decision_id FROM decisions WHERE status = 'OK'"))
        charged = Counter(row[0] for row in connection.execute("SELECT decision_id FROM attempts"))
    assert integrity == "ok"
    assert len(set(acknowledged)) == len(acknowledged) > KILLS
    assert [(stored[decision], charged[decision]) for decision in acknowledged] == [(1, 1)] * len(acknowledged)


async def ask_until_gone(caller: Caller) -> list[str]:
    """The decisions whose finish was seen before the server died, their last stream's included."""
    seen: list[str] = []
    for number in range(1_000_000):
        reply = await caller.ask(ORDINARY, streamed=bool(number % 2))
        if reply.finish.reason:
            decision = reply.whole.decision if reply.whole else reply.events[0].decision
            seen.append(decision.decision_id)
        if reply.code is not grpc.StatusCode.OK:
            break
    return seen
