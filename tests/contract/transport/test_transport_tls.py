from __future__ import annotations

import asyncio
import datetime
import ssl
from pathlib import Path

import pytest
import trustme
from tests.contract.transport.calls import SECRET, call, failure, post, read_all, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import CHUNKED, Peer, chunk, whole

from pointsman.errors import ConnectTimeout, TlsFailed, Truncated
from pointsman.ports import Limits, Transport

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    return tls


async def answer_all(peer: Peer) -> None:
    while await peer.request():
        peer.send(whole(b"ok"))


async def test_a_private_authority_is_trusted_when_told(
    connect: Connect, serve: Serve, authority: trustme.CA, ca_file: str
) -> None:
    server = await serve(answer_all, context(authority.issue_cert("127.0.0.1")))
    transport = connect(ca_file=ca_file)
    for _ in range(3):
        assert (await soon(call(transport, server.url(scheme="https")))).body == b"ok"
    assert len(server.peers) == 1


@pytest.mark.parametrize("case", ["unknown authority", "wrong name", "expired"])
async def test_a_bad_certificate_gets_no_byte_of_the_request(
    connect: Connect, serve: Serve, authority: trustme.CA, ca_file: str, case: str
) -> None:
    issuer = trustme.CA() if case == "unknown authority" else authority
    name = "example.org" if case == "wrong name" else "127.0.0.1"
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=-1 if case == "expired" else 1)
    server = await serve(answer_all, context(issuer.issue_cert(name, not_after=end)))
    transport = connect(ca_file=ca_file)
    await failure(TlsFailed, call(transport, server.url(scheme="https")), sent=False)
    await failure(TlsFailed, read_all(transport, server.url(scheme="https")), sent=False)
    assert server.received == b""


async def test_a_server_without_tls_never_sees_the_request(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = await serve(script)
    await failure(TlsFailed, call(transport, server.url(scheme="https")), sent=False)
    assert SECRET.encode() not in server.received
    assert b"POST" not in server.received


async def test_a_handshake_that_hangs_is_a_connect_timeout(transport: Transport, serve: Serve) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    server = await serve(script)
    await failure(ConnectTimeout, call(transport, server.url(scheme="https"), Limits(connect=0.1)), sent=False)
    await soon(server.all_lost())


async def test_cancelled_in_mid_stream(connect: Connect, serve: Serve, authority: trustme.CA, ca_file: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"one"))

    server = await serve(script, context(authority.issue_cert("127.0.0.1")))
    transport = connect(ca_file=ca_file)
    async with transport.stream(post(server.url(scheme="https")), Limits()) as stream:
        assert await soon(stream.read_some()) == b"one"
        task = asyncio.ensure_future(stream.read_some())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(task)
        await soon(server.all_lost())


async def test_a_reset_under_tls(connect: Connect, serve: Serve, authority: trustme.CA, ca_file: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(CHUNKED + chunk(b"one"))
        await asyncio.sleep(0.02)  # the client reads it first, as a reset throws away what is under way
        peer.reset()

    server = await serve(script, context(authority.issue_cert("127.0.0.1")))
    await failure(Truncated, read_all(connect(ca_file=ca_file), server.url(scheme="https")), sent=True)
