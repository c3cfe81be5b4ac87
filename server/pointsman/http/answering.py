"""One call at the HTTP door, from its first byte to its last: the same story for every API that is spoken there."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec.structs import replace

from pointsman.doors.callers import Porch, denied
from pointsman.doors.limits import REQUEST_BYTES, REQUEST_ID_BYTES
from pointsman.doors.once import Asked, Kept, Once
from pointsman.doors.traffic import uncancelled
from pointsman.doors.violations import Violations
from pointsman.engine.exchange import Completion, Terms
from pointsman.engine.route import Engine
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.http.api import Api, Counting, Question, Told
from pointsman.http.headers import REPLAYED, of_failure, of_whole
from pointsman.http.hints import Hinted, hints_of_headers
from pointsman.http.settings import ApiSettings
from pointsman.http.sink import HttpSink
from pointsman.http.tape import Tape, headers_of
from pointsman.model.caller import Caller

log = logging.getLogger(__name__)

_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}|::1", re.ASCII)

IDEMPOTENCY = "Idempotency-Key"
_CLIENTS_TIMERS = ("x-stainless-read-timeout", "x-stainless-timeout")
"""Seconds after which the official clients give up on an answer that does not come."""

_TRACE = ("traceparent", "tracestate", "baggage")

_GONE = RequestError(Reason.CALLER_CANCELLED, "the caller went away")

Work = Callable[[Caller], Awaitable[web.StreamResponse]]


class _Failed(Exception):
    """A call that failed once the engine had it. `response` is what it was already being told with, if anything."""

    def __init__(
        self, error: RequestError, completion: Completion, response: web.StreamResponse | None, *, details: bool
    ) -> None:
        super().__init__(str(error))
        self.error, self.completion, self.response, self.details = error, completion, response, details


class Answering:
    """Answers calls with one engine. Where the settings say that it is for this machine only, and so for everybody on
    it, what a browser is made to send is turned away.
    """

    def __init__(self, engine: Engine, once: Once, settings: ApiSettings, porch: Porch) -> None:
        self._engine, self._once = engine, once
        self._local, self._heartbeat = settings.local, settings.heartbeat
        self._authenticate, self._sight, self._traffic = porch
        self.configure(settings, REQUEST_BYTES)

    def configure(self, settings: ApiSettings, max_bytes: int) -> None:
        """Other deadlines, and another limit of a body, for the calls to come."""
        self._deadlines, self._max_bytes = settings.deadlines, max_bytes

    async def complete(self, request: web.Request, api: Api) -> web.StreamResponse:
        """A completion, streamed or not."""

        async def work(caller: Caller) -> web.StreamResponse:
            return await self._complete(request, api, caller)

        return await self.guarded(request, api, api.method, work, recorded=True)

    async def count(self, request: web.Request, api: Api, counting: Counting) -> web.StreamResponse:
        """An estimate of a prompt's tokens."""

        async def work(caller: Caller) -> web.StreamResponse:
            hinted = hints_of_headers(request.headers, caller)
            asked = counting.read(await self._body(request), request.headers, hinted)
            self._engine.rules.check(asked)
            return json_response(counting.counted(asked.facts.input_tokens))

        return await self.guarded(request, api, counting.method, work)

    async def guarded(
        self, request: web.Request, api: Api, method: str, work: Work, *, recorded: bool = False
    ) -> web.StreamResponse:
        """The outermost layer: whatever becomes of `work`, its caller gets an answer in the API's own words.

        `recorded`: the engine tells of it itself, once it has seen it.
        """
        traced = self._sight.tracing is not None
        trace = self._sight.begin(_span(request), _metadata(request)) if traced else None
        error, answered = _GONE, False
        task: asyncio.Task[object] | None = None
        failed: _Failed | None = None
        try:
            task = self._traffic.enter()
            if self._local:
                _check_host(request)
            response = await work(self._authenticate(api.authorization(request.headers)))
            answered = True
            if not recorded:
                self._sight.unrecorded(method, "OK")
            return response
        except _Failed as failure:
            error, failed = failure.error, failure
        except RequestError as refused:
            error = refused
            self._sight.unrecorded(method, error.reason)
        except asyncio.CancelledError as cancelled:
            error = uncancelled(cancelled)
        # The boundary of the call: whatever it was, its text may quote a prompt or a key.
        except Exception as fault:  # noqa: BLE001
            error = _of_fault(fault)
            if not recorded:
                self._sight.unrecorded(method, error.reason)
        finally:
            if task:
                self._traffic.leave(task)
            self._sight.end(trace, "OK" if answered else error.reason)
        if failed is None:
            return refusal(request, api, Told(error))
        return failed.response or refusal(request, api, Told(error, failed.completion, failed.details))

    async def _complete(self, request: web.Request, api: Api, caller: Caller) -> web.StreamResponse:
        hinted = hints_of_headers(request.headers, caller)
        body = await self._body(request)
        try:
            question = api.read(body, request.headers, hinted)
        except RequestError:
            raise
        # A bug in reading: counted here, because the engine, which tells of all others, never sees this call.
        except Exception as fault:  # noqa: BLE001
            raise _of_fault(fault) from None
        deadline = self._deadlines.deadline(self._left(request, question))
        request_id = request.headers.get(IDEMPOTENCY, "")
        if not request_id:
            return await self._answer(request, api, question, deadline, None)
        asked = _asked(request_id, (question.request.tenant, api.method), body, hinted, deadline)
        if kept := await self._once.claim(asked):
            return await self._again(request, api, question, kept)
        tape = Tape(self._once, asked)
        try:
            return await self._answer(request, api, question, deadline, tape)
        finally:
            if not tape.kept:
                self._once.release(asked)

    async def _answer(
        self, request: web.Request, api: Api, question: Question, deadline: float, tape: Tape | None
    ) -> web.StreamResponse:
        if question.streamed:
            return await self._stream(request, api, question, deadline, tape)
        terms = Terms(deadline, restart=True, include_reasoning=question.hinted.reasoning, method=api.method)
        completion = await self._engine.complete(question.request, terms, None)
        if completion.error:
            raise _Failed(completion.error, completion, None, details=question.hinted.details)
        headers, body = of_whole(api, completion), question.whole(completion)
        if tape:
            tape.add(body)
            await tape.keep(completion.decision_id, headers)
        return json_response(body, headers=headers)

    async def _stream(
        self, request: web.Request, api: Api, question: Question, deadline: float, tape: Tape | None
    ) -> web.StreamResponse:
        terms = Terms(deadline, include_reasoning=question.hinted.reasoning, method=api.method)
        with HttpSink(request, api, question, self._heartbeat, tape) as sink:
            completion = await self._engine.complete(question.request, terms, sink)
            error = await self._end(sink, completion, question)
        if error:
            raise _Failed(error, completion, sink.response, details=False)
        assert sink.response
        return sink.response

    async def _end(self, sink: HttpSink, completion: Completion, question: Question) -> RequestError | None:
        try:
            return await sink.end(completion)
        except RequestError as error:
            failure = completion.error or error
            raise _Failed(failure, completion, sink.response, details=question.hinted.details) from error

    async def _again(self, request: web.Request, api: Api, question: Question, kept: Kept) -> web.StreamResponse:
        """An answer that was given before."""
        headers, body = {**headers_of(kept), REPLAYED: "true"}, b"".join(kept.messages[1:])
        if not question.streamed:
            self._sight.unrecorded(api.method, "OK")
            return json_response(body, headers=headers)
        with HttpSink(request, api, question, self._heartbeat) as sink:
            await sink.replay(headers, body, self._engine.rules.timers.between_chunks)
        self._sight.unrecorded(api.method, "OK")
        assert sink.response
        return sink.response

    def _left(self, request: web.Request, question: Question) -> float | None:
        """Seconds that the caller gives us. Its client's timer is none where tokens come meanwhile, and no more than
        the default: it has one whether or not anybody thought of it.
        """
        if (timeout := question.hinted.timeout) is not None or question.streamed:
            return timeout
        for header in _CLIENTS_TIMERS:
            text = request.headers.get(header, "")
            if text.replace(".", "", 1).isdecimal() and (seconds := float(text)) > 0:
                return min(seconds, self._deadlines.default)
        return None

    async def _body(self, request: web.Request) -> bytes:
        """All of it, within the limit of today and the time of a call that says nothing of its own."""
        if request.content_type != "application/json":
            # Also what keeps web pages out: for this type their browser asks first, and is not told yes.
            raise InvalidRequest([("content-type", "must be application/json")])
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise InvalidRequest([("content-encoding", "must be identity: send the body as it is, not packed")])
        limit, length = self._max_bytes, request.content_length or 0
        if length > limit:
            raise _too_large(length, limit)
        body = bytearray()
        try:
            async with asyncio.timeout(self._deadlines.default):
                while chunk := await request.content.readany():
                    body += chunk
                    if len(body) > limit:
                        raise _too_large(len(body), limit)
        except TimeoutError:
            raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed while the request came in") from None
        except (ClientPayloadError, web.RequestPayloadError, HttpProcessingError, ConnectionError):
            raise InvalidRequest([("request", "has a body that cannot be read: it is cut short or garbled")]) from None
        return bytes(body)


