from __future__ import annotations

import asyncio

import pytest
from tests.contract.transport.calls import SECRET, call, failure, soon
from tests.contract.transport.conftest import Connect, Serve
from tests.contract.transport.peer import Peer, Server, whole

from pointsman.errors import ProxyFailed
from pointsman.ports import HttpRequest, Limits

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def use(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://user:{SECRET}@127.0.0.1:{server.port}")


async def test_the_environment_is_not_trusted_unasked(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        peer.send(whole(b"direct"))

    proxy = await serve(script)
    use(proxy, monkeypatch)
    server = await serve(script)
    assert (await soon(call(connect(), server.url()))).body == b"direct"
    assert not proxy.peers


async def test_a_proxy_reads_plain_requests(connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            peer.send(whole(b"by proxy"))

    proxy = await serve(script)
    use(proxy, monkeypatch)
    transport = connect(trust_env=True)
    for _ in range(2):
        answer = await soon(transport.request(HttpRequest("GET", "http://far.invalid/x?y=z"), Limits(), 100))
        assert answer.body == b"by proxy"
    assert proxy.received.startswith(b"GET http://far.invalid/x?y=z HTTP/1.1\r\nhost: far.invalid\r\n")
    assert proxy.received.count(b"proxy-authorization: Basic ") == 2
    assert len(proxy.peers) == 1


@pytest.mark.parametrize("answer", [whole(b"", "407 Proxy Authentication Required"), b"nonsense\r\n\r\n", None])
async def test_a_tunnel_refused(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if answer is None:
            peer.reset()
        else:
            peer.send(answer)

    proxy = await serve(script)
    use(proxy, monkeypatch)
    await failure(ProxyFailed, call(connect(trust_env=True), "https://far.invalid/"), sent=False)
    assert proxy.received.startswith(b"CONNECT far.invalid:443 HTTP/1.1\r\n")


async def test_cancelled_while_the_proxy_is_silent(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()

    proxy = await serve(script)
    use(proxy, monkeypatch)
    task = asyncio.ensure_future(call(connect(trust_env=True), "https://far.invalid/"))
    await soon((await soon(proxy.peer())).spoke.wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(task)
    await soon(proxy.all_lost())
