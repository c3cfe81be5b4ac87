"""What is at the other end where no simulator can be: a full backlog, a bad certificate, a resolver that sleeps."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Literal

import trustme

Flaw = Literal["expired", "wrong name", "unknown authority"]


@contextmanager
def full_backlog() -> Iterator[str]:
    """The URL of a listener that lets nobody in: a connection to it hangs."""
    with socket.socket() as listener, ExitStack() as opened:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class SleepingResolver:
    """A `lookup` that says nothing for 5 s, or until `wake`; `asked` once somebody waits for it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._awake = threading.Event()

    def __call__(self, host: str) -> list[str]:
        self.asked.set()
        self._awake.wait(5)
        raise OSError("the resolver slept")

    def wake(self) -> None:
        self._awake.set()


class Wiretap:
    """A TLS server and what its clients sent: on the line as `sent`, and out of the tunnel as `understood`."""

    def __init__(self) -> None:
        self.url = ""
        self.connections: list[bytearray] = []
        self.understood = bytearray()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The server behind it: takes whatever comes."""
        await _copy(reader, self.understood)
        writer.close()

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        """Pass everything on, both ways, and keep what the client sends."""
        sent = bytearray()
        self.connections.append(sent)
        onward, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, sent, back), _copy(onward, bytearray(), writer))


@asynccontextmanager
async def badly_certified(authority: trustme.CA, flaw: Flaw) -> AsyncIterator[Wiretap]:
    """A server whose certificate must not be accepted by those who trust `authority`."""
    issuer = trustme.CA() if flaw == "unknown authority" else authority
    name = "example.org" if flaw == "wrong name" else "127.0.0.1"
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=-1 if flaw == "expired" else 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(name, not_after=ends).configure_cert(context)
    tap = Wiretap()
    server = await asyncio.start_server(tap.answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    line = await asyncio.start_server(lambda reader, writer: tap.relay(reader, writer, port), "127.0.0.1", 0)
    tap.url = f"https://127.0.0.1:{line.sockets[0].getsockname()[1]}"
    async with server, line:
        yield tap


@asynccontextmanager
async def torrent() -> AsyncIterator[str]:
    """The URL of a provider on the `openai` wire that answers everybody without end, 16 KiB at a time."""
    event = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"x" * 16384)
    chunk = b"%x\r\n%s\r\n" % (len(event), event)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                writer.write(chunk)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _copy(reader: asyncio.StreamReader, kept: bytearray, writer: asyncio.StreamWriter | None = None) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            kept += data
            if writer:
                writer.write(data)
    if writer:
        writer.close()
