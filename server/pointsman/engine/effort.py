"""One attempt from admission to its row: whatever becomes of it, it is recorded and its leases are given back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from pointsman.engine.admission import Admission, Doorkeeper
from pointsman.engine.attempt import Attempts, Running
from pointsman.engine.exchange import Exchange, Served, Sink, Terms
from pointsman.engine.stream import Held, Relay
from pointsman.errors import ProviderError, Reason, RequestError
from pointsman.model.answer import Answer
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.gate import GatedAnswer
from pointsman.model.plan import PlannedAttempt
from pointsman.ports import Clock, Provider


@dataclass(slots=True, eq=False)
class Effort:
    """An attempt and its leases. `error`: why it failed; `lost`: it was given up for another; `row`: once it ended."""

    admission: Admission
    running: Running
    error: ProviderError | None = None
    lost: bool = False
    row: Attempt | None = None

    @property
    def planned(self) -> PlannedAttempt:
        return self.running.planned

    @property
    def committed(self) -> bool:
        """Has the caller seen any of it?"""
        return self.running.receiver is not None and self.running.receiver.committed


class Efforts:
    """Makes the efforts of one exchange.

    `ended` is told of every attempt as soon as it is over, `skipped` of one that was left out, and why.
    """

    def __init__(
        self,
        exchange: Exchange,
        terms: Terms,
        providers: Mapping[str, Provider],
        doorkeeper: Doorkeeper,
        clock: Clock,
        ended: Callable[[Admission, Attempt | None], None],
        skipped: Callable[[PlannedAttempt, str], None],
    ) -> None:
        self.exchange, self.terms, self.clock = exchange, terms, clock
        self._providers, self._doorkeeper, self._ended = providers, doorkeeper, ended
        self.skipped = skipped
        self._attempts = Attempts(exchange, terms, clock)

    async def admit(self, planned: PlannedAttempt) -> Admission:
        """Ask the policies; a denial is in the admission, which is then to be dropped."""
        admission = Admission(planned)
        try:
            await self._doorkeeper.admit(admission)
        except BaseException:
            # Cancelled while the policies were asked: those that granted a lease must have it back.
            self.drop(admission)
            raise
        return admission

    def drop(self, admission: Admission) -> None:
        """Give the leases of an attempt back that is not made."""
        self._ended(admission, None)

    def relay(self, sink: Sink) -> Relay:
        """What passes an attempt's deltas on to the caller."""
        return Relay(sink, self.terms, self.exchange, self.clock.monotonic)

    def open(self, admission: Admission, receiver: Held | None, *, alternative: bool) -> Effort:
        """Begin: its call, its number, its timers."""
        return Effort(admission, self._attempts.open(admission.planned, receiver, alternative=alternative))

    async def make(self, effort: Effort, sink: Sink | None) -> bool:
        """Run it. True: it answered, and whoever judges it closes it; False: it failed, as `effort.error` says."""
        running = effort.running
        provider = self._providers[running.call.model.provider]
        try:
            running.dropped = provider.dropped(running.call)
            if sink:
                await sink.started(running.number, running.planned, running.dropped)
            await self._attempts.perform(running, provider)
        except ProviderError as error:
            effort.error = error
            attempt = self.close(effort, AttemptOutcome.FAILED)
            if sink:
                await sink.failed(attempt, error)
            return False
        except asyncio.CancelledError:
            self.close(effort, AttemptOutcome.LOST if effort.lost else AttemptOutcome.CANCELLED)
            raise
        # A refusal of ours ends it early; a bug of ours must not lose the row of a call that may have cost money.
        except Exception as error:
            self.close_broken(effort, error)
            raise
        return True

    def close_broken(self, effort: Effort, error: Exception) -> None:
        """The row of an attempt that something of ours ended: the caller's silence, or a bug."""
        if isinstance(error, RequestError):
            self.close(effort, AttemptOutcome.CANCELLED)
            return
        effort.error = ProviderError(Reason.INTERNAL, "the attempt broke off through a fault of this server")
        self.close(effort, AttemptOutcome.FAILED)

    def close(self, effort: Effort, outcome: AttemptOutcome, gate: str = "") -> Attempt:
        """Its row, once: recorded, settled, told to observers."""
        attempt = effort.row = self._attempts.close(effort.running, outcome, effort.error, gate)
        self.exchange.attempts.append(attempt)
        self._ended(effort.admission, attempt)
        return attempt

    def serve(self, effort: Effort, gate: str = "") -> Served:
        """Close an attempt that answered as the one whose answer is given."""
        return self._attempts.served(effort.running, self.close(effort, AttemptOutcome.SERVED, gate))

    def serve_after_all(self, effort: Effort) -> Served:
        """Give the answer of an attempt that was closed as turned down: nothing better came."""
        attempts = self.exchange.attempts
        index = next(i for i, attempt in enumerate(attempts) if attempt.number == effort.running.number)
        attempts[index] = msgspec.structs.replace(attempts[index], outcome=AttemptOutcome.SERVED)
        return self._attempts.served(effort.running, attempts[index])

    def answer(self, effort: Effort) -> GatedAnswer:
        """What a gate is shown of it."""
        running = effort.running
        ending = running.ending
        assert ending is not None
        assert running.ended is not None
        whole = Answer(running.parts(), ending)
        return GatedAnswer(running.planned.target, whole, running.ended - running.began, running.ttft)
