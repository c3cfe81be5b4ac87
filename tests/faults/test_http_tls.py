"""TLS at the HTTP API: the certificate of the gRPC door, read again when it changes, and callers' certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme
from tests.faults.conftest import Start
from tests.faults.documents import document, keyed
from tests.faults.test_door_tls import Files
from tests.unit.access.keyfiles import add

pytestmark = pytest.mark.anyio


def trusting(authority: trustme.CA, client: trustme.LeafCert | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    if client:
        client.configure_cert(context)
    return context


async def names(address: str, key: str, context: ssl.SSLContext) -> int:
    """How many models a caller on a new connection is told of."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"https://{address}/v1/models"
    async with aiohttp.ClientSession() as http, http.get(url, ssl=context, headers=headers) as response:
        return len((await response.json())["data"])


async def test_a_certificate_that_is_replaced(start: Start, tmp_path: Path) -> None:
    files, keys = Files(tmp_path), tmp_path / "keys.jsonl"
    key = add(keys)
    section = f', api: "127.0.0.1:0"{files.section(mutual=False)}'
    world = await start(keyed(document(), keys, section))
    before = trusting(files.authority)
    assert await names(world.app.api_address, key, before)
    files.rotate()
    assert await names(world.app.api_address, key, trusting(files.authority))
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await names(world.app.api_address, key, before)
    # Half a pair changes nothing.
    files.key.write_text("nothing")
    assert await names(world.app.api_address, key, trusting(files.authority))


async def test_without_a_client_certificate_nobody_comes_in(start: Start, tmp_path: Path) -> None:
    files, clients, keys = Files(tmp_path), trustme.CA(), tmp_path / "keys.jsonl"
    clients.cert_pem.write_to_path(str(files.clients))
    key = add(keys)
    world = await start(keyed(document(), keys, f', api: "127.0.0.1:0"{files.section(mutual=True)}'))
    address = world.app.api_address
    assert await names(address, key, trusting(files.authority, clients.issue_cert("caller")))
    for client in (None, trustme.CA().issue_cert("stranger")):
        with pytest.raises(aiohttp.ClientError):
            await names(address, key, trusting(files.authority, client))
