"""One HTTP exchange on one connection of aiohttp's pool: written at once, with a timer for each phase of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, EofStream, StreamReader

from pointsman.errors import (
    BodyTooLarge,
    ConnectFailed,
    DeadlineExceeded,
    HeaderTimeout,
    IdleTimeout,
    TransportError,
    Truncated,
)
from pointsman.ports import Limits

# What aiohttp raises; the RuntimeError is StreamReader's on a connection that is gone.
FAILURES: Final = (aiohttp.ClientError, HttpProcessingError, EofStream, OSError, RuntimeError, ValueError)

_READ_BUFFER = 64 * 1024  # bytes; when twice as many lie there unread, we stop reading from the socket
_HEADER_LINE = 16 * 1024  # bytes


class Exchange:
    """An HttpStream, once `start` has returned. `where` names the host and port in messages.

    Errors are raised outside of `except` blocks, so that aiohttp's, which hold URLs and headers, are not their context.
    """

    __slots__ = (
        "_connection", "_deadline", "_failure", "_limits", "_live", "_loop", "_open", "_payload", "_protocol", "_timer",
        "_transport", "_until_close", "_where", "headers", "status",
    )  # fmt: skip

    status: int
    headers: Mapping[str, str]

    def __init__(self, connection: Connection, where: str, limits: Limits, deadline: float) -> None:
        """`deadline` is in the event loop's time."""
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None or transport.is_closing():
            connection.close()
            raise ConnectFailed(f"{where} closed the connection before the request", sent=False)
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._protocol = protocol
        self._transport = transport
        self._where = where
        self._limits = limits
        self._deadline = deadline
        self._failure: TransportError | None = None
        self._payload: StreamReader = EMPTY_PAYLOAD
        self._until_close = False
        self._open = True

    async def start(self, message: bytes, live: set[Exchange], *, bodiless: bool) -> None:
        """Write the request and wait for the headers. In `live` from here until the connection is given back."""
        self._live = live
        live.add(self)
        self._protocol.set_response_params(
            skip_payload=bodiless,
            read_until_eof=True,
            read_timeout=self._limits.idle,
            read_bufsize=_READ_BUFFER,
            max_line_size=_HEADER_LINE,
            max_field_size=_HEADER_LINE,
        )
        # No await between here and the look at the transport in __init__: what raised before this line was not sent.
        self._transport.write(message)
        headers_due = self._loop.time() + self._limits.headers
        if headers_due < self._deadline:
            self._timer = self._loop.call_at(headers_due, self._late_headers)
        else:
            self._timer = self._loop.call_at(self._deadline, self._late)
        await self._read_headers()

    async def _read_headers(self) -> None:
        failure: TransportError | None
        try:
            message, payload = await self._protocol.read()
            while message.code < 200 and message.code != 101:
                message, payload = await self._protocol.read()
        except asyncio.CancelledError:
            self.close()
            raise
        except FAILURES as exc:
            failure = self._no_headers(exc)
        except TransportError as exc:
            failure = exc
        else:
            failure = self._failure
            if message.code == 101:
                failure = Truncated(f"{self._where} switched to another protocol", sent=True)
        if failure is not None:
            self.close()
            raise failure
        self.status = message.code
        self.headers = {name.lower(): value for name, value in message.headers.items()}
        self._until_close = not message.chunked and "content-length" not in self.headers
        self._payload = payload
        self._timer.cancel()
        payload.on_eof(self._arrived)
        if self._open:
            self._timer = self._loop.call_at(self._deadline, self._late)

    async def read_some(self) -> bytes:
        """As HttpStream says."""
        payload = self._payload
        try:
            data = await payload.readany()
        except asyncio.CancelledError:
            self.close()
            raise
        except FAILURES as exc:
            failure = self._cut_short(exc)
        except TransportError as exc:
            failure = exc
        else:
            if data or not self._until_close or not isinstance(self._protocol.exception(), aiohttp.ClientOSError):
                return data
            failure = Truncated(f"{self._where} reset the connection in the body", sent=True)
        self.close()
        # aiohttp raises before it hands over what came first.
        if came_first := payload._read_nowait(-1):
            return came_first
        raise failure

    async def read_all(self, limit: int) -> bytes:
        """The whole body; BodyTooLarge once more than `limit` bytes came."""
        parts = []
        size = 0
        while part := await self.read_some():
            size += len(part)
            if size > limit:
                self.close()
                raise BodyTooLarge(f"the body from {self._where} is larger than {limit} bytes", sent=True)
            parts.append(part)
        return parts[0] if size and len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the connection at once, unless the answer has arrived and the pool has it back."""
        if self._open:
            self._leave()
            # Not `close`, which waits for what is still to be written, and for the peer's goodbye under TLS.
            self._transport.abort()
            self._connection.close()

    def fail(self, failure: TransportError) -> None:
        """Close the connection; whoever waits for the answer gets `failure`."""
        self._failure = failure
        self._protocol.set_exception(failure)
        self._payload.set_exception(failure)
        self.close()

    def _arrived(self) -> None:
        if not self._open:
            return
        if self._transport.get_write_buffer_size():
            self.close()  # answered before it took the whole request: the next one would queue behind the rest
        else:
            self._leave()
            self._connection.release()

    def _leave(self) -> None:
        self._open = False
        self._timer.cancel()
        self._live.discard(self)

    def _late_headers(self) -> None:
        self.fail(HeaderTimeout(f"no answer from {self._where} within {self._limits.headers:g} s", sent=True))

    def _late(self) -> None:
        self.fail(DeadlineExceeded(f"{self._where} took more than {self._limits.total:g} s in all", sent=True))

    def _no_headers(self, exc: Exception) -> TransportError:
        if isinstance(exc, aiohttp.SocketTimeoutError):
            return HeaderTimeout(f"{self._where} fell silent in the headers for {self._limits.idle:g} s", sent=True)
        if isinstance(exc, HttpProcessingError):
            return Truncated(f"what {self._where} answered is not HTTP we can read", sent=True)
        return Truncated(f"{self._where} closed the connection before it answered", sent=True)

    def _cut_short(self, exc: Exception) -> TransportError:
        if isinstance(exc, aiohttp.SocketTimeoutError):
            return IdleTimeout(f"no byte from {self._where} for {self._limits.idle:g} s", sent=True)
        return Truncated(f"the body from {self._where} ended before its end", sent=True)
