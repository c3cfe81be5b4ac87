"""The gRPC methods: each turns a call into an engine call, and every way it can fail into a status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar, cast

import grpc.aio

from pointsman.doors.callers import Porch, Visit
from pointsman.doors.deadlines import Deadlines
from pointsman.doors.once import Once
from pointsman.doors.traffic import uncancelled
from pointsman.engine.exchange import Completion, Terms
from pointsman.engine.route import Engine
from pointsman.errors import Reason, RequestError
from pointsman.model.request import Request
from pointsman.rpc.batch import route_batch
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.events_to_wire import finish_to_wire
from pointsman.rpc.failure_to_wire import abort
from pointsman.rpc.from_wire import Call, call_from_wire
from pointsman.rpc.message_to_wire import answer_to_wire
from pointsman.rpc.metadata import DECISION_ID, read_metadata, replay_metadata, routing_metadata
from pointsman.rpc.methods import METHODS, RECORDED
from pointsman.rpc.parsing import ParseFailure, TooLarge
from pointsman.rpc.repeats import Asking, Tape, asked_of
from pointsman.rpc.repeats import unary as answered_once
from pointsman.rpc.sink import StreamSink
from pointsman.rpc.usage_to_wire import usage_report_to_wire
from pointsman.v1 import router_service_pb2 as wire

log = logging.getLogger(__name__)

_GONE = RequestError(Reason.CALLER_CANCELLED, "the caller went away")
_UNREACHABLE = frozenset({Reason.SLOW_CONSUMER, Reason.CALLER_CANCELLED})

Q = TypeVar("Q")
# Requests and responses differ per method; grpc's own annotations say no more.
Context = grpc.aio.ServicerContext[Any, Any]
Handle = Callable[[Q, Context, Visit], Awaitable[Any]]
M = TypeVar("M", wire.RouteResponse, wire.CompleteUnaryResponse)
# What answers a unary call by its deadline, in monotonic seconds.
Answer = Callable[[Call, float, Context], Awaitable[M]]


class _Unary(NamedTuple, Generic[M]):
    """A unary call, and what answers it."""

    context: Context
    kind: type[M]
    answer: Answer[M]


class CallFailed(Exception):
    """A call that failed after it was decided. Internal to this module: only `_guarded` aborts."""

    def __init__(self, error: RequestError, completion: Completion) -> None:
        super().__init__(str(error))
        self.error, self.completion = error, completion


class Service:
    """RouterService over one engine, and the guard of all services. `deadlines` may be replaced at any time."""

    def __init__(self, engine: Engine, once: Once, deadlines: Deadlines, porch: Porch) -> None:
        self._engine, self._repeats, self.deadlines = engine, once, deadlines
        self._authenticate, self._sight, self._traffic = porch

    def guarding(self, handle: Handle[Q]) -> Callable[[Any, Context], Awaitable[object]]:
        """A method that is handled elsewhere, or above, guarded as all are."""

        async def method(request: Q | ParseFailure | TooLarge, context: Context) -> object:
            return await self._guarded(request, context, handle)

        return method

    async def route(self, request: wire.RouteRequest | ParseFailure | TooLarge, context: Context) -> Any:
        """RouterService.Route."""
        return await self._guarded(request, context, self._route)

    async def route_batch(self, request: wire.RouteBatchRequest | ParseFailure | TooLarge, context: Context) -> Any:
        """RouterService.RouteBatch."""
        return await self._guarded(request, context, self._route_batch)

    async def complete(self, request: wire.CompleteRequest | ParseFailure | TooLarge, context: Context) -> None:
        """RouterService.Complete; a coroutine that writes, since a cancelled async generator cannot clean up."""
        await self._guarded(request, context, self._complete)

    async def complete_unary(
        self, request: wire.CompleteUnaryRequest | ParseFailure | TooLarge, context: Context
    ) -> Any:
        """RouterService.CompleteUnary."""
        return await self._guarded(request, context, self._complete_unary)

    async def _route(self, request: wire.RouteRequest, context: Context, visit: Visit) -> wire.RouteResponse:
        return await self._once(request, visit, _Unary(context, wire.RouteResponse, self._routed))

    async def _once(self, request: Asking, visit: Visit, unary: _Unary[M]) -> M:
        """The answer to a unary call; where it has a request_id, perhaps one that was given before."""
        context = unary.context
        deadline = self.deadline(context)
        call = call_from_wire(request, visit.caller, visit.session)
        if not request.request_id:
            return await unary.answer(call, deadline, context)
        asked = asked_of(request, call.request.tenant, visit.session, deadline)
        once = self._repeats
        response, again = await answered_once(once, asked, unary.kind, lambda: unary.answer(call, deadline, context))
        if again:
            context.set_trailing_metadata(replay_metadata(response.decision))
        return response

    async def _routed(self, call: Call, deadline: float, context: Context) -> wire.RouteResponse:
        completion = await self._engine.route(call.request, deadline)
        _raise_failure(completion)
        routed = completion.routed
        assert routed
        context.set_trailing_metadata(routing_metadata(routed))
        response = wire.RouteResponse()
        decision_to_wire(routed, call.trace_level, response.decision)
        return response

    async def _route_batch(
        self, request: wire.RouteBatchRequest, context: Context, visit: Visit
    ) -> wire.RouteBatchResponse:
        deadline = self.deadline(context)

        def route(asked: Request) -> Coroutine[Any, Any, Completion]:
            return self._engine.route(asked, deadline)

        def read(asked: wire.RouteRequest) -> Call:
            return call_from_wire(asked, visit.caller, visit.session)

        return await route_batch(request, read, route, expired=lambda: monotonic() >= deadline)

    async def _complete(self, request: wire.CompleteRequest, context: Context, visit: Visit) -> None:
        deadline = self.deadline(context)
        call = call_from_wire(request, visit.caller, visit.session)
        if not request.request_id:
            return await self._stream(call, deadline, context, None)
        once, asked = self._repeats, asked_of(request, call.request.tenant, visit.session, deadline)
        if kept := await once.claim(asked):
            context.set_trailing_metadata(((DECISION_ID, kept.decision_id),))
            patience = self._engine.rules.timers.between_chunks
            return await StreamSink(context, call, monotonic).replay(kept.messages, patience)
        tape = Tape(once, asked)
        try:
            return await self._stream(call, deadline, context, tape)
        finally:
            if not tape.kept:
                once.release(asked)

    async def _stream(self, call: Call, deadline: float, context: Context, tape: Tape | None) -> None:
        sink = StreamSink(context, call, monotonic, tape)
        try:
            completion = await self._engine.complete(call.request, self._terms(call, deadline), sink)
            context.set_trailing_metadata(((DECISION_ID, completion.decision_id),))
            await self._end(sink, completion)
        finally:
            sink.close()

    async def _end(self, sink: StreamSink, completion: Completion) -> None:
        """The end of a stream. A caller who is gone, or takes nothing more, cannot be sent events, only a status."""
        try:
            if completion.error is None or completion.error.reason not in _UNREACHABLE:
                await sink.end(completion)
        except RequestError as error:
            raise CallFailed(completion.error or error, completion) from error
        _raise_failure(completion)

    async def _complete_unary(
        self, request: wire.CompleteUnaryRequest, context: Context, visit: Visit
    ) -> wire.CompleteUnaryResponse:
        return await self._once(request, visit, _Unary(context, wire.CompleteUnaryResponse, self._completed))

    async def _completed(self, call: Call, deadline: float, context: Context) -> wire.CompleteUnaryResponse:
        completion = await self._engine.complete(call.request, self._terms(call, deadline), None)
        _raise_failure(completion)
        routed, served = completion.routed, completion.served
        assert routed
        assert served
        assert served.answer
        context.set_trailing_metadata(routing_metadata(routed))
        response = wire.CompleteUnaryResponse()
        decision_to_wire(routed, call.trace_level, response.decision)
        answer_to_wire(served.answer.parts, response.message)
        usage_report_to_wire(completion.attempts, completion.cost, response.usage)
        finish_to_wire(completion, served, wire=response.finish)
        return response

    def deadline(self, context: Context) -> float:
        """Monotonic seconds by which we must have answered. Read at once: grpc's figure follows the wall clock."""
        # Typed as float, and None all the same where the caller set no deadline.
        remaining = cast("float | None", context.time_remaining())
        return self.deadlines.deadline(remaining)

    def _terms(self, call: Call, deadline: float) -> Terms:
        stream = call.stream
        return Terms(deadline, stream.restart, stream.include_reasoning, stream.include_final_message)

    async def _guarded(self, request: Q | ParseFailure | TooLarge, context: Context, handle: Handle[Q]) -> object:
        """The outermost layer, and the only one that aborts: an exception let through would send its own text."""
        task: asyncio.Task[object] | None = None
        completion: Completion | None = None
        # Asked for once: grpc makes it anew each time.
        metadata = context.invocation_metadata()
        method = METHODS[handle.__name__]
        trace, error, answered = self._sight.begin(method, metadata), _GONE, False
        try:
            task = self._traffic.enter()
            authorization, session = read_metadata(metadata)
            # Who calls comes first: strangers are not told what is wrong with a request.
            visit = Visit(self._authenticate(authorization), session)
            answer = await handle(_parsed(request), context, visit)
            answered = True
            if handle.__name__ not in RECORDED:
                self._sight.unrecorded(method, "OK")
            return answer
        except CallFailed as failed:
            error, completion = failed.error, failed.completion
        except RequestError as refused:
            error = refused
            self._sight.unrecorded(method, error.reason)
        except asyncio.CancelledError as cancelled:
            error = uncancelled(cancelled)
        except grpc.aio.AbortError:
            raise
        # The boundary of the call: whatever it was, its text may quote a prompt or a key.
        except Exception as fault:  # noqa: BLE001
            log.error("fault of this server in a gRPC call: %s", type(fault).__name__)
            error = RequestError(Reason.INTERNAL, "a fault of this server")
            if handle.__name__ not in RECORDED:
                self._sight.unrecorded(method, error.reason)
        finally:
            if task:
                self._traffic.leave(task)
            self._sight.end(trace, "OK" if answered else error.reason)
        status = abort(error, completion)
        return await context.abort(status.code, status.message, status.trailers)


def _parsed(request: Q | ParseFailure | TooLarge) -> Q:
    if isinstance(request, (ParseFailure, TooLarge)):
        raise request.error()
    return request


def _raise_failure(completion: Completion) -> None:
    if completion.error:
        raise CallFailed(completion.error, completion)
