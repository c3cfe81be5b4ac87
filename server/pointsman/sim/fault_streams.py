"""Faults of the connection and of the stream; without streaming each does the nearest thing to a single body."""

from __future__ import annotations

import itertools
from dataclasses import replace

import msgspec

from pointsman.sim.answers import lengthened
from pointsman.sim.fault_replies import with_every_tool
from pointsman.sim.reply import Reply
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
)

_MIB = 1024 * 1024
_PIECE = b"x" * 65_536
_BROKEN = b'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"conte\n\n'
_ERROR = msgspec.json.encode(
    {"error": {"message": "Provider returned error", "type": "server_error", "param": None, "code": 502}}
)
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
        reply = exchange.reply
        for event in [reply.opening(), *reply.deltas()][: int(exchange.argument(0))]:
            yield Send(event)
    yield Cut()


def pings_forever(exchange: Exchange) -> Script:
    """Comments (in a single body: blanks) for ever, one a second; the number gives the seconds between."""
    yield _head(exchange, Framing.CHUNKED)
    for _ in itertools.count():
        yield Send(b": PROCESSING\n\n" if exchange.stream else b"\n")
        yield Hold(exchange.argument(1))


def role_forever(exchange: Exchange) -> Script:
    """Deltas with nothing but the role (in a single body: blanks) for ever; the number gives the seconds between."""
    yield _head(exchange, Framing.CHUNKED)
    for _ in itertools.count():
        yield Send(exchange.reply.opening() if exchange.stream else b"\n")
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
        yield Head(JSON_TYPE, len(_ERROR))
        yield Send(_ERROR)
        return
    yield Head(SSE_TYPE)
    yield Send(b"data: " + _ERROR + b"\n\n")


def error_event_mid(exchange: Exchange) -> Script:
    """20 tokens (or the number), then an error event; a single body has the text so far and the error."""
    if exchange.stream:
        yield from _part(exchange, int(exchange.argument(20)), Framing.CHUNKED)
        yield Send(b"data: " + _ERROR + b"\n\n")
        return
    cut = replace(exchange.reply.answer, content=exchange.reply.answer.content[:20], finish="error")
    body = replace(exchange.reply, answer=cut).body()[:-1] + b"," + _ERROR[1:]
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
    reply = exchange.reply
    body = reply.opening() + b"".join(reply.deltas()) + reply.closing() if exchange.stream else reply.body()
    missing = max(1, min(len(body) - 1, int(exchange.argument(100))))
    yield from wait(exchange.pace.first)
    yield _head(exchange, len(body))
    yield Send(body[:-missing])
    yield Cut()


def huge_line(exchange: Exchange) -> Script:
    """64 MiB (or so many) in one line."""
    before, after = exchange.reply.around("content") if exchange.stream else _around_content(exchange.reply)
    yield from wait(exchange.pace.first)
    yield _head(exchange, Framing.CHUNKED)
    yield Send(before + b'"')
    for _ in range(int(exchange.argument(64) * _MIB) // len(_PIECE)):
        yield Send(_PIECE)
    yield Send(b'"' + after)
    if exchange.stream:
        yield Send(exchange.reply.closing())


def drip(exchange: Exchange) -> Script:
    """A good answer at 1 byte a second, or at the number of bytes a second."""
    yield from _bytewise(exchange, 1 / max(exchange.argument(1), 1e-6))


def split_every_byte(exchange: Exchange) -> Script:
    """A good answer, one byte per TCP write; calls all tools where any are offered."""
    yield from _bytewise(with_every_tool(exchange), 0)


def _head(exchange: Exchange, framing: int | Framing | None = None) -> Head:
    """Success as the request asked for it; a single body has its length unless told otherwise."""
    if exchange.stream:
        return Head(SSE_TYPE, framing or Framing.CHUNKED)
    return Head(JSON_TYPE, framing or len(exchange.reply.body()))


def _part(exchange: Exchange, tokens: int, framing: Framing) -> Script:
    """The first tokens of an answer that has half as many again, or half of a single body."""
    if not exchange.stream:
        body = exchange.reply.body()
        yield from wait(exchange.pace.first)
        yield Head(JSON_TYPE, framing if framing is Framing.UNTIL_CLOSE else len(body))
        yield Send(body[: len(body) // 2])
        return
    reply = replace(exchange.reply, answer=lengthened(exchange.reply.answer, tokens + max(1, tokens // 2)))
    yield from wait(exchange.pace.first)
    yield Head(SSE_TYPE, framing)
    yield Send(reply.opening())
    yield from paced(exchange.pace, reply.deltas()[:tokens])


def _malformed(exchange: Exchange, after: int | None) -> Script:
    """A broken line after so many tokens; None puts it before everything."""
    reply = exchange.reply
    yield from wait(exchange.pace.first)
    if not exchange.stream:
        body = reply.body()
        broken = body[: len(body) // 2] + b"}{\n" + body[len(body) // 2 :] if after is not None else b"}{" + body
        yield Head(JSON_TYPE, len(broken))
        yield Send(broken)
        return
    yield Head(SSE_TYPE)
    events = reply.deltas()
    if after is None:
        yield Send(_BROKEN)
    yield Send(reply.opening())
    yield from paced(exchange.pace, events[:after] if after is not None else [])
    if after is not None:
        yield Send(_BROKEN)
    yield from paced(exchange.pace, events[after or 0 :])
    yield Send(reply.closing())


def _around_content(reply: Reply) -> tuple[bytes, bytes]:
    body = replace(reply, answer=replace(reply.answer, content=("\0",), calls=())).body()
    before, _, after = body.partition(b'"\\u0000"')
    return before, after


def _bytewise(exchange: Exchange, interval: float) -> Script:
    reply = exchange.reply
    body = reply.opening() + b"".join(reply.deltas()) + reply.closing() if exchange.stream else reply.body()
    yield from wait(exchange.pace.first)
    yield _head(exchange, Framing.CHUNKED if exchange.stream else len(body))
    for at in range(len(body)):
        yield Send(body[at : at + 1])
        yield Pause(interval)
