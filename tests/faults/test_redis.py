"""Rows 2 and 24 to 26 as callers see them: whole servers that share a Redis, which is slow, away or gone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.world import HEALTHY, Simulator, World, opened, until
from tests.redis.server import RedisServer, redis_server

pytestmark = pytest.mark.anyio

PINNED = Question(task="healthy", session="s1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


def sharing(server: RedisServer, when_down: str, upstream: str = "sim-failing") -> str:
    chain = "  - {use: health}\n  - {use: pinning, with: {ttl: 1h}}\n"
    # Longer than is served with: a machine that is busy must not make Redis look away.
    state = f'state: {{store: redis, url: "{server.url}", when_down: {when_down}, timeout: 250ms}}\n'
    return state + document(upstream, extra=chain)


def said(world: World) -> list[str]:
    return [r.getMessage() for r in world.log.records if r.name.startswith("pointsman.stores.redis")]


async def degraded(world: World) -> bool:
    return b"pointsman_state_degraded 1.0" in await world.metrics()


async def test_row_2_what_one_server_is_told_to_leave_alone_all_leave_alone(
    server: RedisServer, simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = sharing(server, "refuse", "fault-http-429=60")
    async with AsyncExitStack() as stack:
        worlds = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            worlds.append(await stack.enter_async_context(opened(text, simulator, tmp_path / name, caplog)))
        for world in worlds:
            reply = await world.caller.ask(Question(), streamed=False)
            assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
            assert reply.retry_delay is not None
            assert reply.retry_delay > 30
        asked = [call for call in await simulator.ended() if call.model.startswith("fault-http-429")]
        assert len(asked) == 1


@pytest.mark.parametrize("when_down", ["refuse", "last_known"])
async def test_row_24_closed_at_start(server: RedisServer, start: Start, when_down: str) -> None:
    server.kill()
    began = time.monotonic()
    world = await start(sharing(server, when_down))
    assert time.monotonic() - began < 5
    reply = await world.caller.ask(HEALTHY, streamed=True)
    if when_down == "refuse":
        assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "STATE_UNAVAILABLE")
        assert reply.retry_delay == 1.0
    else:
        assert reply.code is StatusCode.OK
    assert len(said(world)) == 1
    assert await degraded(world)
    server.start()
    await until(lambda: len(said(world)) == 2)
    assert not await degraded(world)
    await world.check_afterwards()


async def test_row_25_killed_under_way(server: RedisServer, start: Start) -> None:
    world = await start(sharing(server, "last_known"))
    assert (await world.caller.ask(PINNED, streamed=True)).code is StatusCode.OK
    server.kill()
    await until(lambda: said(world))
    again = await world.caller.ask(PINNED, streamed=True)
    assert again.code is StatusCode.OK
    assert again.events[0].decision.decided_by == "pinning"
    server.start()
    await until(lambda: len(said(world)) == 3)
    away, empty, back = said(world)
    assert ("is not available" in away, "begun anew" in empty, "available again" in back) == (True, True, True)
    await world.check_afterwards()


@pytest.mark.parametrize("when_down", ["refuse", "last_known"])
async def test_row_26_paused(server: RedisServer, start: Start, when_down: str) -> None:
    world = await start(sharing(server, when_down))
    assert (await world.caller.ask(HEALTHY, streamed=True)).code is StatusCode.OK
    server.pause()
    replies = [await world.caller.ask(HEALTHY, streamed=streamed) for streamed in (True, False) * 5]
    if when_down == "refuse":
        assert {reply.reason for reply in replies} == {"STATE_UNAVAILABLE"}
    else:
        assert {reply.code for reply in replies} == {StatusCode.OK}
    assert len(said(world)) == 1
    server.go_on()
    await until(lambda: len(said(world)) == 2)
    await world.check_afterwards()
    assert len(said(world)) == 2
