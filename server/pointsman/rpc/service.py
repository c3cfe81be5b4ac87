"""The gRPC methods: each turns a call into an engine call, and every way it can fail into a status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar, cast

import grpc.aio

from pointsman.engine.exchange import Completion, Terms
from pointsman.engine.explain import Explainer
from pointsman.engine.route import Engine
from pointsman.engine.simulate import Simulator
from pointsman.errors import ConfigInvalid, InvalidRequest, Reason, RequestError
from pointsman.model.request import Request
from pointsman.rpc.batch import route_batch
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.events_to_wire import finish_to_wire
from pointsman.rpc.explained_to_wire import explained_to_wire
from pointsman.rpc.failure_to_wire import abort
from pointsman.rpc.from_wire import Call, call_from_wire
from pointsman.rpc.health_to_wire import health_to_wire
from pointsman.rpc.message_to_wire import answer_to_wire
from pointsman.rpc.metadata import DECISION_ID, routing_metadata, session_of
from pointsman.rpc.models_to_wire import models_to_wire
from pointsman.rpc.parsing import ParseFailure, TooLarge
from pointsman.rpc.sight import Sight
from pointsman.rpc.simulation import config_invalid, simulated_to_wire, simulation_from_wire
from pointsman.rpc.sink import StreamSink
from pointsman.rpc.traffic import Traffic
from pointsman.rpc.usage_to_wire import usage_report_to_wire
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1 import router_service_pb2 as wire

log = logging.getLogger(__name__)

RESERVE, RESERVE_SHARE = 0.1, 0.05
"""Seconds, and share, of a deadline kept back so that our own error wins the race against the caller's timer."""

_GONE = RequestError(Reason.CALLER_CANCELLED, "the caller went away")
_UNREACHABLE = frozenset({Reason.SLOW_CONSUMER, Reason.CALLER_CANCELLED})

Q = TypeVar("Q")
# Requests and responses differ per method; grpc's own annotations say no more.
Context = grpc.aio.ServicerContext[Any, Any]


class CallFailed(Exception):
    """A call that failed after it was decided. Internal to this module: only `_guarded` aborts."""

    def __init__(self, error: RequestError, completion: Completion) -> None:
        super().__init__(str(error))
        self.error, self.completion = error, completion


