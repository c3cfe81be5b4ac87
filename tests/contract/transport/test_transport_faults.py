from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.contract.transport.calls import call, failure, loop_turns, post, read_all, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import CHUNKED, HEAD, Peer, chunk

from pointsman.errors import (
    ConnectFailed,
    ConnectTimeout,
    DeadlineExceeded,
    HeaderTimeout,
    IdleTimeout,
    TransportError,
    Truncated,
)
from pointsman.ports import HttpRequest, Limits, Transport

pytestmark = pytest.mark.anyio

CUT = [
    pytest.param(HEAD + b"Content-Length: 9\r\n\r\nsome", b"some", id="content-length"),
    pytest.param(CHUNKED + chunk(b"some") + b"9\r\nmo", b"somemo", id="in a chunk"),
    pytest.param(CHUNKED + chunk(b"some"), b"some", id="between chunks"),
]


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets resolver threads end after the test."""
    event = threading.Event()
    yield event
    event.set()


async def test_refused(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = await failure(ConnectFailed, call(transport, f"http://127.0.0.1:{port}/"), sent=False)
    assert f"127.0.0.1:{port}" in str(error)


async def test_a_host_that_does_not_resolve(connect: Connect) -> None:
    def lookup(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    error = await failure(ConnectFailed, call(connect(lookup=lookup), "http://nowhere.invalid/"), sent=False)
    assert str(error) == "cannot resolve the host of nowhere.invalid:80: Name or service not known"
    await failure(ConnectFailed, call(connect(lookup=lambda host: []), "http://nowhere.invalid/"), sent=False)


async def test_the_systems_resolver_knows_no_invalid_host(transport: Transport) -> None:
    with pytest.raises(TransportError) as caught:  # a machine without a resolver may time out instead
        await call(transport, "http://nowhere.invalid/", Limits(connect=0.5))
    assert type(caught.value) in (ConnectFailed, ConnectTimeout)
    assert not caught.value.sent


async def test_a_resolver_that_sleeps_does_not_block_the_loop(
    connect: Connect, serve: Serve, release: threading.Event
) -> None:
    def lookup(host: str) -> list[str]:
        if host == "sleepy.test":
            release.wait()
        return ["127.0.0.1"]

    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(HEAD + b"Content-Length: 2\r\n\r\nok")

    transport = connect(lookup=lookup)
    server = await serve(script)
    async with asyncio.TaskGroup() as group:
        for _ in range(40):
            asleep = call(transport, "http://sleepy.test/", Limits(connect=0.4))
            group.create_task(failure(ConnectTimeout, asleep, sent=False))
        for _ in range(5):
            assert (await soon(call(transport, server.url(host="awake.test")))).body == b"ok"


async def test_a_full_backlog_is_a_connect_timeout(transport: Transport, full_backlog: socket.socket) -> None:
    url = f"http://127.0.0.1:{full_backlog.getsockname()[1]}/"
    await failure(ConnectTimeout, call(transport, url, Limits(connect=0.1)), sent=False)
    await failure(DeadlineExceeded, call(transport, url, Limits(total=0.1)), sent=False)


async def test_silence_before_the_headers(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    server = await serve(script)
    await failure(HeaderTimeout, call(transport, server.url(), Limits(headers=0.1)), sent=True)
    await failure(HeaderTimeout, read_all(transport, server.url(), Limits(headers=0.1)), sent=True)
    await failure(DeadlineExceeded, call(transport, server.url(), Limits(total=0.1)), sent=True)
    await soon(server.all_lost())


async def test_informational_answers_for_ever_are_no_headers(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        while not peer.lost.is_set():
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.02)

    server = await serve(script)
    await failure(HeaderTimeout, call(transport, server.url(), Limits(headers=0.1, idle=10)), sent=True)


async def test_a_request_that_nobody_reads_is_a_header_timeout(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        peer.transport.pause_reading()

    server = await serve(script)
    request = HttpRequest("POST", server.url(), {}, b"x" * 20_000_000)
    await failure(HeaderTimeout, transport.request(request, Limits(headers=0.1), 10), sent=True)


async def test_silence_in_the_body(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"some"))

    server = await serve(script)
    await failure(IdleTimeout, call(transport, server.url(), Limits(idle=0.1)), sent=True)
    async with transport.stream(post(server.url()), Limits(idle=0.1)) as stream:
        assert await stream.read_some() == b"some"
        await failure(IdleTimeout, stream.read_some(), sent=True)
        await soon(server.all_lost())


async def test_a_drip_ends_with_the_total_only(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED)
        while not peer.lost.is_set():
            peer.send(chunk(b"x"))
            await asyncio.sleep(0.02)

    server = await serve(script)
    limits = Limits(headers=20, idle=0.6, total=0.9)
    await failure(DeadlineExceeded, call(transport, server.url(), limits), sent=True)
    await failure(DeadlineExceeded, read_all(transport, server.url(), limits), sent=True)
    await soon(server.all_lost())


async def test_a_slow_reader_is_not_the_peers_silence(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"x" * 1_000_000) + b"0\r\n\r\n")

    server = await serve(script)
    size = 0
    async with transport.stream(post(server.url()), Limits(idle=0.1)) as stream:
        await asyncio.sleep(0.3)  # longer than `idle`: the timer's own time, nothing to wait for
        while part := await soon(stream.read_some()):
            size += len(part)
    assert size == 1_000_000


@pytest.mark.parametrize(("answer", "body"), CUT)
async def test_a_body_cut_short_is_never_whole(transport: Transport, serve: Serve, answer: bytes, body: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(answer)
        peer.close()

    server = await serve(script)
    await failure(Truncated, call(transport, server.url()), sent=True)
    async with transport.stream(post(server.url()), Limits()) as stream:
        await soon((await server.peer(1)).lost.wait())
        await loop_turns()
        came = b""
        while len(came) < len(body):  # what came is handed over first, however late it is fetched
            came += await soon(stream.read_some())
        assert came == body
        await failure(Truncated, stream.read_some(), sent=True)


@pytest.mark.parametrize(
    "answer",
    [
        *[pytest.param(param.values[0], id=param.id) for param in CUT],
        pytest.param(HEAD + b"\r\nsome", id="until the connection ends"),
        pytest.param(HEAD, id="in the headers"),
        pytest.param(b"", id="before the headers"),
    ],
)
async def test_a_reset_is_never_an_end(transport: Transport, serve: Serve, answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(answer)
        await asyncio.sleep(0.02)  # the client reads it first, as a reset throws away what is under way
        peer.reset()

    server = await serve(script)
    await failure(Truncated, call(transport, server.url()), sent=True)
    await failure(Truncated, read_all(transport, server.url()), sent=True)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", id="upgrade"),
        pytest.param(CHUNKED + b"zz\r\n", id="chunk size"),
        pytest.param(HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="two lengths"),
        pytest.param(HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", id="header too long"),
        pytest.param(HEAD + b"X: y\r\n" * 10_000 + b"\r\n", id="too many headers"),
        pytest.param(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!", id="not gzip"),
    ],
)
async def test_what_is_not_http_is_given_up(transport: Transport, serve: Serve, answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(answer)

    server = await serve(script)
    await failure(Truncated, call(transport, server.url()), sent=True)
    await failure(Truncated, read_all(transport, server.url()), sent=True)
    await soon(server.all_lost())


async def test_a_reader_that_does_not_read_stops_the_server(transport: Transport, serve: Serve) -> None:
    stalled: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    chunks = 500
    part = chunk(b"x" * 65_536)

    async def script(peer: Peer) -> None:
        await peer.request()
        peer.shrink_send_buffer()
        peer.send(CHUNKED)
        for number in range(chunks):
            peer.send(part)
            try:
                await asyncio.wait_for(asyncio.shield(peer.flushed()), 0.5)
            except TimeoutError:
                if not stalled.done():
                    stalled.set_result(number * len(part))
                await peer.flushed()
        peer.send(b"0\r\n\r\n")

    server = await serve(script)
    async with transport.stream(post(server.url()), Limits()) as stream:
        async with asyncio.timeout(5):
            assert await stalled < 4 << 20
        size = 0
        while data := await soon(stream.read_some()):
            size += len(data)
    assert size == chunks * 65_536
