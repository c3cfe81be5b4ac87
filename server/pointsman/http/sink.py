"""A streamed answer on its way to one HTTP caller. Headers go out with the first delta, so that until then a failure
still has its status, and the model named is the one that answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from aiohttp import hdrs, web

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.http.api import Api, Question, Script, Told
from pointsman.http.headers import of_answer
from pointsman.http.tape import Tape
from pointsman.model.answer import Delta
from pointsman.model.attempt import Attempt
from pointsman.model.plan import AttemptKind, PlannedAttempt

_UNREACHABLE = frozenset({Reason.SLOW_CONSUMER, Reason.CALLER_CANCELLED})


class HttpSink:
    """Implements the engine's Sink over one request, for as long as a `with` lasts: what is raised there breaks the
    answer off, so that nothing else can be said behind half of it.

    After `heartbeat` seconds of silence the caller, and whatever stands between, is given a sign of life. `response` is
    None as long as nothing was sent. What is to be repeated later is also written on `tape`.
    """

    def __init__(
        self, request: web.Request, api: Api, question: Question, heartbeat: float, tape: Tape | None = None
    ) -> None:
        self._request, self._api, self._question, self._tape = request, api, question, tape
        self._interval = heartbeat
        self.response: web.StreamResponse | None = None
        self.headers: Mapping[str, str] = {}
        self._routed: Routed | None = None
        self._script: Script | None = None
        self._target = ""
        self._begun = False
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._last = self._clock()
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None
        self._beating: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, raised: type[BaseException] | None, *_: object) -> None:
        if raised and self.response:
            self.abort()
        self.close()

    async def decided(self, routed: Routed) -> None:
        self._routed, self._target = routed, routed.decision.target
        self._script = self._question.script(routed)
        self._arm(self._interval)

    async def warned(self, message: str) -> None: ...

    async def deltas(self, deltas: Sequence[Delta]) -> None:
        script = self._script
        assert script
        data = b"" if self._begun else script.begin(self._target)
        self._begun = True
        data += script.deltas(deltas)
        if self._tape:
            self._tape.add(data)
        if data:
            await self._write(data)

    async def started(self, number: int, planned: PlannedAttempt, dropped: Sequence[str]) -> None:
        if planned.kind is not AttemptKind.HEDGE:
            self._target = planned.target

    async def failed(self, attempt: Attempt, error: ProviderError) -> None: ...

    async def gated(self, attempt: Attempt) -> None: ...

    async def won(self, number: int, planned: PlannedAttempt) -> None:
        self._target = planned.target

    async def reset(self, number: int, planned: PlannedAttempt) -> None:
        raise AssertionError("a stream of this door is never started over: its terms forbid it")

    async def end(self, completion: Completion) -> RequestError | None:
        """The last bytes. RequestError where it failed before any were sent, so that it can still have a status;
        otherwise what it failed for, if it did.
        """
        error = completion.error
        if error is None:
            await self._finish(completion)
            return None
        if self.response is None:
            raise error
        if error.reason in _UNREACHABLE:
            self.abort()
            return error
        assert self._script
        told = Told(error, completion, self._question.hinted.details)
        await self._last_words(self._script.fail(told), self._patience)
        return error

    async def _finish(self, completion: Completion) -> None:
        script, served = self._script, completion.served
        assert script
        assert served
        if not self._begun:
            # Of an answer without a single delta, the end is all there is.
            self._target = served.attempt.target
        data = (b"" if self._begun else script.begin(self._target)) + script.end(completion)
        if self._tape:
            self._tape.add(data)
            # Before its end is sent: whoever has seen that may repeat the request.
            await self._tape.keep(completion.decision_id, self.headers or self._named())
        await self._last_words(data, self._patience)

    async def replay(self, headers: Mapping[str, str], data: bytes, patience: float) -> None:
        """An answer that was given before, instead of all else. A caller may take nothing for `patience` seconds."""
        self.headers = headers
        await self._last_words(data, patience)

    def abort(self) -> None:
        """Break the connection off: an answer that ended in order would pass for a whole one."""
        if self._request.transport:
            self._request.transport.abort()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    async def _close(self) -> None:
        assert self.response
        self.close()
        if self._beating:
            await self._beating
        try:
            await self.response.write_eof()
        except ConnectionError:
            raise _gone() from None

    @property
    def _patience(self) -> float:
        assert self._routed
        return self._routed.rules.timers.between_chunks

    async def _last_words(self, data: bytes, patience: float) -> None:
        """Write what stands after the attempts, and the end. The timers of an attempt cover its deltas, not this.

        Also the end waits for the caller: it is what lets the last of the data out of our memory.
        """
        try:
            async with asyncio.timeout(patience):
                await self._write(data)
                await self._close()
        except TimeoutError:
            self.abort()
            raise RequestError(Reason.SLOW_CONSUMER, f"the caller took nothing for {patience:g} s") from None

    async def _write(self, data: bytes) -> None:
        self._writing = True
        if self._beating:
            await self._beating
        try:
            response = self.response or await self._open()
            await response.write(data)
        except ConnectionError:
            raise _gone() from None
        self._writing = False
        self._last = self._clock()

    async def _open(self) -> web.StreamResponse:
        if self._routed:
            self.headers = self._named()
        self.response = response = web.StreamResponse(headers=self.headers)
        response.headers[hdrs.CONTENT_TYPE] = "text/event-stream; charset=utf-8"
        response.headers[hdrs.CACHE_CONTROL] = "no-cache"
        # Proxies such as nginx would otherwise keep tokens back until they have a page of them.
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(self._request)
        return response

    def _named(self) -> Mapping[str, str]:
        assert self._routed
        return of_answer(self._api, self._routed, self._routed.rules.catalogue.models[self._target])

    def _arm(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay, self._beat)

    def _beat(self) -> None:
        """One timer a stream, moved only when it rings: tokens pay nothing for it."""
        silent = self._clock() - self._last
        if silent >= self._interval - 0.01 and not self._writing and not self._beating:
            self._last = self._clock()
            self._beating = asyncio.create_task(self._heartbeat())
        due = self._last + self._interval - self._clock()
        self._arm(due if due > 0 else self._interval)

    async def _heartbeat(self) -> None:
        assert self._script
        try:
            response = self.response or await self._open()
            await response.write(self._script.beat())
        # A caller who is gone is noticed by whoever writes next.
        except ConnectionError:
            return
        finally:
            self._beating = None


def _gone() -> RequestError:
    return RequestError(Reason.CALLER_CANCELLED, "the caller went away")
