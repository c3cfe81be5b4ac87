"""Run: perform the plan, stage by stage, until one attempt answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from pointsman.engine.admission import Admission, Doorkeeper
from pointsman.engine.attempt import LEAST, Attempts, Running
from pointsman.engine.decide import decide
from pointsman.engine.exchange import Exchange, Served, Sink, Terms
from pointsman.engine.failure import exhausted, interrupted, priced_out, refused
from pointsman.engine.stream import Relay
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.decision import Decision
from pointsman.model.plan import PlannedAttempt, Stage
from pointsman.ports import Clock, Provider

_FORBIDDEN = 403


class Run:
    """The performance of one exchange's plan. `ended` is told of every attempt as soon as it is over."""

    def __init__(
        self,
        exchange: Exchange,
        terms: Terms,
        providers: Mapping[str, Provider],
        doorkeeper: Doorkeeper,
        clock: Clock,
        ended: Callable[[Admission, Attempt | None], None],
    ) -> None:
        self._exchange, self._terms, self._providers = exchange, terms, providers
        self._doorkeeper, self._clock, self._ended = doorkeeper, clock, ended
        self._attempts = Attempts(exchange, terms, clock)
        self._failures: list[ProviderError] = []
        self._tried: set[str] = set()
        self._refusing: set[str] = set()
        self._spoilt = self._priced_out = False

    async def perform(self, sink: Sink | None) -> Served:
        """The answer of the first stage that gives one; RequestError when none does."""
        stages = self._stages()
        while stages:
            planned = stages.pop(0).attempts[0]
            self._check_time()
            if self._provider(planned) in self._refusing:
                continue
            if not self._affordable(planned):
                self._priced_out = True
                continue
            admission = await self._admit(planned)
            if admission.denial:
                stages = self._decide_again(admission)
                continue
            self._tried.add(planned.target)
            # The policies took their time, too.
            self._check_time(admission)
            served = await self._try(planned, admission, sink, alternative=bool(stages))
            if served:
                return served
        if self._priced_out and not self._exchange.output_started:
            raise priced_out()
        raise exhausted(self._failures, self._exchange)

    def _stages(self) -> list[Stage]:
        decision = self._exchange.decision
        assert isinstance(decision, Decision)
        return [stage for stage in decision.plan.stages if stage.attempts[0].target not in self._tried]

    def _provider(self, planned: PlannedAttempt) -> str:
        return self._exchange.rules.catalogue.models[planned.target].provider

    def _check_time(self, admission: Admission | None = None) -> None:
        left = self._terms.deadline - self._clock.monotonic()
        if left >= LEAST:
            return
        if admission:
            self._ended(admission, None)
        if self._failures:
            raise exhausted(self._failures, self._exchange)
        raise RequestError(
            Reason.DEADLINE_TOO_SHORT,
            f"{left * 1000:.0f} ms are left, an attempt needs at least {LEAST * 1000:.0f} ms",
            metadata={"needed_ms": f"{LEAST * 1000:.0f}"},
        )

    def _affordable(self, planned: PlannedAttempt) -> bool:
        """Does the caller's cost limit leave room for this, after what failed attempts already cost?"""
        limit = self._exchange.request.hints.max_cost_nano_usd
        if limit is None or not self._exchange.attempts:
            return True
        spent = sum(attempt.cost_nano_usd for attempt in self._exchange.attempts)
        return spent + self._exchange.shaped(planned.target).estimate.worst_case_nano_usd <= limit

    async def _admit(self, planned: PlannedAttempt) -> Admission:
        admission = Admission(planned)
        try:
            await self._doorkeeper.admit(admission)
        except BaseException:
            # Cancelled while the policies were asked: those that granted a lease must have it back.
            self._ended(admission, None)
            raise
        return admission

    def _decide_again(self, admission: Admission) -> list[Stage]:
        """Without the denied target. Bounded: every round takes one target away."""
        self._ended(admission, None)
        exchange = self._exchange
        assert admission.denial is not None
        denials = (*exchange.snapshot.denials, admission.denial)
        exchange.snapshot = msgspec.structs.replace(exchange.snapshot, denials=denials)
        decision = decide(exchange.request, exchange.snapshot, exchange.rules, exchange.watch)
        if not isinstance(decision, Decision):
            raise refused(decision)
        exchange.decision = decision
        assert exchange.routed is not None
        exchange.routed = msgspec.structs.replace(exchange.routed, decision=decision)
        return self._stages()

    async def _try(
        self, planned: PlannedAttempt, admission: Admission, sink: Sink | None, *, alternative: bool
    ) -> Served | None:
        """One attempt: its answer, or None where the next stage may have a go."""
        running = self._attempts.open(planned, alternative=alternative, streamed=sink is not None)
        provider = self._providers[self._provider(planned)]
        relay = Relay(sink, self._terms, self._exchange, self._clock.monotonic) if sink else None
        try:
            running.dropped = provider.dropped(running.call)
            if sink:
                await self._reset(running.number, planned, sink)
                await sink.started(running.number, planned, running.dropped)
            served = await self._attempts.perform(running, provider, relay)
        except ProviderError as error:
            attempt = self._close(running, admission, AttemptOutcome.FAILED, error)
            await self._fail(attempt, error, relay, sink)
            return None
        except (RequestError, asyncio.CancelledError):
            self._close(running, admission, AttemptOutcome.CANCELLED, None)
            raise
        # A bug of ours must not lose the row of a call that may have cost money.
        except Exception:
            fault = ProviderError(Reason.INTERNAL, "the attempt broke off through a fault of this server")
            self._close(running, admission, AttemptOutcome.FAILED, fault)
            raise
        self._exchange.attempts.append(served.attempt)
        self._ended(admission, served.attempt)
        return served

    def _close(
        self, running: Running, admission: Admission, outcome: AttemptOutcome, error: ProviderError | None
    ) -> Attempt:
        attempt = self._attempts.close(running, outcome, error)
        self._exchange.attempts.append(attempt)
        self._ended(admission, attempt)
        return attempt

    async def _fail(self, attempt: Attempt, error: ProviderError, relay: Relay | None, sink: Sink | None) -> None:
        """Go on to the next stage, or raise what the caller must be told."""
        self._failures.append(error)
        # Its other models share the key; a 403 may be about this model alone.
        if error.reason is Reason.PROVIDER_AUTH_FAILED and error.status != _FORBIDDEN:
            self._refusing.add(attempt.provider)
        if sink:
            await sink.failed(attempt, error)
        if relay and relay.committed:
            if not self._terms.restart or not error.retryable:
                raise interrupted(error, attempt)
            self._spoilt = True
        elif not error.retryable:
            raise exhausted(self._failures, self._exchange)

    async def _reset(self, number: int, planned: PlannedAttempt, sink: Sink) -> None:
        """Take back what an attempt that broke off has sent, only now that another one really starts."""
        if self._spoilt:
            self._spoilt = False
            await sink.reset(number, planned)
