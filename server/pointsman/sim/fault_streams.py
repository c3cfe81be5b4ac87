"""Faults of the connection and of the stream; without streaming each does the nearest thing to a single body."""

from __future__ import annotations

import itertools
from dataclasses import replace

from pointsman.sim.answers import Answer, lengthened
from pointsman.sim.fault_replies import with_every_tool
from pointsman.sim.script import (
    JSON_TYPE,
    SSE_TYPE,
    Cut,
    Exchange,
    Framing,
    Head,
    Hold,
    Pause,
    Reset,
    Script,
    Send,
    paced,
    wait,
    whole,
)

_MIB = 1024 * 1024
_PIECE = b"x" * 65_536
# Long enough for the client to read what came before a reset.
_SETTLE = 0.02


def hang_accept(exchange: Exchange) -> Script:
    """Reads the request, then silence: no headers."""
    yield Hold()


def headers_then_silence(exchange: Exchange) -> Script:
    """Status and headers, then silence."""
    yield _head(exchange)
    yield Hold()


def close_after_headers(exchange: Exchange) -> Script:
    """Status and headers, then a close; the number says how many events come between."""
    yield _head(exchange)
    if exchange.stream:
        wire, reply = exchange.wire, exchange.reply
        for event in [wire.opening(reply), *wire.deltas(reply)][: int(exchange.argument(0))]:
            yield Send(event)
    yield Cut()


def pings_forever(exchange: Exchange) -> Script:
    """Pings (in a single body: blanks) for ever, one a second; the number gives the seconds between."""
    yield _head(exchange, Framing.CHUNKED)
    for _ in itertools.count():
        yield Send(exchange.wire.ping if exchange.stream else b"\n")
        yield Hold(exchange.argument(1))


def role_forever(exchange: Exchange) -> Script:
    """Deltas with nothing but the role (in a single body: blanks) for ever; the number gives the seconds between."""
    yield _head(exchange, Framing.CHUNKED)
    for _ in itertools.count():
        yield Send(exchange.wire.opening(exchange.reply) if exchange.stream else b"\n")
        yield Hold(exchange.argument(1))


def stall_after_20(exchange: Exchange) -> Script:
    """20 tokens (or the number; half a single body), then silence, the connection held open."""
    yield from _part(exchange, int(exchange.argument(20)), Framing.CHUNKED)
    yield Hold()


def reset_mid_stream(exchange: Exchange) -> Script:
    """20 tokens (or the number; half a single body), then a TCP reset."""
    yield from _part(exchange, int(exchange.argument(20)), Framing.CHUNKED)
    yield Pause(_SETTLE)
    yield Reset()


def eof_mid_stream(exchange: Exchange) -> Script:
    """40 of 60 tokens (or the number; half a single body), then an end that looks clean: no finish, no end mark."""
    yield from _part(exchange, int(exchange.argument(40)), Framing.UNTIL_CLOSE)
    yield Cut()


def error_event_first(exchange: Exchange) -> Script:
    """Status 200 and an error event (in a single body: an error object) before any content."""
    yield from wait(exchange.pace.first)
    if not exchange.stream:
        body = exchange.wire.failed(None)
        yield Head(JSON_TYPE, len(body))
        yield Send(body)
        return
    yield Head(SSE_TYPE)
    yield Send(exchange.wire.failure())


def error_event_mid(exchange: Exchange) -> Script:
    """20 tokens (or the number), then an error event; a single body has the error, and the text so far if it can."""
    if exchange.stream:
        yield from _part(exchange, int(exchange.argument(20)), Framing.CHUNKED)
        yield Send(exchange.wire.failure())
        return
    cut = replace(exchange.reply.answer, content=exchange.reply.answer.content[:20])
    body = exchange.wire.failed(replace(exchange.reply, answer=cut))
    yield Head(JSON_TYPE, len(body))
    yield Send(body)


def malformed_line(exchange: Exchange) -> Script:
    """A good stream with one broken data line after 5 tokens (or the number); a single body is broken JSON."""
    yield from _malformed(exchange, int(exchange.argument(5)))


def malformed_line_first(exchange: Exchange) -> Script:
    """A good stream whose first data line is broken; a single body is broken JSON."""
    yield from _malformed(exchange, None)


def short_body(exchange: Exchange) -> Script:
    """A body that ends 100 bytes (or the number) before its Content-Length."""
    body = _all(exchange)
    missing = max(1, min(len(body) - 1, int(exchange.argument(100))))
    yield from wait(exchange.pace.first)
    yield _head(exchange, len(body))
    yield Send(body[:-missing])
    yield Cut()


