from __future__ import annotations

import asyncio
import gzip

import pytest
from tests.contract.transport.calls import SECRET, call, failure, loop_turns, post, read_all, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import CHUNKED, HEAD, Peer, chunk, whole

from pointsman.errors import BodyTooLarge, ConnectFailed, DeadlineExceeded, Truncated
from pointsman.ports import HttpRequest, Limits, Transport

pytestmark = pytest.mark.anyio


async def test_a_request_goes_out_as_it_is_and_its_answer_comes_back(transport: Transport, serve: Serve) -> None:
    requests = []

    async def script(peer: Peer) -> None:
        requests.append(await peer.request())
        peer.send(whole(b"hello", "201 Created", "X-Request-ID: r1\r\n"))

    server = await serve(script)
    request = HttpRequest("POST", server.url("/v1/chat%2Fx?a=b%20c"), {"X-Tenant": "acme"}, b'{"a": 1}')

    answer = await soon(transport.request(request, Limits(), 1000))

    assert (answer.status, answer.headers["x-request-id"], answer.body) == (201, "r1", b"hello")
    assert requests[0].startswith(b"POST /v1/chat%2Fx?a=b%20c HTTP/1.1\r\n")
    assert b"\r\nx-tenant: acme\r\n" in requests[0].lower()
    assert b"\r\ncontent-length: 8\r\n" in requests[0].lower()
    assert requests[0].endswith(b'\r\n\r\n{"a": 1}')


@pytest.mark.parametrize(
    ("status", "headers"),
    [("404 Not Found", ""), ("503 Service Unavailable", "Retry-After: 7\r\n"), ("302 Found", "Location: /other\r\n")],
)
async def test_any_status_is_an_answer_and_redirects_are_not_followed(
    transport: Transport, serve: Serve, status: str, headers: str
) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(whole(b"why", status, headers))

    server = await serve(script)
    answer = await soon(call(transport, server.url()))
    assert (answer.status, answer.body) == (int(status[:3]), b"why")
    async with transport.stream(post(server.url()), Limits()) as stream:
        assert (stream.status, await stream.read_some()) == (int(status[:3]), b"why")
    assert server.received.count(b"POST /") == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(b""), id="informational first"),
        pytest.param(CHUNKED + b"0\r\n\r\n", id="no chunk"),
    ],
)
async def test_an_answer_may_be_empty(transport: Transport, serve: Serve, answer: bytes) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(answer)

    server = await serve(script)
    assert (await soon(call(transport, server.url()))).body == b""
    assert await soon(read_all(transport, server.url())) == b""
    assert len(server.peers) == 1


async def test_the_answer_to_head_has_no_body(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(HEAD + b"Content-Length: 5\r\n\r\n")

    server = await serve(script)
    for _ in range(2):
        assert (await soon(transport.request(HttpRequest("HEAD", server.url()), Limits(), 10))).body == b""


async def test_a_stream_gives_what_has_arrived_and_never_fills(transport: Transport, serve: Serve) -> None:
    more = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"one"))
        await more.wait()
        peer.send(chunk(b"two") + b"0\r\n\r\n")

    server = await serve(script)
    async with transport.stream(post(server.url()), Limits()) as stream:
        assert stream.headers["content-type"] == "text/plain"
        assert await soon(stream.read_some()) == b"one"
        more.set()
        assert await soon(stream.read_some()) == b"two"
        assert await soon(stream.read_some()) == b""
        assert await soon(stream.read_some()) == b""


async def test_an_answer_that_ends_with_the_connection_is_whole(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(HEAD + b"\r\nall of it")
        peer.close()

    server = await serve(script)
    assert (await soon(call(transport, server.url()))).body == b"all of it"


async def test_a_compressed_answer_is_read_and_counted_plain(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(whole(gzip.compress(b"a" * 1000_000), headers="Content-Encoding: gzip\r\n"))

    server = await serve(script)
    assert (await soon(call(transport, server.url()))).body == b"a" * 1000_000
    await failure(BodyTooLarge, call(transport, server.url(), max_body=10_000), sent=True)


async def test_a_body_that_is_too_large_is_given_up_and_its_connection_closed(
    transport: Transport, serve: Serve
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED)
        while True:
            peer.send(chunk(b"x" * 10_000))
            await peer.flushed()

    server = await serve(script)
    await failure(BodyTooLarge, call(transport, server.url(), max_body=50_000), sent=True)
    await soon(server.all_lost())


async def test_a_large_request_body_arrives(transport: Transport, serve: Serve) -> None:
    sizes = []

    async def script(peer: Peer) -> None:
        sizes.append(len(await peer.request()))
        peer.send(whole(b"ok"))

    server = await serve(script)
    await soon(transport.request(HttpRequest("POST", server.url(), {}, b"x" * 3_000_000), Limits(), 10))
    assert sizes[0] > 3_000_000


async def test_no_cookies_are_kept(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(whole(b"", headers="Set-Cookie: a=b\r\n"))

    server = await serve(script)
    for _ in range(2):
        await soon(call(transport, server.url()))
    assert b"cookie" not in server.received.lower()


@pytest.mark.parametrize("url", ["ftp://host/x", "/only/a/path", "http://", "http://[::1", "https://u:p@host/"])
async def test_a_url_that_cannot_be_called_is_an_error_of_ours(transport: Transport, url: str) -> None:
    await failure(ConnectFailed, call(transport, url), sent=False)


@pytest.mark.parametrize("end", ["\r\nHost: evil", "\n", "\0", "\udc80"])
async def test_a_header_is_sent_as_one_or_not_at_all(transport: Transport, serve: Serve, end: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    server = await serve(script)
    request = HttpRequest("GET", server.url(), {"Authorization": f"Bearer {SECRET}{end}"})
    await failure(ConnectFailed, transport.request(request, Limits(), 10), sent=False)
    assert server.received == b""


async def test_without_time_left_nothing_is_sent(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    server = await serve(script)
    await failure(DeadlineExceeded, call(transport, server.url(), Limits(total=-0.1)), sent=False)
    assert server.received == b""


async def test_closing_ends_calls_under_way(connect: Connect, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(HEAD + b"Content-Length: 9\r\n\r\nsome")

    transport = connect(per_host=1)
    server = await serve(script)
    async with asyncio.TaskGroup() as group:
        under_way = group.create_task(failure(Truncated, call(transport, server.url()), sent=True))
        await server.peer()
        queued = group.create_task(failure(ConnectFailed, call(transport, server.url()), sent=False))
        await loop_turns()
        await soon(transport.aclose())
    assert under_way.done()
    assert queued.done()
    await soon(server.all_lost())
    await failure(ConnectFailed, call(transport, server.url()), sent=False)
