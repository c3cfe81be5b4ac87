"""The contract of the Transport port: another adapter is another entry of ADAPTERS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Protocol

import pytest
from tests.contract.transport.peer import Script, Server

from pointsman.ports import Transport
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.providers.transport import AiohttpTransport

Serve = Callable[..., Awaitable[Server]]


class Connect(Protocol):
    """How a test makes a transport."""

    def __call__(
        self,
        *,
        per_host: int = 8,
        ca_file: str | None = None,
        trust_env: bool = False,
        lookup: Lookup = system_lookup,
    ) -> Transport: ...


def aiohttp_transport(
    *,
    per_host: int = 8,
    ca_file: str | None = None,
    trust_env: bool = False,
    lookup: Lookup = system_lookup,
) -> AiohttpTransport:
    return AiohttpTransport(per_host=per_host, ca_file=ca_file, trust_env=trust_env, lookup=lookup)


ADAPTERS = [pytest.param(aiohttp_transport, id="aiohttp")]
LOOPS = [
    pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
    pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
]


@pytest.fixture(scope="session", params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:  # the plugin's own type is not exported
    return request.param


@pytest.fixture(params=ADAPTERS)
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Makes transports that are closed after the test."""
    async with AsyncExitStack() as made:

        def make(**options: Any) -> Transport:
            transport: Transport = request.param(**options)
            made.push_async_callback(transport.aclose)
            return transport

        yield make


@pytest.fixture
def transport(connect: Connect) -> Transport:
    return connect()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts scripted servers that are closed after the test."""
    async with AsyncExitStack() as servers:

        async def start(
            script: Script, tls: ssl.SSLContext | None = None, listener: socket.socket | None = None
        ) -> Server:
            return await servers.enter_async_context(Server(script, tls, listener))

        yield start


@pytest.fixture
def fillers() -> Iterator[list[socket.socket]]:
    """The clients that fill `full_backlog`."""
    sockets = [socket.socket() for _ in range(4)]
    yield sockets
    for one in sockets:
        one.close()


@pytest.fixture
def full_backlog(fillers: list[socket.socket]) -> Iterator[socket.socket]:
    """A listener that lets nobody in: a connection to it hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener
