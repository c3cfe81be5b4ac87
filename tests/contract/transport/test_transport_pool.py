from __future__ import annotations

import asyncio

import pytest
from tests.contract.transport.calls import call, failure, loop_turns, post, read_all, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import CHUNKED, Peer, chunk, whole

from pointsman.errors import ConnectTimeout
from pointsman.ports import Limits, Transport

pytestmark = pytest.mark.anyio


async def answer_all(peer: Peer) -> None:
    while await peer.request():
        peer.send(CHUNKED + chunk(b"ok") + b"0\r\n\r\n")


async def test_connections_are_reused(transport: Transport, serve: Serve) -> None:
    server = await serve(answer_all)
    for _ in range(5):
        await soon(call(transport, server.url()))
        await soon(read_all(transport, server.url()))
    assert len(server.peers) == 1


async def test_no_more_connections_than_the_limit_for_a_host(connect: Connect, serve: Serve) -> None:
    go = asyncio.Event()
    waiting = asyncio.Semaphore(0)

    async def script(peer: Peer) -> None:
        while await peer.request():
            waiting.release()
            await go.wait()
            peer.send(whole(b"ok"))

    transport = connect(per_host=3)
    server = await serve(script)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(call(transport, server.url())) for _ in range(10)]
        for _ in range(3):
            await soon(waiting.acquire())
        await failure(ConnectTimeout, call(transport, server.url(), Limits(connect=0.05)), sent=False)
        assert len(server.peers) == 3
        go.set()
    assert all(task.result().body == b"ok" for task in calls)
    assert len(server.peers) == 3


async def test_a_stream_left_before_its_end_is_closed(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"one"))

    server = await serve(script)
    async with transport.stream(post(server.url()), Limits()) as stream:
        assert await soon(stream.read_some()) == b"one"
    await soon(server.all_lost())
    with pytest.raises(LookupError):
        async with transport.stream(post(server.url()), Limits()):
            raise LookupError
    await soon(server.all_lost())
    assert len(server.peers) == 2


async def test_a_connection_that_the_server_closed_is_not_used_again(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(whole(b"ok"))
        peer.close()

    server = await serve(script)
    for number in range(3):
        await soon(call(transport, server.url()))
        await soon((await server.peer(number)).lost.wait())
        await loop_turns()
    assert len(server.peers) == 3


@pytest.mark.parametrize("late", [False, True])
async def test_an_answer_nobody_asked_for_is_never_anybodys_answer(
    transport: Transport, serve: Serve, late: bool
) -> None:
    answered = asyncio.Event()

    async def script(peer: Peer) -> None:
        while request := await peer.request():
            peer.send(whole(b"answer to " + request[6:7]) + (b"" if late else whole(b"stray")))
            if late:
                await answered.wait()
                peer.send(whole(b"stray"))

    server = await serve(script)
    assert (await soon(call(transport, server.url("/1")))).body == b"answer to 1"
    answered.set()
    await loop_turns()
    answered.clear()
    assert (await soon(call(transport, server.url("/2")))).body == b"answer to 2"


async def test_a_connection_is_not_shared_while_it_still_sends_a_request(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.spoke.wait()
        peer.transport.pause_reading()
        peer.send(whole(b"too large for me", "413 Content Too Large"))

    server = await serve(script)
    assert (await soon(transport.request(post(server.url(), b"x" * 20_000_000), Limits(), 1000))).status == 413
    (await server.peer()).transport.resume_reading()
    await soon(server.all_lost())
    assert len(server.received) < 20_000_000
