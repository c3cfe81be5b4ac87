"""Rows 49 and 50: callers without a certificate where they need one, and a certificate that changes under streams."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme
from grpc import ChannelCredentials, StatusCode, ssl_channel_credentials
from tests.faults.caller import Caller, Question
from tests.faults.conftest import Start
from tests.faults.documents import document, keyed
from tests.faults.world import World
from tests.unit.access.keyfiles import add

from pointsman.rpc.client.access import Access
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import CallFailed
from pointsman.testing import make_request

pytestmark = pytest.mark.anyio

ENDLESS = "fault-runs-on"


class Files:
    """The files of a door and their authority, and what callers are let in with."""

    def __init__(self, directory: Path) -> None:
        self.cert, self.key, self.clients = directory / "cert.pem", directory / "key.pem", directory / "clients.pem"
        self.authority = trustme.CA()
        self.rotate()
        self.authority.cert_pem.write_to_path(str(self.clients))

    def rotate(self) -> None:
        """A new pair, of a new authority; that of the clients stays."""
        self.authority = trustme.CA()
        made = self.authority.issue_cert("127.0.0.1")
        made.cert_chain_pems[0].write_to_path(str(self.cert))
        made.private_key_pem.write_to_path(str(self.key))

    def trusted(self, client: trustme.LeafCert | None = None) -> ChannelCredentials:
        """Trusting the authority of now."""
        ca = self.authority.cert_pem.bytes()
        if client is None:
            return ssl_channel_credentials(ca)
        return ssl_channel_credentials(ca, client.private_key_pem.bytes(), client.cert_chain_pems[0].bytes())

    def section(self, *, mutual: bool) -> str:
        clients = f', client_ca: "{self.clients}"' if mutual else ""
        return f', tls: {{cert: "{self.cert}", key: "{self.key}"{clients}}}'


async def secured(start: Start, tmp_path: Path, files: Files, upstream: str = "sim-failing", *, mutual: bool) -> World:
    """A server with keys and TLS, and its world's caller with one of the keys."""
    token = add(tmp_path / "keys.jsonl")
    world = await start(keyed(document(upstream), tmp_path / "keys.jsonl", files.section(mutual=mutual)))
    world.caller.metadata = (("authorization", f"Bearer {token}"),)
    return world


def again(world: World, credentials: ChannelCredentials) -> Caller:
    """The same caller over a new connection, made with these."""
    caller = Caller(world.app.grpc_address, credentials=credentials)
    caller.metadata = world.caller.metadata
    return caller


async def test_row_49_without_a_client_certificate_nobody_comes_in(start: Start, tmp_path: Path) -> None:
    files, clients = Files(tmp_path), trustme.CA()
    clients.cert_pem.write_to_path(str(files.clients))
    world = await secured(start, tmp_path, files, mutual=True)
    stranger = trustme.CA().issue_cert("caller")
    strangers = [files.trusted(), files.trusted(stranger)]
    for caller in (world.caller, *(again(world, credentials) for credentials in strangers)):
        for reply in await caller.ask_both(Question(timeout=5)):
            assert reply.code is StatusCode.UNAVAILABLE
            assert reply.reason == ""
        await caller.close()
    assert world.app.running == 0
    assert world.records() == []
    assert b'_unauthenticated_total{reason="CREDENTIALS_MISSING"} 0.0' in await world.metrics()
    world.caller = again(world, files.trusted(clients.issue_cert("caller")))
    assert (await world.caller.ask(Question(), streamed=True)).code is StatusCode.OK
    await world.check_afterwards()


async def test_row_50_a_certificate_rotated_live(start: Start, tmp_path: Path) -> None:
    files = Files(tmp_path)
    world = await secured(start, tmp_path, files, ENDLESS, mutual=False)
    old = again(world, files.trusted())
    stream = old.call(Question(), streamed=True)
    await stream.until_output()
    before = files.trusted()
    files.rotate()
    new = again(world, files.trusted())
    assert (await new.ask(Question(task="healthy"), streamed=True)).code is StatusCode.OK
    for _ in range(20):
        assert await stream.read(), "the old stream ended"
    assert (await old.ask(Question(task="healthy"), streamed=True)).code is StatusCode.OK
    late = again(world, before)
    assert (await late.ask(Question(timeout=2), streamed=True)).code is StatusCode.UNAVAILABLE
    stream.cancel()
    assert (await stream.reply()).code is StatusCode.CANCELLED
    for caller in (old, late):
        await caller.close()
    new.asked += 2
    world.caller = new
    await world.check_afterwards()


async def test_half_a_rotation_changes_nothing(start: Start, tmp_path: Path) -> None:
    files = Files(tmp_path)
    world = await secured(start, tmp_path, files, mutual=False)
    before, good = files.trusted(), files.key.read_bytes()
    files.key.write_text("-----BEGIN PRIVATE KEY-----")
    for _ in range(2):
        caller = again(world, before)
        assert (await caller.ask(Question(task="healthy"), streamed=True)).code is StatusCode.OK
        await caller.close()
    assert world.log.text.count("stays as it was") == 1
    files.key.write_bytes(good)
    world.caller = again(world, before)
    world.caller.asked = 2
    await world.check_afterwards()


async def test_our_own_client_brings_key_and_certificate(start: Start, tmp_path: Path) -> None:
    files, clients = Files(tmp_path), trustme.CA()
    clients.cert_pem.write_to_path(str(files.clients))
    world = await secured(start, tmp_path, files, mutual=True)
    made, ca = clients.issue_cert("caller"), files.authority.cert_pem.bytes()
    pair = made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes()
    token = world.caller.metadata[0][1].removeprefix("Bearer ")

    def ask(access: Access) -> str:
        with Client(world.app.grpc_address, access) as client:
            assert list(client.stream(make_request(), timeout=10))
            return client.route(make_request(), 10).model

    assert await asyncio.to_thread(ask, Access(token, True, ca, *pair)) == "failing"
    with pytest.raises(CallFailed, match="CREDENTIALS_MISSING"):
        await asyncio.to_thread(ask, Access("", True, ca, *pair))
    assert token not in repr(Access(token, True, ca, *pair))