@dataclass(frozen=True, slots=True)
class Desk:
    """What AdminService asks, beside the engine."""

    explainer: Explainer
    simulator: Simulator


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: for callers that give none, and at most."""

    default: float
    maximum: float


class Service:
    """RouterService and AdminService over one engine."""

    def __init__(self, engine: Engine, desk: Desk, traffic: Traffic, deadlines: Deadlines, sight: Sight) -> None:
        self._engine, self._desk, self._traffic, self._deadlines = engine, desk, traffic, deadlines
        self._sight = sight

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

    async def list_models(self, request: admin.ListModelsRequest | ParseFailure | TooLarge, context: Context) -> Any:
        """AdminService.ListModels."""
        return await self._guarded(request, context, self._list_models)

    async def list_provider_health(
        self, request: admin.ListProviderHealthRequest | ParseFailure | TooLarge, context: Context
    ) -> Any:
        """AdminService.ListProviderHealth."""
        return await self._guarded(request, context, self._list_provider_health)

    async def explain(self, request: admin.ExplainRequest | ParseFailure | TooLarge, context: Context) -> Any:
        """AdminService.Explain."""
        return await self._guarded(request, context, self._explain)

    async def simulate(self, request: admin.SimulateRequest | ParseFailure | TooLarge, context: Context) -> Any:
        """AdminService.Simulate."""
        return await self._guarded(request, context, self._simulate)

    async def _route(self, request: wire.RouteRequest, context: Context) -> wire.RouteResponse:
        deadline = self._deadline(context)
        call = call_from_wire(request, session_of(context.invocation_metadata()))
        completion = await self._engine.route(call.request, deadline)
        _raise_failure(completion)
        routed = completion.routed
        assert routed
        context.set_trailing_metadata(routing_metadata(routed))
        response = wire.RouteResponse()
        decision_to_wire(routed, call.trace_level, response.decision)
        return response

    async def _route_batch(self, request: wire.RouteBatchRequest, context: Context) -> wire.RouteBatchResponse:
        deadline, session = self._deadline(context), session_of(context.invocation_metadata())

        def route(asked: Request) -> Coroutine[Any, Any, Completion]:
            return self._engine.route(asked, deadline)

        return await route_batch(request, route, session, expired=lambda: monotonic() >= deadline)

    async def _complete(self, request: wire.CompleteRequest, context: Context) -> None:
        deadline = self._deadline(context)
        call = call_from_wire(request, session_of(context.invocation_metadata()))
        sink = StreamSink(context, call, monotonic)
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

    async def _complete_unary(self, request: wire.CompleteUnaryRequest, context: Context) -> wire.CompleteUnaryResponse:
        deadline = self._deadline(context)
        call = call_from_wire(request, session_of(context.invocation_metadata()))
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

    async def _list_models(self, request: admin.ListModelsRequest, context: Context) -> admin.ListModelsResponse:
        return models_to_wire(request, self._engine.rules.catalogue)

    async def _list_provider_health(
        self, request: admin.ListProviderHealthRequest, context: Context
    ) -> admin.ListProviderHealthResponse:
        return health_to_wire(request, await self._engine.vitals())

    async def _explain(self, request: admin.ExplainRequest, context: Context) -> admin.ExplainResponse:
        if not request.decision_id:
            raise InvalidRequest([("decision_id", "must not be empty")])
        return explained_to_wire(await self._desk.explainer.explain(request.decision_id))

    async def _simulate(self, request: admin.SimulateRequest, context: Context) -> admin.SimulateResponse:
        asked, simulator = simulation_from_wire(request), self._desk.simulator
        if not asked.document:
            return simulated_to_wire(await simulator.simulate(asked.request, asked.supposed))
        deadline = self._deadline(context)
        try:
            async with asyncio.timeout(deadline - monotonic()):
                other, active = await simulator.compare(asked.request, asked.supposed, asked.document)
        except ConfigInvalid as invalid:
            raise config_invalid(invalid) from None
        except TimeoutError:
            raise RequestError(Reason.DEADLINE_EXCEEDED, "the deadline passed while config_yaml was loaded") from None
        return simulated_to_wire(other, active)

    def _deadline(self, context: Context) -> float:
        """Monotonic seconds by which we must have answered. Read at once: grpc's figure follows the wall clock."""
        # Typed as float, and None all the same where the caller set no deadline.
        remaining = cast("float | None", context.time_remaining())
        deadlines = self._deadlines
        left = deadlines.default if remaining is None else min(remaining, deadlines.maximum)
        return monotonic() + left - min(RESERVE, left * RESERVE_SHARE)

    def _terms(self, call: Call, deadline: float) -> Terms:
        stream = call.stream
        return Terms(deadline, stream.restart, stream.include_reasoning, stream.include_final_message)

    async def _guarded(
        self, request: Q | ParseFailure | TooLarge, context: Context, handle: Callable[[Q, Context], Awaitable[Any]]
    ) -> object:
        """The outermost layer, and the only one that aborts: an exception let through would send its own text."""
        task: asyncio.Task[object] | None = None
        completion: Completion | None = None
        trace, error, answered = self._sight.begin(handle.__name__, context), _GONE, False
        try:
            task = self._traffic.enter()
            answer = await handle(_parsed(request), context)
            answered = True
            return answer
        except CallFailed as failed:
            error, completion = failed.error, failed.completion
        except RequestError as refused:
            error = refused
            self._sight.unrecorded(handle.__name__, error.reason)
        except asyncio.CancelledError as cancelled:
            error = self._cancelled(cancelled)
        except grpc.aio.AbortError:
            raise
        # The boundary of the call: whatever it was, its text may quote a prompt or a key.
        except Exception as fault:  # noqa: BLE001
            log.error("fault of this server in a gRPC call: %s", type(fault).__name__)
            error = RequestError(Reason.INTERNAL, "a fault of this server")
        finally:
            if task:
                self._traffic.leave(task)
            self._sight.end(handle.__name__, trace, "OK" if answered else error.reason)
        status = abort(error, completion)
        return await context.abort(status.code, status.message, status.trailers)

    def _cancelled(self, cancelled: asyncio.CancelledError) -> RequestError:
        """A cancellation goes on, unless shutting down caused it or somebody leaked it: those need a status."""
        task = asyncio.current_task()
        assert task is not None
        if cancelled.args and cancelled.args[0] == Reason.SHUTTING_DOWN:
            # The caller is still there and wants a status; awaiting one needs a task that is not being cancelled.
            task.uncancel()
            return RequestError(Reason.SHUTTING_DOWN, "the server is shutting down")
        if task.cancelling():
            raise cancelled
        return RequestError(Reason.INTERNAL, "a fault of this server")


def _parsed(request: Q | ParseFailure | TooLarge) -> Q:
    if isinstance(request, (ParseFailure, TooLarge)):
        raise request.error()
    return request


def _raise_failure(completion: Completion) -> None:
    if completion.error:
        raise CallFailed(completion.error, completion)
