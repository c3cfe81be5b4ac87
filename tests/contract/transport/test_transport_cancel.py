from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Awaitable, Callable

import pytest
from tests.contract.transport.calls import call, loop_turns, post, read_all, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import CHUNKED, HEAD, Peer, Server, chunk, whole

from pointsman.ports import HttpRequest, Limits, Transport

pytestmark = pytest.mark.anyio

Start = Callable[[Transport, str], Awaitable[object]]
BOTH = [pytest.param(call, id="unary"), pytest.param(read_all, id="stream")]


async def cancelled(awaited: Awaitable[object], reached: Awaitable[object]) -> None:
    """Cancel once `reached`; the cancellation must come out."""
    task = asyncio.ensure_future(awaited)
    await soon(reached)
    await loop_turns()
    assert task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(task)


class Phases:
    """A server whose first connection halts at `halt`, and whose others answer."""

    def __init__(self, halt: bytes | None) -> None:
        self._halt = halt
        self._first = True
        self.reached = asyncio.Event()

    async def __call__(self, peer: Peer) -> None:
        while await peer.request():
            if self._first and self._halt is not None:
                self._first = False
                peer.send(self._halt)
                self.reached.set()
            else:
                peer.send(whole(b"ok"))


async def closed_and_usable(server: Server, transport: Transport) -> None:
    """The transport allows one connection: the next call works only if the cancelled one let go of it."""
    await soon(server.all_lost())
    assert (await soon(call(transport, server.url()))).body == b"ok"
    assert server.connected() == 1


@pytest.mark.parametrize("start", BOTH)
@pytest.mark.parametrize(
    "halt",
    [
        pytest.param(b"", id="before the headers"),
        pytest.param(HEAD, id="in the headers"),
        pytest.param(HEAD + b"Content-Length: 9\r\n\r\n", id="before the body"),
        pytest.param(HEAD + b"Content-Length: 9\r\n\r\nsome", id="in the body"),
        pytest.param(CHUNKED + chunk(b"some") + b"9\r\nmo", id="in a chunk"),
        pytest.param(HEAD + b"\r\nsome", id="in a body without length"),
    ],
)
async def test_cancelled_while_waiting(connect: Connect, serve: Serve, start: Start, halt: bytes) -> None:
    transport = connect(per_host=1)
    phases = Phases(halt)
    server = await serve(phases)
    await cancelled(start(transport, server.url()), phases.reached.wait())
    await closed_and_usable(server, transport)


async def test_cancelled_between_two_reads(connect: Connect, serve: Serve) -> None:
    transport = connect(per_host=1)
    phases = Phases(CHUNKED + chunk(b"one"))
    server = await serve(phases)
    has_read = asyncio.Event()

    async def read_then_think() -> None:
        async with transport.stream(post(server.url()), Limits()) as stream:
            assert await stream.read_some() == b"one"
            has_read.set()
            await asyncio.Event().wait()

    await cancelled(read_then_think(), has_read.wait())
    await closed_and_usable(server, transport)


@pytest.mark.parametrize("start", BOTH)
async def test_cancelled_while_connecting(
    connect: Connect, serve: Serve, full_backlog: socket.socket, fillers: list[socket.socket], start: Start
) -> None:
    transport = connect(per_host=1)
    await cancelled(start(transport, f"http://127.0.0.1:{full_backlog.getsockname()[1]}/"), loop_turns())
    for filler in fillers:
        filler.close()
    server = await serve(Phases(None), listener=full_backlog.dup())
    assert (await soon(call(transport, server.url()))).body == b"ok"


@pytest.mark.parametrize("start", BOTH)
async def test_cancelled_in_the_tls_handshake(connect: Connect, serve: Serve, start: Start) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    server = await serve(script)

    async def hello() -> None:
        await (await server.peer()).spoke.wait()

    await cancelled(start(connect(per_host=1), server.url(scheme="https")), hello())
    await soon(server.all_lost())


async def test_cancelled_while_waiting_for_a_free_connection(connect: Connect, serve: Serve) -> None:
    transport = connect(per_host=1)
    phases = Phases(HEAD + b"Content-Length: 9\r\n\r\n")
    server = await serve(phases)
    holder = asyncio.ensure_future(call(transport, server.url()))
    await soon(phases.reached.wait())
    await cancelled(call(transport, server.url()), loop_turns())
    await cancelled(holder, loop_turns())
    await closed_and_usable(server, transport)


async def test_cancelled_while_the_request_is_stuck(connect: Connect, serve: Serve) -> None:
    transport = connect(per_host=1)

    async def script(peer: Peer) -> None:
        peer.transport.pause_reading()

    server = await serve(script)
    request = HttpRequest("POST", server.url(), {}, b"x" * 20_000_000)
    await cancelled(transport.request(request, Limits(), 10), server.peer())
    (await server.peer()).transport.resume_reading()
    await soon(server.all_lost())
    assert len(server.received) < 20_000_000


async def test_two_thousand_cancels_leave_nothing_behind(connect: Connect, serve: Serve) -> None:
    transport = connect(per_host=8)
    dice = random.Random(20)  # noqa: S311 - not a secret
    answers = False

    async def script(peer: Peer) -> None:
        while await peer.request():
            if answers:
                peer.send(whole(b"ok"))
                continue
            peer.send(CHUNKED)
            while True:
                peer.send(chunk(b"x"))
                await peer.flushed()
                await asyncio.sleep(0)

    server = await serve(script)

    async def cancel_somewhere(start: Start) -> None:
        task = asyncio.ensure_future(start(transport, server.url()))
        await loop_turns(dice.randrange(14))
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    for _ in range(250):
        await asyncio.gather(*[cancel_somewhere(dice.choice((call, read_all))) for _ in range(8)])
    await soon(server.all_lost())
    answers = True
    for _ in range(50):
        assert (await soon(call(transport, server.url()))).body == b"ok"
    assert server.connected() == 1


@pytest.mark.parametrize("start", BOTH)
async def test_ten_thousand_cancels_while_connecting(
    connect: Connect, serve: Serve, full_backlog: socket.socket, fillers: list[socket.socket], start: Start
) -> None:
    transport = connect(per_host=8)
    url = f"http://127.0.0.1:{full_backlog.getsockname()[1]}/"
    before = most = open_files()
    for turns in range(1250):
        tasks = [asyncio.ensure_future(start(transport, url)) for _ in range(8)]
        await loop_turns(turns % 6)
        most = max(most, open_files())
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert [task for task in tasks if not task.cancelled()] == []
    assert most == before + 8
    await soon(until_no_more_than(before))
    for filler in fillers:
        filler.close()
    server = await serve(Phases(None), listener=full_backlog.dup())
    # Not one place of the pool is taken: as many calls as it has are under way at once.
    answers = await soon(asyncio.gather(*[call(transport, server.url()) for _ in range(8)]))
    assert [answer.body for answer in answers] == [b"ok"] * 8
    assert server.connected() == 8


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def until_no_more_than(count: int) -> None:
    while open_files() > count:  # noqa: ASYNC110 - nothing announces that a socket was closed
        await asyncio.sleep(0)
