"""Server-sent events from bytes that arrive in any pieces, after the WHATWG event-stream grammar."""

from __future__ import annotations

import msgspec

from pointsman.errors import BodyTooLarge

_BOM = b"\xef\xbb\xbf"


class SseEvent(msgspec.Struct, frozen=True):
    """One dispatched event. `data` is its data lines joined by a newline; `id` the last id the stream has set."""

    data: bytes
    name: str = "message"
    id: bytes = b""


class SseParser:
    """Feed it what arrives; it gives back the events that are complete.

    An event whose data, or any line that, is larger than `max_event_bytes` raises BodyTooLarge. Comments, which
    providers send as pings, are left out; an event without its blank line is never given.

        parser = SseParser(1 << 20)
        while chunk := await stream.read_some():
            for event in parser.feed(chunk):
                ...
    """

    __slots__ = ("_data", "_head", "_id", "_limit", "_name", "_size", "_skip_lf", "_tail")

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._head: bytes | None = b""  # the first bytes, while they may still turn out to be a byte order mark
        self._skip_lf = False  # the last byte was CR: a LF that comes next belongs to it
        self._tail = bytearray()  # a line not ended yet
        self._data: list[bytes] = []
        self._size = 0  # of `_data`
        self._name = ""
        self._id = b""

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events that `chunk` completes, in order."""
        if self._head is not None:
            chunk = self._without_bom(chunk)
        if self._skip_lf or b"\r" in chunk:
            chunk = self._with_lf(chunk)
        lines = chunk.split(b"\n")
        last = lines.pop()
        if self._tail and lines:
            lines[0] = bytes(self._tail) + lines[0]
            self._tail.clear()
        events: list[SseEvent] = []
        for line in lines:
            if line:
                self._take(line)
            elif self._data:
                events.append(self._dispatch())
            else:
                self._name = ""
        if last:
            self._tail += last
            self._check(len(self._tail))
        return events

    def _take(self, line: bytes) -> None:
        self._check(len(line))
        if line.startswith(b"data: "):
            self._data.append(line[6:])
            self._size += len(line) - 5
            return
        field, _, value = line.partition(b":")
        if not field:
            return
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value

    def _dispatch(self) -> SseEvent:
        data = self._data
        event = SseEvent(data[0] if len(data) == 1 else b"\n".join(data), self._name or "message", self._id)
        self._data = []
        self._size = 0
        self._name = ""
        return event

    def _check(self, line: int) -> None:
        if self._size + line > self._limit:
            self._forget()
            raise BodyTooLarge(f"one event of the stream is larger than {self._limit} bytes", sent=True)

    def _forget(self) -> None:
        self._tail.clear()
        self._data = []
        self._size = 0
        self._name = ""

    def _without_bom(self, chunk: bytes) -> bytes:
        chunk = (self._head or b"") + chunk
        if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
            self._head = chunk
            return b""
        self._head = None
        return chunk.removeprefix(_BOM)

    def _with_lf(self, chunk: bytes) -> bytes:
        if not chunk:
            return chunk
        if self._skip_lf:
            chunk = chunk.removeprefix(b"\n")
        self._skip_lf = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
