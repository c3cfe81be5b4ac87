"""The HTTP door over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pointsman.errors import CannotListen, Reason, RequestError
from pointsman.http.door import HttpDoor
from pointsman.rpc.status import CODES
from pointsman.telemetry.metrics import Metrics

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


class Readiness:
    ready = True


@asynccontextmanager
async def opened(readiness: Readiness) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a door that is open."""
    door = HttpDoor("127.0.0.1:0", Metrics("v1", CODES), lambda: readiness.ready)
    address = await door.start()
    try:
        async with aiohttp.ClientSession(f"http://{address}") as client:
            yield client
    finally:
        await door.stop()


async def test_metrics() -> None:
    async with opened(Readiness()) as client, client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {family.name for family in text_string_to_metric_families(await response.text())}
    assert {"pointsman_requests", "pointsman_config_info", "process_cpu_seconds"} <= families


@pytest.mark.parametrize("accept", ["application/openmetrics-text; version=1.0.0", "text/plain; version=junk", ";;,="])
async def test_whatever_is_accepted_it_is_plain_text(accept: str) -> None:
    async with opened(Readiness()) as client, client.get("/metrics", headers={"Accept": accept}) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("header", "status"), [("", 401), ("Bearer nobodys", 401), ("Bearer ours", 403), ("Bearer admins", 200)]
)
async def test_guarded_metrics(header: str, status: int) -> None:
    def guard(authorization: str) -> None:
        if authorization == "Bearer ours":
            raise RequestError(Reason.PERMISSION_DENIED, "not for this key")
        if authorization != "Bearer admins":
            raise RequestError(Reason.CREDENTIALS_INVALID, "no such key")

    door = HttpDoor("127.0.0.1:0", Metrics("v1", CODES), lambda: True, guard=guard)
    address = await door.start()
    headers = {"Authorization": header} if header else {}
    async with aiohttp.ClientSession(f"http://{address}") as client:
        async with client.get("/metrics", headers=headers) as response:
            assert (response.status, response.headers.get("WWW-Authenticate")) == (
                status,
                "Bearer" if status == 401 else None,
            )
            assert (b"pointsman_requests" in await response.read()) == (status == 200)
        async with client.get("/healthz") as response:
            assert response.status == 200
    await door.stop()


async def test_live_whether_ready_or_not() -> None:
    readiness = Readiness()
    async with opened(readiness) as client:
        for ready, status in ((True, 200), (False, 503), (True, 200)):
            readiness.ready = ready
            async with client.get("/readyz") as response:
                assert response.status == status
            async with client.get("/healthz") as response:
                assert response.status == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/", "/metrics/../etc"])
async def test_no_answer_tells_versions(path: str) -> None:
    async with opened(Readiness()) as client, client.get(path) as response:
        assert "Server" not in response.headers
        assert "aiohttp" not in await response.text()


async def test_only_gets() -> None:
    async with opened(Readiness()) as client:
        async with client.post("/metrics", data="x") as response:
            assert response.status == 405
        async with client.get("/nothing") as response:
            assert response.status == 404


async def test_a_port_that_is_taken_is_named_with_a_remedy() -> None:
    first = HttpDoor("127.0.0.1:0", Metrics("v1", CODES), lambda: True)
    address = await first.start()
    try:
        with pytest.raises(CannotListen) as raised:
            await HttpDoor(address, Metrics("v1", CODES), lambda: True).start()
    finally:
        await first.stop()
    assert str(raised.value) == (
        f"cannot listen on {address}: the port is taken; free it, or set another `server.http`"
    )


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("192.0.2.1:0", "the address is not this machine's"),
        ("no..where:0", "there is no such host"),
    ],
)
async def test_an_address_that_is_not_ours(address: str, why: str) -> None:
    with pytest.raises(CannotListen, match=why):
        await HttpDoor(address, Metrics("v1", CODES), lambda: True).start()


async def test_stopped_it_frees_its_port_whoever_is_connected() -> None:
    door = HttpDoor("127.0.0.1:0", Metrics("v1", CODES), lambda: True)
    address = await door.start()
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(10):
        await door.stop()
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
