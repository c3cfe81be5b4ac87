"""Several workers on one port: one that is killed, all that are told to stop, and what all of them count."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Caller, Question, Reply
from tests.faults.documents import document
from tests.faults.process import Served, serving
from tests.faults.world import HEALTHY, Simulator, until
from tests.redis.server import RedisServer, redis_server

# The event loop here is only the caller's: each worker has its own.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

CONNECTIONS = 12
"""The kernel spreads connections, so that with so many hardly ever one worker gets all of them."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def served(server: RedisServer, simulator: Simulator, tmp_path: Path) -> AsyncIterator[Served]:
    state = f'state: {{store: redis, url: "{server.url}"}}\n'
    text = (state + document("fault-slow=1.5")).replace("drain: 0s", "drain: 20s")
    async with serving(text, simulator, tmp_path, "--workers", "2") as served:
        yield served


@pytest.fixture
async def callers(served: Served) -> AsyncIterator[list[Caller]]:
    async with AsyncExitStack() as stack:
        made = [Caller(served.caller.address) for _ in range(CONNECTIONS)]
        for caller in made:
            stack.push_async_callback(caller.close)
        yield made


async def all_ask(callers: list[Caller], question: Question) -> list[Reply]:
    return list(await asyncio.gather(*[caller.ask(question, streamed=True) for caller in callers]))


async def answered(served: Served) -> float:
    return sum(await served.metric("pointsman_requests_total", method="Complete", reason="OK"))


def dead(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return not path.exists() or path.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_one_that_is_killed_under_load(served: Served, simulator: Simulator, callers: list[Caller]) -> None:
    first = await all_ask(callers, HEALTHY)
    assert {reply.code for reply in first} == {StatusCode.OK}
    assert await answered(served) == CONNECTIONS
    assert len(set(await served.metric("process_start_time_seconds"))) == 2
    running = [caller.call(Question(), streamed=True) for caller in callers]
    await simulator.until_active(CONNECTIONS)
    os.kill(served.workers()[1], signal.SIGKILL)
    replies = await asyncio.gather(*[call.reply() for call in running])
    assert {reply.code for reply in replies} <= {StatusCode.OK, StatusCode.UNAVAILABLE}
    survived = len([reply for reply in replies if reply.code is StatusCode.OK])
    # The other one serves, whatever becomes of this one; who was connected to it connects again.
    again = await all_ask(callers, HEALTHY)
    assert {reply.code for reply in again} == {StatusCode.OK}
    assert await answered(served) == CONNECTIONS + survived + CONNECTIONS
    await until(lambda: "worker 1 serves again" in served.log())
    last = await all_ask([Caller(served.caller.address) for _ in callers], HEALTHY)
    assert {reply.code for reply in last} == {StatusCode.OK}
    assert await answered(served) == CONNECTIONS + survived + 2 * CONNECTIONS
    assert list(served.statuses().values()).count("OK") >= CONNECTIONS + survived + 2 * CONNECTIONS
    # They do not outlive the process that started them, however it ends.
    workers = served.workers()
    served.kill()
    await until(lambda: all(map(dead, workers)))


async def test_sigterm_drains_all(served: Served, simulator: Simulator, callers: list[Caller]) -> None:
    running = [caller.call(Question(), streamed=streamed) for caller in callers for streamed in (True, False)]
    await simulator.until_active(2 * CONNECTIONS)
    served.terminate()
    replies = await asyncio.gather(*[call.reply() for call in running])
    assert {reply.code for reply in replies} == {StatusCode.OK}
    assert await served.exit_status() == 0
    assert len(served.statuses()) == 2 * CONNECTIONS
