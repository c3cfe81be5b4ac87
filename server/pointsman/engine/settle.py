"""Settle: tell the shared state and the ledger what happened, so that no cancellation of the caller loses it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from pointsman.engine.admission import Admission, Doorkeeper
from pointsman.engine.exchange import Exchange
from pointsman.engine.shaping import uncorrected_tokens
from pointsman.errors import Reason
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Decision
from pointsman.model.record import Record
from pointsman.model.snapshot import Pin
from pointsman.ports import Ledger, StateStore

log = logging.getLogger(__name__)


class Settlement:
    """Tracks every settlement under way, so that shutting down can wait for the last."""

    def __init__(self, store: StateStore, ledger: Ledger) -> None:
        self._store, self._ledger = store, ledger
        self._tasks: set[asyncio.Task[None]] = set()

    def attempt_ended(
        self, exchange: Exchange, doorkeeper: Doorkeeper, admission: Admission, attempt: Attempt | None
    ) -> None:
        """Learn from an attempt, charge it to its budgets and give its leases back, without holding up the answer."""
        if exchange.bill and admission.hold:
            exchange.bill.settle(admission.hold, attempt)
        if attempt is not None:
            shaped = exchange.shaped(attempt.target)
            self._store.record(attempt, uncorrected_tokens(exchange.request, shaped), admission.health_lease)
            self._pin(exchange, attempt)
        else:
            self._store.give_back(admission.planned.target, admission.health_lease)
        if exchange.rules.chain.settle:
            self._start(self._release(doorkeeper, admission, attempt))

    def reported(self, record: Record, attempt: Attempt) -> None:
        """The same for an attempt that the caller of a Route made itself, once for each."""
        decision, request = record.decision, record.request
        assert isinstance(decision, Decision)
        # A refused key is the caller's own, and says nothing of ours.
        if attempt.error_reason != Reason.PROVIDER_AUTH_FAILED:
            shaped = next((shaped for shaped in decision.shaped if shaped.target == attempt.target), None)
            self._store.record(attempt, uncorrected_tokens(request, shaped) if shaped else 0)
        if request.session and decision.plan.pin_ttl is not None and attempt.outcome is AttemptOutcome.SERVED:
            usable = {candidate.target for candidate in decision.ranking}
            pinned = record.snapshot.pin
            broken = pinned.target if pinned and pinned.target not in usable else ""
            pin = Pin(attempt.target, record.snapshot.now, max(1, request.facts.turns))
            self._start(self._store.put_pin(request.session, pin, decision.plan.pin_ttl, instead_of=broken))

    def _pin(self, exchange: Exchange, attempt: Attempt) -> None:
        """Pin the conversation to the model that served it, where the plan says so."""
        session, decision = exchange.request.session, exchange.decision
        assert isinstance(decision, Decision)
        if session is None or decision.plan.pin_ttl is None or attempt.outcome is not AttemptOutcome.SERVED:
            return
        pinned = exchange.snapshot.pin
        # A pinned model that merely failed this once stays pinned; one that could not even be tried has broken the pin.
        usable = {*exchange.rules.target_ids}.difference(candidate.target for candidate in decision.excluded)
        broken = pinned.target if pinned and pinned.target not in usable else ""
        pin = Pin(attempt.target, exchange.snapshot.now, max(1, exchange.request.facts.turns))
        self._start(self._store.put_pin(session, pin, decision.plan.pin_ttl, instead_of=broken))

    async def request_ended(self, record: Record) -> None:
        """Return once the record is safe. Cancelled, it is recorded all the same: the ledger promises that."""
        await self._ledger.append(record)

    def abandon(self, record: Record) -> None:
        """Record without waiting: the caller is gone, its cancellation must not be held up."""
        self._start(self._ledger.append(record))

    async def drain(self) -> None:
        """Wait for everything under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def settled(self) -> None:
        """Wait for what is under way now, and for nothing that comes meanwhile."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("settlement failed: %s", type(error).__name__)

    async def _release(self, doorkeeper: Doorkeeper, admission: Admission, attempt: Attempt | None) -> None:
        for failure in await doorkeeper.settle(admission, attempt):
            log.error("policy %s failed to settle: %s", failure.policy, failure.why)
