"""Carries out a script on a connection of aiohttp's, writing the response's bytes itself so that it can also lie."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus

from aiohttp import HttpVersion11, web

from pointsman.sim.calls import Call, Ending
from pointsman.sim.script import Cut, Framing, Head, Hold, Pause, Reset, Script, Send

_FLUSH = 65_536
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Played(web.StreamResponse):
    """What aiohttp gets for a response whose bytes are written already."""

    def __init__(self, reusable: bool) -> None:
        super().__init__()
        self._reusable = reusable

    @property
    def keep_alive(self) -> bool | None:
        return self._reusable

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing to send."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing to end."""


class Player:
    """One response. `id_header` carries the call's id; `closing` ends silences when the simulator stops."""

    def __init__(self, request: web.BaseRequest, call: Call, id_header: str, closing: asyncio.Event) -> None:
        self._request, self._call, self._id_header, self._closing = request, call, id_header, closing
        self._writer = request.writer
        self._reusable = request.keep_alive
        self._chunked = False
        self._out: list[bytes] = []
        self._size = self._tokens = 0
        self.ending: Ending = "client_closed"

    async def play(self, script: Script) -> web.StreamResponse:
        """Run the script to its end, the client's or the simulator's; `ending` says which it was."""
        try:
            self.ending = await self._run(script)
        except ConnectionError:
            self._reusable = False
        except asyncio.CancelledError:
            self.ending = "shutdown" if self._closing.is_set() else "client_closed"
            raise
        return Played(self._reusable and self.ending == "complete")

    async def _run(self, script: Script) -> Ending:
        for step in script:
            match step:
                case Send():
                    self._send(step)
                    if self._size >= _FLUSH:
                        await self._flush()
                case Pause():
                    await self._flush()
                    await asyncio.sleep(step.seconds)
                case Head():
                    self._begin(step)
                case Hold():
                    await self._flush()
                    if await self._stopped_within(step.seconds):
                        return self._broken_off("shutdown")
                case Cut():
                    await self._flush()
                    return self._broken_off("fault")
                case Reset():
                    await self._flush()
                    self._reset()
                    return "fault"
        if self._chunked:
            self._out.append(b"0\r\n\r\n")
        await self._flush()
        return "complete"

    def _begin(self, head: Head) -> None:
        framing = head.framing
        if framing is Framing.CHUNKED and self._request.version < HttpVersion11:
            framing = Framing.UNTIL_CLOSE
        self._chunked = framing is Framing.CHUNKED
        self._reusable = self._reusable and framing is not Framing.UNTIL_CLOSE
        self._call.status = head.status
        lines = [
            f"HTTP/1.1 {head.status} {_REASONS.get(head.status, '')}",
            f"content-type: {head.content_type}",
            f"{self._id_header}: {self._call.id}",
            "server: pointsman-sim",
        ]
        if isinstance(framing, int):
            lines.append(f"content-length: {framing}")
        elif self._chunked:
            lines.append("transfer-encoding: chunked")
        if not self._reusable:
            lines.append("connection: close")
        lines += [f"{name}: {value}" for name, value in head.headers]
        self._out.append("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def _send(self, part: Send) -> None:
        if not part.data:
            return
        if self._chunked:
            self._out += (b"%x\r\n" % len(part.data), part.data, b"\r\n")
        else:
            self._out.append(part.data)
        self._size += len(part.data)
        self._tokens += part.tokens

    async def _flush(self) -> None:
        if not self._out:
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        tokens = self._tokens
        self._out, self._size, self._tokens = [], 0, 0
        self._call.sent(tokens)
        await self._writer.write(data)

    async def _stopped_within(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        except TimeoutError:
            return False

    def _broken_off(self, ending: Ending) -> Ending:
        self._reusable = False
        if self._request.transport is not None:
            self._request.transport.close()
        return ending

    def _reset(self) -> None:
        self._reusable = False
        transport = self._request.transport
        if transport is not None:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