def huge_line(exchange: Exchange) -> Script:
    """64 MiB (or so many) in one line."""
    before, after = _around_content(exchange)
    yield from wait(exchange.pace.first)
    yield _head(exchange, Framing.CHUNKED)
    yield Send(before + b'"')
    for _ in range(int(exchange.argument(64) * _MIB) // len(_PIECE)):
        yield Send(_PIECE)
    yield Send(b'"' + after)
    if exchange.stream:
        yield Send(exchange.wire.closing(exchange.reply))


def drip(exchange: Exchange) -> Script:
    """A good answer at 1 byte a second, or at the number of bytes a second."""
    yield from _bytewise(exchange, 1 / max(exchange.argument(1), 1e-6))


def runs_on(exchange: Exchange) -> Script:
    """An answer past every token limit: as many tokens as the number says, else for ever (a single body: 10,000)."""
    wire, tokens = exchange.wire, int(exchange.argument(0))
    if not exchange.stream:
        yield from whole(_lengthened(exchange, tokens or 10_000))
        return
    first, *between, last = wire.deltas(_lengthened(exchange, 200).reply)
    endless = itertools.cycle(between)
    yield from wait(exchange.pace.first)
    yield _head(exchange)
    yield Send(wire.opening(exchange.reply) + first, 1)
    for at, event in enumerate(itertools.islice(endless, max(0, tokens - 2)) if tokens else endless):
        yield Send(event, 1)
        if at % 100 == 0:
            yield Pause(exchange.pace.interval)
    yield Send(last, 1)
    yield Send(wire.closing(_lengthened(exchange, tokens).reply))


def split_every_byte(exchange: Exchange) -> Script:
    """A good answer, one byte per TCP write; calls all tools where any are offered."""
    yield from _bytewise(with_every_tool(exchange), 0)


def _lengthened(exchange: Exchange, tokens: int) -> Exchange:
    """With an answer of at least so many tokens of text, and nothing but text."""
    answer = replace(lengthened(exchange.reply.answer, tokens), reasoning=())
    return replace(exchange, reply=replace(exchange.reply, answer=answer))


def _head(exchange: Exchange, framing: int | Framing | None = None) -> Head:
    """Success as the request asked for it; a single body has its length unless told otherwise."""
    if exchange.stream:
        return Head(SSE_TYPE, framing or Framing.CHUNKED)
    return Head(JSON_TYPE, framing or len(exchange.wire.body(exchange.reply)))


def _part(exchange: Exchange, tokens: int, framing: Framing) -> Script:
    """The first tokens of an answer that has half as many again, or half of a single body."""
    wire = exchange.wire
    if not exchange.stream:
        body = wire.body(exchange.reply)
        yield from wait(exchange.pace.first)
        yield Head(JSON_TYPE, framing if framing is Framing.UNTIL_CLOSE else len(body))
        yield Send(body[: len(body) // 2])
        return
    reply = replace(exchange.reply, answer=lengthened(exchange.reply.answer, tokens + max(1, tokens // 2)))
    yield from wait(exchange.pace.first)
    yield Head(SSE_TYPE, framing)
    yield Send(wire.opening(reply))
    yield from paced(exchange.pace, wire.deltas(reply)[:tokens])


def _malformed(exchange: Exchange, after: int | None) -> Script:
    """A broken line after so many tokens; None puts it before everything."""
    wire, reply = exchange.wire, exchange.reply
    yield from wait(exchange.pace.first)
    if not exchange.stream:
        body = wire.body(reply)
        broken = body[: len(body) // 2] + b"}{\n" + body[len(body) // 2 :] if after is not None else b"}{" + body
        yield Head(JSON_TYPE, len(broken))
        yield Send(broken)
        return
    yield Head(SSE_TYPE)
    events = wire.deltas(reply)
    if after is None:
        yield Send(wire.broken)
    yield Send(wire.opening(reply))
    yield from paced(exchange.pace, events[:after] if after is not None else [])
    if after is not None:
        yield Send(wire.broken)
    yield from paced(exchange.pace, events[after or 0 :])
    yield Send(wire.closing(reply))


def _all(exchange: Exchange) -> bytes:
    wire, reply = exchange.wire, exchange.reply
    if not exchange.stream:
        return wire.body(reply)
    return wire.opening(reply) + b"".join(wire.deltas(reply)) + wire.closing(reply)


def _around_content(exchange: Exchange) -> tuple[bytes, bytes]:
    """What stands before and after the text in a single body, or in the only delta of a stream."""
    reply = replace(exchange.reply, answer=Answer(content=("\0",)))
    framed = b"".join(exchange.wire.deltas(reply)) if exchange.stream else exchange.wire.body(reply)
    before, _, after = framed.partition(b'"\\u0000"')
    return before, after


def _bytewise(exchange: Exchange, interval: float) -> Script:
    body = _all(exchange)
    yield from wait(exchange.pace.first)
    yield _head(exchange, Framing.CHUNKED if exchange.stream else len(body))
    for at in range(len(body)):
        yield Send(body[at : at + 1])
        yield Pause(interval)
