"""A caller who asks and then reads nothing, over sockets that hold little."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Stalled(NamedTuple):
    """`begun` returns once there is something to read; `rest` reads, after all, until the connection ends."""

    begun: Callable[[], Awaitable[object]]
    rest: Callable[[], Awaitable[bytes]]


_ASKED = (
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Idempotency-Key: r-1\r\n\r\n%s"
)


@asynccontextmanager
async def stalled(handle: Handle, body: bytes = b"{}") -> AsyncIterator[Stalled]:
    """A server that answers by `handle`, and one such caller."""

    async def small(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return await handle(request)

    app = web.Application()
    app.router.add_post("/", small)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    loop = asyncio.get_running_loop()
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.setblocking(False)
        await loop.sock_connect(caller, runner.addresses[0])

        async def begun() -> None:
            there = asyncio.Event()
            loop.add_reader(caller, there.set)
            await there.wait()
            loop.remove_reader(caller)

        async def rest() -> bytes:
            read = b""
            try:
                while data := await loop.sock_recv(caller, 1 << 16):
                    read += data
            except ConnectionError:
                pass
            return read

        await loop.sock_sendall(caller, _ASKED % (len(body), body))
        yield Stalled(begun, rest)
    await runner.cleanup()
