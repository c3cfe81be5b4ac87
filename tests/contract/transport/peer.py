"""A scripted HTTP server over real sockets: what the script sends goes out as it is, and what happens is on events."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, cast

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def whole(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Peer(asyncio.Protocol):
    """The server's end of one connection."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.spoke = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._server.joined(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._server.received += data
        self.spoke.set()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        self._news.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def request(self) -> bytes:
        """The next request, whole; ConnectionError when the client is gone."""
        while True:
            head, end, body = self._buffer.partition(b"\r\n\r\n")
            length = _LENGTH.search(head + b"\r\n")
            size = int(length[1]) if length else 0
            if end and len(body) >= size:
                self._buffer = body[size:]
                return head + end + body[:size]
            if self.lost.is_set():
                raise ConnectionError
            self._news.clear()
            await self._news.wait()

    def send(self, data: bytes) -> None:
        """ConnectionError when the client is gone."""
        if self.transport.is_closing():
            raise ConnectionError
        self.transport.write(data)

    async def flushed(self) -> None:
        """Until more can be written; ConnectionError when the client is gone."""
        await self._writable.wait()
        if self.lost.is_set():
            raise ConnectionError

    def shrink_send_buffer(self) -> None:
        """So that what fits into the sockets is known."""
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)

    def reset(self) -> None:
        """RST."""
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def close(self) -> None:
        """FIN, after what was sent."""
        self.transport.close()

    def _socket(self) -> socket.socket:
        return cast(socket.socket, self.transport.get_extra_info("socket"))


Script = Callable[[Peer], Awaitable[None]]


class Server:
    """Runs `script` for each connection, until the client closes it."""

    def __init__(
        self, script: Script, tls: ssl.SSLContext | None = None, listener: socket.socket | None = None
    ) -> None:
        self._script = script
        self._tls = tls
        self._listener = listener
        self._arrival = asyncio.Event()
        self._scripts: list[asyncio.Task[None]] = []
        self.peers: list[Peer] = []
        self.received = b""

    async def __aenter__(self) -> Self:
        listener = self._listener or socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), sock=listener, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for peer in self.peers:
            peer.transport.abort()
        for script in self._scripts:
            script.cancel()
        for end in await asyncio.gather(*self._scripts, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    def joined(self, peer: Peer) -> None:
        self.peers.append(peer)
        self._arrival.set()
        self._scripts.append(asyncio.ensure_future(self._run(peer)))

    async def _run(self, peer: Peer) -> None:
        with suppress(ConnectionError):
            await self._script(peer)

    async def peer(self, number: int = 0) -> Peer:
        """The `number`th connection, once it is made."""
        while len(self.peers) <= number:
            self._arrival.clear()
            await self._arrival.wait()
        return self.peers[number]

    async def all_lost(self) -> None:
        for peer in self.peers:
            await peer.lost.wait()

    def connected(self) -> int:
        return sum(not peer.lost.is_set() for peer in self.peers)

    def url(self, path: str = "/", scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"
