"""Acknowledged is recorded: under load with callers that go away, and when the server is killed."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import grpc
import psycopg
import pytest
from tests.faults.caller import Caller, Question, Reply
from tests.faults.documents import document
from tests.faults.process import Served, serving
from tests.faults.world import HEALTHY, Simulator, World, opened, running, simulating, until
from tests.postgres_server import PostgresServer

from pointsman.ledger.place import Place
from pointsman.ledger.reading import reading
from pointsman.model.attempt import AttemptOutcome
from pointsman.sim import ModelSettings, SimSettings

pytestmark = pytest.mark.anyio

# Slow enough that a call can be cut off in the middle, short enough for a thousand of them.
MODELS = {name: ModelSettings(output_tokens=30) for name in ("sim-healthy", "sim-standby")}
SETTINGS = SimSettings(port=0, ttft_median=0.02, token_interval=0.002, models=MODELS, drain=0, log_limit=100_000)

CALLS, AT_ONCE = 1_000, 50
# `make soak` says more.
KILLS, CALLERS = int(os.environ.get("POINTSMAN_KILLS", "10")), 20
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
        # What has not arrived yet when it is cancelled says nothing: some have surely begun.
        if streamed and question is ENDLESS:
            await call.until_output()
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


@pytest.mark.timeout(60 + 10 * KILLS)
async def test_what_was_acknowledged_survives_kill_9(simulator: Simulator, tmp_path: Path) -> None:
    """In every other round another process locks the ledger, so that the spool is written, or else replayed."""
    path, acknowledged = tmp_path / "ledger.db", list[str]()
    text = document().replace('ledger: {path: "LEDGER"}', 'ledger: {path: "LEDGER", spool: {after: 50ms}}')
    for number in range(KILLS):
        async with serving(text, simulator, tmp_path) as served:
            with locked(path) if number % 2 else nullcontext():
                acknowledged += await killed(served)
    async with serving(text, simulator, tmp_path):
        await until(lambda: {*acknowledged} <= answers(path).keys())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check_answers(acknowledged, path)


@pytest.mark.timeout(60 + 10 * KILLS)
async def test_in_postgresql_too_which_is_killed_itself(
    simulator: Simulator, tmp_path: Path, postgres: PostgresServer
) -> None:
    """In every other round the database is killed first, so that the spool is written, or else replayed."""
    place, acknowledged = postgres.place(), list[str]()
    (tmp_path / "url").write_text(place.url)
    ledger = f'ledger: {{url: "${{file:{tmp_path}/url}}", spool: {{path: "{tmp_path}/spool", after: 50ms}}}}'
    text = document().replace('ledger: {path: "LEDGER"}', ledger)
    for number in range(KILLS):
        async with serving(text, simulator, tmp_path) as served:
            acknowledged += await killed(served, postgres if number % 2 else None)
        if number % 2:
            await asyncio.to_thread(postgres.start)
    async with serving(text, simulator, tmp_path):
        await until(lambda: {*acknowledged} <= answers(place).keys())
    with psycopg.connect(place.url, autocommit=True) as connection:
        # Every row is in every index of its table, and every index in order.
        connection.execute("CREATE EXTENSION amcheck")
        connection.execute(
            "SELECT bt_index_check(indexrelid, true) FROM pg_stat_user_indexes WHERE schemaname = 'public'"
        )
    check_answers(acknowledged, place)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


async def killed(served: Served, first: PostgresServer | None = None) -> list[str]:
    """What was acknowledged before it was killed, at any moment under load; of the database, some time after that."""
    asking = [asyncio.create_task(ask_until_gone(served.caller)) for _ in range(CALLERS)]
    if first:
        await asyncio.sleep(random.uniform(0.05, 0.3))  # noqa: S311 - any moment will do
        first.kill()
    await asyncio.sleep(random.uniform(0.2, 0.8))  # noqa: S311 - the same
    served.kill()
    await served.exit_status()
    return [decision for found in await asyncio.gather(*asking) for decision in found]


def answers(place: Place) -> Counter[str]:
    """How many attempts there are of each decision that was answered."""
    with reading(place) as reader:
        found = reader.execute(
            "SELECT d.decision_id FROM decisions AS d JOIN attempts AS a USING (decision_id) WHERE d.status = 'OK'"
        )
        return Counter(row[0] for row in found)


def check_answers(acknowledged: list[str], place: Place) -> None:
    stored = answers(place)
    assert len(set(acknowledged)) == len(acknowledged) > KILLS
    assert [stored[decision] for decision in acknowledged] == [1] * len(acknowledged)
    # What is there beyond that was on its way to its caller.
    assert set(stored.values()) == {1}
    assert len(stored) <= len(acknowledged) + KILLS * CALLERS


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
