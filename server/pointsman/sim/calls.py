"""Which calls are in flight and how the last ones ended, for tests and for the curious."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

Ending = Literal["", "complete", "client_closed", "fault", "shutdown"]


class CallRecord(msgspec.Struct, frozen=True, gc=False):
    """One call. Times are seconds of a monotonic clock, None while still to come.

    `ending`: "complete" (the response went out whole, errors included), "client_closed", "fault" (the simulator broke
    off), "shutdown", or "" while in flight. `fault` is the one injected. `tokens` were handed to the socket.
    """

    id: str
    provider: str
    model: str
    stream: bool
    status: int
    fault: str
    authorized: bool
    started: float
    first_token: float | None
    ended: float | None
    tokens: int
    ending: Ending


class Call:
    """A call in flight, filled in as it goes."""

    def __init__(self, call_id: str, provider: str, authorized: bool) -> None:
        self.id, self.provider, self.authorized = call_id, provider, authorized
        self.model, self.stream, self.status, self.fault, self.tokens = "", False, 0, "", 0
        self.started = time.monotonic()
        self.first_token: float | None = None

    def sent(self, tokens: int) -> None:
        """Count tokens that were handed to the socket."""
        if tokens:
            if self.first_token is None:
                self.first_token = time.monotonic()
            self.tokens += tokens

    def record(self, ending: Ending = "", ended: float | None = None) -> CallRecord:
        """Its state as a value."""
        return CallRecord(
            self.id,
            self.provider,
            self.model,
            self.stream,
            self.status,
            self.fault,
            self.authorized,
            self.started,
            self.first_token,
            ended,
            self.tokens,
            ending,
        )


class Calls:
    """The calls in flight, and the last `limit` that ended; `on_end` hears of each."""

    def __init__(self, limit: int, on_end: Callable[[CallRecord], None] | None) -> None:
        self._active: dict[str, Call] = {}
        self._ended: deque[CallRecord] = deque(maxlen=limit)
        self._on_end = on_end
        self._count = 0

    def begin(self, provider: str, authorized: bool) -> Call:
        """Open a call under a fresh id."""
        self._count += 1
        call = Call(f"req_sim_{self._count:08d}", provider, authorized)
        self._active[call.id] = call
        return call

    def end(self, call: Call, ending: Ending) -> None:
        """Move a call to the log."""
        self._active.pop(call.id, None)
        record = call.record(ending, time.monotonic())
        self._ended.append(record)
        if self._on_end is not None:
            self._on_end(record)

    def active(self) -> list[CallRecord]:
        return [call.record() for call in self._active.values()]

    def ended(self) -> list[CallRecord]:
        """The log, oldest first."""
        return list(self._ended)

    def clear(self) -> None:
        """Forget what ended; calls in flight stay."""
        self._ended.clear()