def refusal(request: web.Request, api: Api, told: Told) -> web.Response:
    """A failure, with its status."""
    response = json_response(api.error(told), told.status, headers=dict(of_failure(api, told)))
    if told.error.reason is Reason.SHUTTING_DOWN or not request.content.is_eof():
        # The next call belongs to another process; or what is left of this one's body is not waited for.
        response.force_close()
    return response


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _asked(request_id: str, scope: tuple[str, str], body: bytes, hinted: Hinted, deadline: float) -> Asked:
    found = Violations()
    if found.check_utf8(IDEMPOTENCY, request_id):
        found.check_bytes(IDEMPOTENCY, request_id, REQUEST_ID_BYTES)
    found.raise_if_any()
    said = [f"{name}={said.value}".encode() for name, said in sorted(hinted.said.items())]
    return replace(Asked.of(request_id, scope, (body, *said), deadline), named=IDEMPOTENCY)


def _of_fault(fault: Exception) -> RequestError:
    """What a caller is told of a bug: no more than that."""
    log.error("fault of this server in an HTTP call: %s", type(fault).__name__)
    return RequestError(Reason.INTERNAL, "a fault of this server")


def _check_host(request: web.Request) -> None:
    """A page whose name was made to lead to this machine sends that name."""
    named = request.headers.get(hdrs.HOST, "")
    try:
        host = urlsplit(f"//{named}").hostname or ""
    except ValueError:
        host = named
    if host != "localhost" and not _LOOPBACK.fullmatch(host):
        raise denied(f"this server is for this machine only, and {host[:64]!r} is no name of it: call 127.0.0.1")


def _too_large(size: int, limit: int) -> InvalidRequest:
    description = f"is {size:,} bytes, and at most {limit:,} are taken; send a shorter conversation"
    return InvalidRequest([("request", description)], Reason.REQUEST_TOO_LARGE)


def _span(request: web.Request) -> str:
    """As OpenTelemetry names them: the method and the path as it is declared, not as it was called."""
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else '/'}"


def _metadata(request: web.Request) -> list[tuple[str, str | bytes]]:
    """What traces need."""
    return [(name, value) for name in _TRACE for value in request.headers.getall(name, ())]
