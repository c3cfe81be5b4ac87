"""A streamed answer on its way to one gRPC caller: numbered events, heartbeats, nothing written twice at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import grpc.aio

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.answer import Delta
from pointsman.model.attempt import Attempt
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.rpc.decision_to_wire import decision_to_wire
from pointsman.rpc.events_to_wire import (
    Event,
    delta_to_wire,
    event_to_wire,
    finish_to_wire,
    heartbeat_to_wire,
    pieces,
)
from pointsman.rpc.failure_to_wire import error_summary
from pointsman.rpc.from_wire import Call
from pointsman.rpc.message_to_wire import answer_to_wire
from pointsman.rpc.metadata import replay_metadata, routing_metadata
from pointsman.rpc.repeats import Tape
from pointsman.rpc.usage_to_wire import attempt_ref_to_wire, planned_ref_to_wire, usage_report_to_wire
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1 import routing_pb2

Context = grpc.aio.ServicerContext[bytes, wire.CompleteResponse]

_STARTED = {
    AttemptKind.FAILOVER: wire.NOTICE_KIND_FAILOVER,
    AttemptKind.HEDGE: wire.NOTICE_KIND_HEDGE_STARTED,
    AttemptKind.ESCALATION: wire.NOTICE_KIND_ESCALATION,
    AttemptKind.RETRY: wire.NOTICE_KIND_FAILOVER,
}


class StreamSink:
    """Implements the engine's Sink over one call. `clock` gives monotonic seconds; close it when the call ends.

    What is to be repeated later is also written on `tape`.
    """

    def __init__(self, context: Context, call: Call, clock: Callable[[], float], tape: Tape | None = None) -> None:
        self._context, self._call, self._clock, self._tape = context, call, clock, tape
        self._started = self._last = clock()
        self._seq, self._generation = 0, 1
        self._routed: Routed | None = None
        self._beating: asyncio.Task[None] | None = None
        self._writing = False
        self._timer: asyncio.TimerHandle | None = None

    async def decided(self, routed: Routed) -> None:
        self._routed = routed
        await self._context.send_initial_metadata(routing_metadata(routed))
        await self._event(decision_to_wire(routed, self._call.trace_level))
        self._arm()

    async def warned(self, message: str) -> None:
        if self._call.stream.include_notices:
            await self._event(wire.RouteNotice(kind=wire.NOTICE_KIND_BUDGET_WARNING, message=message))

    async def deltas(self, deltas: Sequence[Delta]) -> None:
        for delta in deltas:
            for piece in pieces(delta):
                await self._write(delta_to_wire(piece, self._next(), self._generation))

    async def started(self, number: int, planned: PlannedAttempt, dropped: Sequence[str]) -> None:
        if not self._call.stream.include_notices:
            return
        ref = self._ref(number, planned)
        kind = _STARTED.get(planned.kind, wire.NOTICE_KIND_ATTEMPT_STARTED)
        await self._event(wire.RouteNotice(kind=kind, attempt=ref, message=f"attempt {number}: {planned.target}"))
        for name in dropped:
            message = f"{planned.target} takes no {name}: left out"
            await self._event(wire.RouteNotice(kind=wire.NOTICE_KIND_PARAM_DROPPED, attempt=ref, message=message))

    async def failed(self, attempt: Attempt, error: ProviderError) -> None:
        if not self._call.stream.include_notices:
            return
        summary = error_summary(error.reason, error.message, error.status)
        ref = attempt_ref_to_wire(attempt)
        await self._event(wire.RouteNotice(kind=wire.NOTICE_KIND_ATTEMPT_FAILED, attempt=ref, error=summary))

    async def gated(self, attempt: Attempt) -> None:
        if not self._call.stream.include_notices:
            return
        message = f"the answer of {attempt.target} was turned down: {attempt.gate}"
        ref = attempt_ref_to_wire(attempt)
        await self._event(wire.RouteNotice(kind=wire.NOTICE_KIND_GATE_REJECTED, attempt=ref, message=message))

    async def won(self, number: int, planned: PlannedAttempt) -> None:
        if not self._call.stream.include_notices:
            return
        message = f"attempt {number} was faster: {planned.target}"
        ref = self._ref(number, planned)
        await self._event(wire.RouteNotice(kind=wire.NOTICE_KIND_HEDGE_WON, attempt=ref, message=message))

    async def reset(self, number: int, planned: PlannedAttempt) -> None:
        self._generation += 1
        ref = self._ref(number, planned)
        escalated = planned.kind is AttemptKind.ESCALATION
        reason = wire.RESET_REASON_ESCALATION if escalated else wire.RESET_REASON_FAILOVER
        await self._event(wire.OutputReset(reason=reason, next=ref))

    async def end(self, completion: Completion) -> None:
        """What was used, and how it ended: the last two events, or only the first where it failed."""
        last: list[Event] = []
        if completion.attempts:
            last.append(usage_report_to_wire(completion.attempts, completion.cost))
        if served := completion.served:
            message = answer_to_wire(served.answer.parts) if served.answer else None
            last.append(finish_to_wire(completion, served, message))
            if self._tape:
                await self._tape.keep([event_to_wire(event, 0, 0) for event in last])
        for event in last:
            await self._event(event)

    async def replay(self, messages: Sequence[bytes], patience: float) -> None:
        """An answer that was given before, instead of all else. A caller may take nothing for `patience` seconds."""
        events = [wire.CompleteResponse.FromString(message) for message in messages]
        await self._context.send_initial_metadata(replay_metadata(events[0].decision))
        for event in events:
            event.seq, event.generation = self._next(), self._generation
            await self._patiently(event, patience)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _ref(self, number: int, planned: PlannedAttempt) -> routing_pb2.AttemptRef:
        assert self._routed is not None
        return planned_ref_to_wire(number, planned, self._routed.rules.catalogue.models[planned.target])

    async def _event(self, event: Event) -> None:
        """Write what stands between and after the attempts. The timers of an attempt cover its deltas, not this."""
        assert self._routed is not None
        patience = self._routed.rules.timers.between_chunks
        await self._patiently(event_to_wire(event, self._next(), self._generation), patience)

    async def _patiently(self, message: wire.CompleteResponse, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._write(message)
        except TimeoutError:
            raise RequestError(Reason.SLOW_CONSUMER, f"the caller took nothing for {patience:g} s") from None

    def _next(self) -> int:
        self._seq += 1
        return self._seq

    async def _write(self, message: wire.CompleteResponse) -> None:
        self._writing = True
        try:
            if self._beating:
                await self._beating
            if self._tape:
                self._tape.add(message)
            await self._context.write(message)
        except asyncio.CancelledError:
            raise
        # grpc.aio reports a caller that is gone by several internal exceptions, depending on the message's size.
        except Exception as error:
            raise RequestError(Reason.CALLER_CANCELLED, "the caller went away") from error
        self._writing = False
        self._last = self._clock()

    def _arm(self) -> None:
        interval = self._call.stream.heartbeat
        if interval:
            due = self._last + interval - self._clock()
            # Overdue is only who waits for the caller to read: looking more often would not help.
            delay = due if due > 0 else interval
            self._timer = asyncio.get_running_loop().call_later(delay, self._beat, interval)

    def _beat(self, interval: float) -> None:
        """One timer a stream, moved only when it rings: tokens pay nothing for heartbeats."""
        now = self._clock()
        if not self._writing and not self._beating and now - self._last >= interval - 0.01:
            self._last = now
            # Numbered here: what is written before the task begins comes after it.
            message = heartbeat_to_wire(now - self._started, self._next(), self._generation)
            self._beating = asyncio.create_task(self._heartbeat(message))
        self._arm()

    async def _heartbeat(self, message: wire.CompleteResponse) -> None:
        try:
            await self._context.write(message)
        # A caller that is gone is noticed by whoever writes next.
        except Exception:  # noqa: BLE001
            return
        finally:
            self._beating = None
