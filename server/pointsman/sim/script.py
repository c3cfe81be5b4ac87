"""What is done to a connection, as data: a script of steps that the player carries out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pointsman.sim.answers import Brief
from pointsman.sim.reply import Reply
from pointsman.sim.request import Refusal
from pointsman.sim.wire import Wire

JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream; charset=utf-8"


class Framing(Enum):
    """How a body without a length shows its end."""

    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers. `framing` is a Content-Length or how the end shows without one."""

    content_type: str
    framing: int | Framing = Framing.CHUNKED
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes of the body, so many tokens in them; they may wait for more until the next step that is not a Send."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Let out what was sent, then wait so many seconds; 0 only ends the write."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Silence, the connection open, until the client goes, the simulator stops, or so many seconds are over."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection in order (FIN), whatever the framing promised."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Abort the connection (RST)."""


Step = Head | Send | Pause | Hold | Cut | Reset
Script = Iterator[Step]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds before the first token and between two; `each` gives every token a write of its own."""

    first: float
    interval: float
    each: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """All that a script is made from. `arguments` are a fault's own numbers."""

    wire: Wire
    brief: Brief
    reply: Reply
    pace: Pace
    arguments: tuple[float, ...] = ()

    @property
    def stream(self) -> bool:
        return bool(self.brief.request.stream)

    def argument(self, default: float) -> float:
        """The fault's number, or this."""
        return self.arguments[0] if self.arguments else default


def answer(exchange: Exchange) -> Script:
    """The answer as an honest provider gives it."""
    return streamed(exchange) if exchange.stream else whole(exchange)


def whole(exchange: Exchange) -> Script:
    """One JSON object, when the last token would have been there."""
    pace, body = exchange.pace, exchange.wire.body(exchange.reply)
    tokens = exchange.reply.answer.tokens
    yield from wait(pace.first + pace.interval * tokens)
    yield Head(JSON_TYPE, len(body))
    yield Send(body, tokens)


def streamed(exchange: Exchange) -> Script:
    """A stream of events at its pace, to the end mark."""
    wire, reply = exchange.wire, exchange.reply
    yield from wait(exchange.pace.first)
    yield Head(SSE_TYPE)
    yield Send(wire.opening(reply))
    yield from paced(exchange.pace, wire.deltas(reply))
    yield Send(wire.closing(reply))


def paced(pace: Pace, events: list[bytes]) -> Script:
    """Events one by one, or in one piece where nothing is to come between them."""
    if not pace.interval and not pace.each:
        yield Send(b"".join(events), len(events))
        return
    for event in events:
        yield Send(event, 1)
        yield Pause(pace.interval)


def wait(seconds: float) -> Script:
    """A pause, if there is anything to wait for."""
    if seconds > 0:
        yield Pause(seconds)


def refuse(wire: Wire, refusal: Refusal) -> Script:
    """An error status with its JSON."""
    body = wire.refused(refusal)
    yield Head(JSON_TYPE, len(body), refusal.status, refusal.headers)
    yield Send(body)
