"""The main job: gather, decide, run, settle."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pointsman.chain.calling import being_cancelled
from pointsman.engine.admission import Admission, Doorkeeper
from pointsman.engine.assist import Assistance
from pointsman.engine.bill import Bill, warnings
from pointsman.engine.decide import decide, decide_with_shadows
from pointsman.engine.effort import Efforts
from pointsman.engine.exchange import Completion, Exchange, Routed, Sink, Terms
from pointsman.engine.failure import RETRY_DELAY, refused, shut_down
from pointsman.engine.gather import gather
from pointsman.engine.judging import Judging
from pointsman.engine.observe import Observer, emit
from pointsman.engine.regime import Regime
from pointsman.engine.retries import RetryBudget
from pointsman.engine.rules import Rules
from pointsman.engine.run import Run
from pointsman.engine.settle import Settlement
from pointsman.engine.watch import Watchdog
from pointsman.errors import LedgerUnavailable, PluginFailed, Reason, RequestError
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Refusal
from pointsman.model.events import AttemptEnded, AttemptSkipped, Decided, Event, GateJudged, RequestEnded
from pointsman.model.plan import PlannedAttempt
from pointsman.model.record import Record
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.model.vitals import Vitals
from pointsman.ports import Clock, Ledger, Provider, StateStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """The ports that the engine works with; `providers` by id, of the rules that it begins with."""

    providers: Mapping[str, Provider]
    store: StateStore
    ledger: Ledger
    clock: Clock


class Engine:
    """Decides and runs requests under one set of rules at a time."""

    def __init__(self, rules: Rules, world: World, watchdog: Watchdog, observers: Sequence[Observer] = ()) -> None:
        self._regime = Regime(rules, world.providers)
        self._world, self._watchdog = world, watchdog
        self._observers = observers
        self._settlement = Settlement(world.store, world.ledger)
        self._retries = RetryBudget()

    @property
    def rules(self) -> Rules:
        """Those of the requests that come now."""
        return self._regime.rules

    def adopt(self, regime: Regime) -> Regime:
        """Let the requests to come live by this; the regime before it, which those running keep."""
        before, self._regime = self._regime, regime
        return before

    async def left(self, regime: Regime) -> None:
        """Return when a regime that was replaced is over: its last request has ended and been settled."""
        await regime.empty()
        await self._settlement.settled()

    async def route(self, request: Request, deadline: float) -> Completion:
        """Decide and record, run nothing. `deadline` is monotonic seconds; failures are in the completion."""
        with self._regime as regime:
            exchange = self._open("Route", request, deadline, regime)
            await self._work(exchange, self._decide(exchange))
            return exchange.completion(self._world.clock.monotonic())

    async def complete(self, request: Request, terms: Terms, sink: Sink | None) -> Completion:
        """Decide, run and record. Streams to `sink`; without one the answer is whole, in the completion.

        Returns once the record is committed. Failures of the request are in the completion, never raised.
        """
        with self._regime as regime:
            method = terms.method or ("Complete" if sink else "CompleteUnary")
            exchange = self._open(method, request, terms.deadline, regime)
            self._retries.request(exchange.started)
            await self._work(exchange, self._complete(exchange, terms, sink))
            return exchange.completion(self._world.clock.monotonic())

    def settle_reported(self, record: Record, attempt: Attempt) -> None:
        """Learn from an attempt at a decision of ours that its caller made, and charge it; for each once."""
        self._settlement.reported(record, attempt)
        if bookings := self.rules.budgets.bookings(record.request, record.received):
            bill = Bill(f"{record.decision_id}/reported/{attempt.number}", bookings, 0.0, self._world.store)
            assert record.decision
            bill.settle(bill.hold(record.decision.assessed.task, attempt.target), attempt)
        event = AttemptEnded(record.decision_id, attempt)
        emit(event, self._observers, self.rules.chain, self._watchdog.stopwatch(), self._watchdog.quarantined)

    async def vitals(self) -> Sequence[Vitals]:
        """How every configured model is doing, ordered by provider and id."""
        return await self._world.store.vitals()

    async def drain(self) -> None:
        """Wait until everything that ended is settled."""
        await self._settlement.drain()

    async def _complete(self, exchange: Exchange, terms: Terms, sink: Sink | None) -> None:
        routed = await self._decide(exchange)
        if sink:
            await sink.decided(routed)
            for warning in warnings(routed.decision, exchange.snapshot.balances):
                await sink.warned(warning)
        doorkeeper = Doorkeeper(exchange, self._world.store, self._world.clock)
        ended = partial(self._attempt_ended, exchange, doorkeeper)
        skipped = partial(self._attempt_skipped, exchange)
        efforts = Efforts(exchange, terms, exchange.providers, doorkeeper, self._world.clock, ended, skipped)
        assist, judged = partial(self._assistance, exchange), partial(self._gate_judged, exchange)
        judging = Judging(exchange, self._world.store, self._world.clock, assist, judged)
        exchange.served = await Run(efforts, judging, self._retries).perform(sink)

    async def _decide(self, exchange: Exchange) -> Routed:
        clock, rules = self._world.clock, exchange.rules
        rules.check(exchange.request)
        exchange.snapshot = await gather(exchange, self._world.store, clock, self._assistance(exchange))
        began = clock.monotonic()
        exchange.decision = decide(exchange.request, exchange.snapshot, rules, exchange.watch)
        seconds = clock.monotonic() - began
        if exchange.bill:
            exchange.bill.decided(exchange.decision.assessed.task)
        exchange.shadow = decide_with_shadows(exchange.request, exchange.snapshot, rules, self._watchdog.stopwatch())
        after = began - exchange.started
        self._emit(exchange, Decided(exchange.id, exchange.decision, seconds, exchange.shadow, after))
        if isinstance(exchange.decision, Refusal):
            raise refused(exchange.decision)
        exchange.routed = Routed(exchange.id, exchange.decision, rules, clock.now(), seconds, exchange.watch.micros)
        return exchange.routed

    def _open(self, method: str, request: Request, deadline: float, regime: Regime) -> Exchange:
        clock, rules = self._world.clock, regime.rules
        snapshot = Snapshot(
            now=clock.now(),
            seed=random.getrandbits(32),
            config_version=rules.version,
            quarantined=self._watchdog.quarantined,
            disabled_providers=rules.disabled_providers,
        )
        watch = self._watchdog.stopwatch()
        now = clock.monotonic()
        exchange = Exchange(method, request, rules, regime.providers, snapshot.now, now, deadline, snapshot, watch)
        if rules.budgets and (bookings := rules.budgets.bookings(request, snapshot.now)):
            exchange.bill = Bill(exchange.id, bookings, deadline, self._world.store)
        return exchange

    async def _work(self, exchange: Exchange, work: Coroutine[Any, Any, object]) -> None:
        """Do the work and settle, whatever becomes of it; failures end in `exchange.error`."""
        try:
            await work
        except RequestError as error:
            exchange.error = error
        except PluginFailed as failure:
            exchange.error = _failed(exchange, failure)
        except asyncio.CancelledError as cancelled:
            if _shutting_down(cancelled):
                exchange.error = shut_down(output_started=exchange.output_started)
            elif being_cancelled():
                self._abandon(exchange)
                raise
            else:
                # Leaked by somebody's code: let through, it would leave the caller without any status.
                exchange.error = _fault(exchange, "a leaked cancellation")
        # The boundary of the task: a bug must cost one request, not the caller's patience or our rows.
        except Exception as error:  # noqa: BLE001
            exchange.error = _fault(exchange, type(error).__name__, error)
        await self._settle(exchange)

    def _abandon(self, exchange: Exchange) -> None:
        """The caller went away: what happened is recorded, but nobody waits for it."""
        exchange.error = RequestError(Reason.CALLER_CANCELLED, "the caller went away")
        record = self._record(exchange)
        self._settlement.abandon(record)
        self._emit(exchange, RequestEnded(record))

    async def _settle(self, exchange: Exchange) -> None:
        record, failure = self._record(exchange), exchange.error
        try:
            await self._settlement.request_ended(record)
        except LedgerUnavailable:
            exchange.error = RequestError(
                Reason.LEDGER_UNAVAILABLE, "the answer could not be recorded", retry_delay=RETRY_DELAY
            )
        except asyncio.CancelledError:
            if being_cancelled():
                raise
            exchange.error = _fault(exchange, "a leaked cancellation")
        # The same boundary as above: whatever the ledger raises, the caller gets a status.
        except Exception as error:  # noqa: BLE001
            exchange.error = _fault(exchange, type(error).__name__, error)
        finally:
            ended = record if exchange.error is failure else self._record(exchange)
            self._emit(exchange, RequestEnded(ended))

    def _record(self, exchange: Exchange) -> Record:
        return exchange.record(self._world.clock.monotonic())

    def _attempt_ended(
        self, exchange: Exchange, doorkeeper: Doorkeeper, admission: Admission, attempt: Attempt | None
    ) -> None:
        self._settlement.attempt_ended(exchange, doorkeeper, admission, attempt)
        if attempt:
            self._emit(exchange, AttemptEnded(exchange.id, attempt))

    def _attempt_skipped(self, exchange: Exchange, planned: PlannedAttempt, reason: str) -> None:
        provider = exchange.rules.catalogue.models[planned.target].provider
        self._emit(exchange, AttemptSkipped(exchange.id, planned, provider, reason))

    def _gate_judged(self, exchange: Exchange, gate: str, accepted: bool, seconds: float) -> None:
        started = self._world.clock.now() - seconds
        self._emit(exchange, GateJudged(exchange.id, gate, accepted, started, seconds))

    def _assistance(self, exchange: Exchange) -> Assistance:
        return Assistance(exchange, exchange.providers, self._world.clock, partial(self._assisted, exchange))

    def _assisted(self, exchange: Exchange, attempt: Attempt, estimated_input_tokens: int) -> None:
        self._world.store.record(attempt, estimated_input_tokens)
        self._emit(exchange, AttemptEnded(exchange.id, attempt))

    def _emit(self, exchange: Exchange, event: Event) -> None:
        emit(event, self._observers, exchange.rules.chain, exchange.watch, self._watchdog.quarantined)


def _shutting_down(cancelled: asyncio.CancelledError) -> bool:
    """Is it the server that ends this call? It says so in the cancellation, which is then over: the caller waits."""
    task = asyncio.current_task()
    if task is None or not cancelled.args or cancelled.args[0] != Reason.SHUTTING_DOWN:
        return False
    task.uncancel()
    return True


def _failed(exchange: Exchange, failure: PluginFailed) -> RequestError:
    """A policy failed whose entry says that this must stop the request."""
    log.error("decision %s: %s: %s", exchange.id, failure, failure.why)
    return RequestError(Reason.INTERNAL, str(failure), metadata={"decision_id": exchange.id})


def _fault(exchange: Exchange, what: str, error: Exception | None = None) -> RequestError:
    """Log a bug by its frames alone: exception texts may quote prompts or keys."""
    frames = traceback.format_tb(error.__traceback__) if error else []
    log.error("decision %s: fault of this server: %s\n%s", exchange.id, what, "".join(frames))
    return RequestError(
        Reason.INTERNAL, "a fault of this server; its log has the decision id", metadata={"decision_id": exchange.id}
    )
