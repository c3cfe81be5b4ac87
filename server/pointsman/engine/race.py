"""Race: several attempts of one stage at once, until the first has content, or until all have answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio

from pointsman.engine.admission import Admission
from pointsman.engine.effort import Effort, Efforts
from pointsman.engine.exchange import Routed, Sink
from pointsman.engine.stream import Held
from pointsman.errors import ProviderError
from pointsman.model.answer import Delta
from pointsman.model.attempt import Attempt, AttemptOutcome
from pointsman.model.plan import AttemptKind, PlannedAttempt, Stage


@dataclass(slots=True, eq=False)
class Lane:
    """One attempt of the race, from its turn to its end."""

    planned: PlannedAttempt
    admission: Admission | None = None
    effort: Effort | None = None
    answered: bool = False
    # Shielded, so that it is cancelled by us alone: where the group is cancelled as well, anyio (4.16) takes back from
    # the group's task the cancellation that a lane's task was given, and a caller who left would seem never to have.
    scope: anyio.CancelScope = field(default_factory=partial(anyio.CancelScope, shield=True))

    def give_up(self) -> None:
        """Another was faster: close its connection, or never open it."""
        if self.effort:
            self.effort.lost = True
        self.scope.cancel()


class Race:
    """One stage's attempts. Without gates the first content wins and the others are cancelled at once.

    `admission` is that of the first attempt, asked already. `afford` is asked before an attempt starts late, because it
    is one that the caller's request alone would not have made; False leaves it out.
    """

    def __init__(
        self, efforts: Efforts, stage: Stage, admission: Admission, sink: Sink | None, afford: Callable[[], bool]
    ) -> None:
        self.lanes = _lanes(stage, admission)
        self._efforts, self._stage, self._afford = efforts, stage, afford
        self._sink = InTurn(sink) if sink else None
        self._winner: Lane | None = None
        self._under_way = 0
        self._idle = anyio.Event()
        self._entered, self._over = len(self.lanes), anyio.Event()
        self._fault: Exception | None = None

    async def run(self) -> Sequence[Effort]:
        """The efforts that answered, in the order of the plan, still open: the winner, or all there is to judge."""
        async with anyio.create_task_group() as group:
            for lane in self.lanes:
                group.start_soon(self._enter, lane)
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                self._cancel_all()
                raise
        if self._fault:
            raise self._fault
        return [lane.effort for lane in self.lanes if lane.answered and lane.effort]

    def abandon(self, outcome: Callable[[Effort], object]) -> None:
        """Whatever answered and was not closed: the race was broken off."""
        for lane in self.lanes:
            if lane.answered and lane.effort:
                outcome(lane.effort)

    async def _enter(self, lane: Lane) -> None:
        try:
            with lane.scope:
                if await self._turn(lane):
                    await self._attempt(lane)
        # Raised through the group it would come out wrapped; it ends the others just the same.
        except Exception as error:  # noqa: BLE001
            self._fault = self._fault or error
            self._cancel_all()
        finally:
            self._entered -= 1
            if not self._entered:
                self._over.set()

    def _cancel_all(self) -> None:
        for lane in self.lanes:
            lane.scope.cancel()

    async def _turn(self, lane: Lane) -> bool:
        """Wait for its start; whether it may start then."""
        if lane.admission:
            return True
        if lane.planned.start_after:
            # Nobody is left to wait for once all that started have failed.
            with anyio.move_on_after(lane.planned.start_after):
                await self._idle.wait()
            if self._hopeless():
                return False
            if not self._afford():
                self._efforts.skipped(lane.planned, "retries and hedges are too many already")
                return False
        admission = await self._efforts.admit(lane.planned)
        if admission.denial:
            self._efforts.drop(admission)
            self._efforts.skipped(lane.planned, admission.denial.reason)
            return False
        lane.admission = admission
        return True

    def _hopeless(self) -> bool:
        """Has somebody been told what every other would be told, too?"""
        errors = [lane.effort.error for lane in self.lanes if lane.effort]
        return any(error is not None and not (error.retryable or error.elsewhere) for error in errors)

    async def _attempt(self, lane: Lane) -> None:
        assert lane.admission is not None
        lane.effort = self._efforts.open(lane.admission, self._receiver(), alternative=True)
        if not self._stage.gates:
            lane.effort.running.on_content = lambda: self._claim(lane)
        self._under_way += 1
        try:
            lane.answered = await self._efforts.make(lane.effort, self._sink)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()
        if lane.answered and not self._stage.gates and not self._wins(lane):
            # An answer without any content, just as another one had some.
            lane.answered = False
            self._efforts.close(lane.effort, AttemptOutcome.LOST)

    def _receiver(self) -> Held | None:
        """A race is decided by the first content, so that even a whole answer is streamed to us."""
        if self._stage.gates:
            return Held() if self._sink else None
        return self._efforts.relay(self._sink) if self._sink else Held()

    async def _claim(self, lane: Lane) -> None:
        """The first content wins; whoever comes later goes no further than this."""
        if not self._wins(lane):
            await anyio.sleep_forever()
        if self._sink and lane.planned.kind is AttemptKind.HEDGE and lane.effort:
            await self._sink.won(lane.effort.running.number, lane.planned)

    def _wins(self, lane: Lane) -> bool:
        if self._winner is None:
            self._winner = lane
            for other in self.lanes:
                if other is not lane:
                    other.give_up()
        return self._winner is lane


def _lanes(stage: Stage, admission: Admission) -> tuple[Lane, ...]:
    lanes = [Lane(planned) for planned in stage.attempts]
    lanes[0].admission = admission
    for planned in stage.attempts:
        again = PlannedAttempt(planned.target, AttemptKind.SAMPLE, planned.start_after)
        lanes += [Lane(again) for _ in range(stage.samples - 1)]
    return tuple(lanes)


class InTurn:
    """A Sink for several writers: one event at a time, and none is broken off halfway when its writer is given up."""

    def __init__(self, sink: Sink) -> None:
        # Not anyio's, which lets everything else go first each time that it is taken: every token of a race comes by.
        self._sink, self._lock = sink, asyncio.Lock()

    async def decided(self, routed: Routed) -> None:
        async with self._lock:
            await self._sink.decided(routed)

    async def warned(self, message: str) -> None:
        async with self._lock:
            await self._sink.warned(message)

    async def deltas(self, deltas: Sequence[Delta]) -> None:
        # Only the winner writes these, and the winner is not given up.
        async with self._lock:
            await self._sink.deltas(deltas)

    async def started(self, number: int, planned: PlannedAttempt, dropped: Sequence[str]) -> None:
        with anyio.CancelScope(shield=True):
            async with self._lock:
                await self._sink.started(number, planned, dropped)

    async def failed(self, attempt: Attempt, error: ProviderError) -> None:
        with anyio.CancelScope(shield=True):
            async with self._lock:
                await self._sink.failed(attempt, error)

    async def gated(self, attempt: Attempt) -> None:
        async with self._lock:
            await self._sink.gated(attempt)

    async def won(self, number: int, planned: PlannedAttempt) -> None:
        async with self._lock:
            await self._sink.won(number, planned)

    async def reset(self, number: int, planned: PlannedAttempt) -> None:
        async with self._lock:
            await self._sink.reset(number, planned)
