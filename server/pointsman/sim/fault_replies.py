"""Faults that are complete answers, only not the ones hoped for."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from email.utils import formatdate

from pointsman.sim.answers import Answer, compose
from pointsman.sim.request import Refusal
from pointsman.sim.script import JSON_TYPE, SSE_TYPE, Exchange, Head, Pace, Script, Send, answer, refuse
from pointsman.sim.tokens import split

_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>Please log in</h1></body></html>\n"

# HTTP allows these no body.
_BODILESS = frozenset({204, 304})


def http_500(exchange: Exchange) -> Script:
    """Status 500 at once."""
    return refuse(exchange.wire, Refusal(500, "The server had an error while processing your request.", "server_error"))


def http_503(exchange: Exchange) -> Script:
    """Status 503 at once."""
    return refuse(
        exchange.wire, Refusal(503, "The engine is currently overloaded, please try again later.", "server_error")
    )


def http_401(exchange: Exchange) -> Script:
    """Status 401 whatever the key."""
    return refuse(exchange.wire, Refusal(401, "Incorrect API key provided.", code="invalid_api_key"))


def http_400(exchange: Exchange) -> Script:
    """Status 400, as for a parameter the model does not know."""
    message = "Unsupported parameter: 'temperature' is not supported with this model."
    return refuse(exchange.wire, Refusal(400, message, code="unsupported_parameter", param="temperature"))


def http_422(exchange: Exchange) -> Script:
    """Status 422, as some compatible servers answer what they cannot process."""
    return refuse(
        exchange.wire, Refusal(422, "The request was well-formed but could not be processed.", param="messages")
    )


def http_status(exchange: Exchange) -> Script:
    """The status that the number says (200 to 599, else 529), with an error of no particular code."""
    status = int(exchange.argument(529))
    status = status if 200 <= status <= 599 else 529
    if status in _BODILESS:
        yield Head(JSON_TYPE, 0, status)
        return
    kind = "server_error" if status >= 500 else "invalid_request_error"
    yield from refuse(exchange.wire, Refusal(status, f"The request came to nothing ({status}).", kind))


def http_429(exchange: Exchange) -> Script:
    """Status 429 with Retry-After in seconds; the number says how many, else 2."""
    return refuse(exchange.wire, _limited(str(math.ceil(exchange.argument(2)))))


def http_429_date(exchange: Exchange) -> Script:
    """Status 429 with Retry-After as an HTTP date; the number says in how many seconds, else 2."""
    return refuse(exchange.wire, _limited(formatdate(math.ceil(time.time() + exchange.argument(2)), usegmt=True)))


def content_filter(exchange: Exchange) -> Script:
    """Status 400 with code content_filter; on the gemini wire 200 with a blockReason."""
    if shown := exchange.wire.blocked(stream=exchange.stream):
        return _shown(shown, SSE_TYPE if exchange.stream else JSON_TYPE)
    message = "The prompt was filtered because it triggered the content management policy."
    return refuse(exchange.wire, Refusal(400, message, code="content_filter", param="prompt"))


def context_length(exchange: Exchange) -> Script:
    """Status 400 with code context_length_exceeded."""
    used = exchange.reply.usage.prompt if exchange.reply.usage else 0
    message = f"This model's maximum context length is {used // 2} tokens. However, your messages resulted in {used}."
    return refuse(exchange.wire, Refusal(400, message, code="context_length_exceeded", param="messages"))


def html_200(exchange: Exchange) -> Script:
    """Status 200 with a text/html page, as a login wall or a proxy gives."""
    yield Head("text/html; charset=utf-8", len(_PAGE))
    yield Send(_PAGE)


def empty_length(exchange: Exchange) -> Script:
    """No content, finish_reason length, the whole token limit (else 256) billed as reasoning."""
    spent = exchange.brief.request.limit or 256
    thinking = (split("The question is harder than it looks. ") * (spent // 8 + 1))[:spent]
    hidden = Answer(reasoning=tuple(thinking), finish="length")
    return answer(replace(exchange, reply=replace(exchange.reply, answer=hidden)))


def no_usage(exchange: Exchange) -> Script:
    """A good answer that never tells its usage."""
    return answer(replace(exchange, reply=replace(exchange.reply, usage=None)))


def tool_calls_parallel(exchange: Exchange) -> Script:
    """All offered tools called at once, a single one twice; without tools a good answer."""
    return answer(with_every_tool(exchange))


def slow(exchange: Exchange) -> Script:
    """A good answer after 5 s of silence; the number gives the seconds."""
    pace = exchange.pace
    return answer(replace(exchange, pace=Pace(exchange.argument(5), pace.interval, pace.each)))


def with_every_tool(exchange: Exchange) -> Exchange:
    """The exchange with all offered tools called."""
    made = compose(exchange.brief, every_tool=True)
    return replace(exchange, reply=replace(exchange.reply, answer=made))


def _shown(body: bytes, content_type: str) -> Script:
    yield Head(content_type, len(body))
    yield Send(body)


def _limited(retry_after: str) -> Refusal:
    message = "Rate limit reached for requests."
    return Refusal(429, message, "requests", "rate_limit_exceeded", headers=(("Retry-After", retry_after),))
