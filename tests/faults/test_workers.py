"""Several workers on one port: one that is killed, all that are told to stop, and what all of them count."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
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

CAP = 8_500_000
"""Nano-USD: for ten calls at the most that each can cost."""

SLOW = "fault-slow=3"
"""Long enough that all are under way at once, however busy the machine."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@asynccontextmanager
async def workers(text: str, server: RedisServer, simulator: Simulator, directory: Path) -> AsyncIterator[Served]:
    """Two of this configuration."""
    state = f'state: {{store: redis, url: "{server.url}", timeout: 1s}}\n'
    text = state + text.replace("drain: 0s", 'drain: 20s, api: "127.0.0.1:0"')
    async with serving(text, simulator, directory, "--workers", "2") as served:
        yield served


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[list[Caller]]:
    async with AsyncExitStack() as stack:
        made = [Caller(served.caller.address) for _ in range(CONNECTIONS)]
        for caller in made:
            stack.push_async_callback(caller.close)
        yield made


async def all_ask(callers: list[Caller], question: Question) -> list[Reply]:
    return list(await asyncio.gather(*[caller.ask(question, streamed=True) for caller in callers]))


async def answered(served: Served) -> float:
    return sum(await served.metric("pointsman_requests_total", method="Complete", reason="OK"))


async def by_http(served: Served) -> None:
    """The port of the HTTP API is all workers', too."""
    body = {"model": "pointsman/task:healthy", "messages": [{"role": "user", "content": "hello"}]}
    for _ in range(CONNECTIONS):
        url = f"http://{served.api}/v1/chat/completions"
        # A connection of its own, as the kernel spreads them.
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
            assert answer.status == 200
    shares = await served.metric("pointsman_requests_total", method="ChatCompletions", reason="OK")
    assert sum(shares) == CONNECTIONS


def dead(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return not path.exists() or path.read_text().rpartition(")")[2].split()[0] == "Z"


async def test_one_that_is_killed_under_load(server: RedisServer, simulator: Simulator, tmp_path: Path) -> None:
    async with workers(document(SLOW), server, simulator, tmp_path) as served, connected(served) as callers:
        await killed(served, simulator, callers)


async def killed(served: Served, simulator: Simulator, callers: list[Caller]) -> None:
    first = await all_ask(callers, HEALTHY)
    assert {reply.code for reply in first} == {StatusCode.OK}
    assert await answered(served) == CONNECTIONS
    assert len(set(await served.metric("process_start_time_seconds"))) == 2
    await by_http(served)
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
    async with connected(served) as fresh:
        last = await all_ask(fresh, HEALTHY)
    assert {reply.code for reply in last} == {StatusCode.OK}
    assert await answered(served) == CONNECTIONS + survived + 2 * CONNECTIONS
    assert list(served.statuses().values()).count("OK") >= CONNECTIONS + survived + 2 * CONNECTIONS
    # They do not outlive the process that started them, however it ends.
    left = served.workers()
    served.kill()
    await until(lambda: all(map(dead, left)))


async def test_row_37_a_budget_is_one_for_all_of_them_and_so_is_sigterm(
    server: RedisServer, simulator: Simulator, tmp_path: Path
) -> None:
    budget = f"budgets:\n  - {{name: all, match: {{task: risky}}, daily_usd: {CAP / 1e9}}}\n"
    text = budget + document(SLOW, extra="  - {use: budgets}\n")
    text = text.replace("{route: failing}", "{route: failing, max_output_tokens: 100}\n  slow: {route: failing}")
    async with workers(text, server, simulator, tmp_path) as served, connected(served) as callers:
        calls = [caller.call(Question(), streamed=True) for caller in callers for _ in range(100 // CONNECTIONS)]
        replies = await asyncio.gather(*[call.reply() for call in calls])
        await terminated(served, simulator, callers)
    admitted = [reply for reply in replies if reply.code is StatusCode.OK]
    refused = [reply for reply in replies if reply.code is not StatusCode.OK]
    # As many as fit at their dearest, and those that came after some had cost less.
    assert 10 <= len(admitted) < len(calls)
    assert {(reply.code, reply.reason) for reply in refused} == {(StatusCode.RESOURCE_EXHAUSTED, "BUDGET_EXHAUSTED")}
    assert {reply.facts["budget"] for reply in refused} == {"all/day"}
    assert all(reply.facts["resets_at"] for reply in refused)
    (key,) = server.ask("KEYS", "{pointsman}:account:*")
    spent, reserved = (int(value or 0) for value in server.ask("HMGET", key, "spent", "reserved"))
    assert (spent, reserved) == (sum(reply.usage.cost.total_nano_usd for reply in admitted), 0)
    assert spent <= CAP
    assert server.ask("ZCARD", "{pointsman}:leases") == 0


async def terminated(served: Served, simulator: Simulator, callers: list[Caller]) -> None:
    """SIGTERM drains all: what runs at either of them may end."""
    recorded, slow = len(served.statuses()), Question(task="slow")
    running = [caller.call(slow, streamed=streamed) for caller in callers for streamed in (True, False)]
    await simulator.until_active(len(running))
    served.terminate()
    replies = await asyncio.gather(*[call.reply() for call in running])
    assert {reply.code for reply in replies} == {StatusCode.OK}
    assert await served.exit_status() == 0
    assert len(served.statuses()) == recorded + len(running)
