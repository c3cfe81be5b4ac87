"""Fakes of the ports: a clock, a provider and a ledger that do what a test tells them. For state: `MemoryStore`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from pointsman.engine.budgets import value_of
from pointsman.engine.stream import assemble
from pointsman.model.answer import (
    Answer,
    Delta,
    Ending,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from pointsman.model.attempt import Attempt
from pointsman.model.budget import Dimension, Sum, Window
from pointsman.model.decision import Assessed
from pointsman.model.gate import Accepted as GateAccepted
from pointsman.model.gate import GatedAnswer
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Request
from pointsman.ports import Limits, ProviderCall
from pointsman.services import Services


class FakeClock:
    """Implements `ports.Clock`; time passes when a test says so.

    clock = FakeClock()
    clock.advance(60)
    """

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now, self._monotonic = now, 1000.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds


class Hold:
    """A place where a fake stops until the test lets it go on; never released, it hangs there.

    hold = Hold()
    provider = FakeProvider(answering("Hel", hold, "lo"))
    ...
    await hold.reached()    # the provider has sent "Hel" and nothing else
    hold.release()
    """

    def __init__(self) -> None:
        self._reached, self._released = asyncio.Event(), asyncio.Event()

    async def reached(self) -> None:
        """Return once somebody has stopped here."""
        await self._reached.wait()

    def release(self) -> None:
        """Let everybody go on, now and later."""
        self._released.set()

    async def pass_through(self) -> None:
        """What a fake does here: stop until released."""
        self._reached.set()
        await self._released.wait()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Marks in a script where the provider accepts the call."""


ACCEPTED = Accepted()

Step = Delta | Hold | Accepted | Ending | BaseException


@dataclass(frozen=True, slots=True)
class Script:
    """What one provider call does, step by step: deltas are answered, holds waited at, exceptions raised.

    Holds and exceptions before the first other step come before the provider accepts the call. An `Ending` among the
    steps is what is known of the answer from then on; `ending` is what is known once it is complete.
    """

    steps: tuple[Step, ...]
    ending: Ending


def answering(*steps: Step | str, ending: Ending | None = None) -> Script:
    """A script; a text is a `TextDelta` of part 0. Unless `ending` says otherwise it stops after 20 + 10 tokens.

    answering("Hel", "lo")
    answering("Hel", ProviderError(Reason.ALL_PROVIDERS_DOWN, "connection reset"))
    """
    ended = ending or Ending(reason=FinishReason.STOP, usage=Usage(20, 10), upstream_request_id="upstream-1")
    return Script(tuple(TextDelta(0, step) if isinstance(step, str) else step for step in steps), ended)


class FakeProvider:
    """Implements `ports.Provider`: each call performs the next script, and the last one again and again.

    `calls` are the calls made, `open_streams` how many streams are entered and not left. `drops` is what `dropped`
    names. `probes` counts the probes; `unreachable` is raised by them while it is set.

        provider = FakeProvider(answering(ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 500")), answering("Hello"))
    """

    def __init__(self, *scripts: Script, drops: Sequence[str] = ()) -> None:
        self.calls: list[ProviderCall] = []
        self.open_streams = self.probes = 0
        self.unreachable: BaseException | None = None
        self._scripts = scripts or (answering("Hello"),)
        self._drops = tuple(drops)

    async def complete(self, call: ProviderCall) -> Answer:
        script = self._next(call)
        deltas: list[Delta] = []
        for step in script.steps:
            if isinstance(step, (TextDelta, ReasoningDelta, ToolCallDelta)):
                deltas.append(step)
            else:
                await _do(step)
        return Answer(assemble(deltas, reasoning=True), script.ending)

    @asynccontextmanager
    async def stream(self, call: ProviderCall) -> AsyncIterator[FakeStream]:
        script = self._next(call)
        steps = list(script.steps)
        while steps and isinstance(steps[0], (Hold, BaseException)):
            await _do(steps.pop(0))
        self.open_streams += 1
        try:
            yield FakeStream(steps, script.ending)
        finally:
            self.open_streams -= 1

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        return self._drops

    async def probe(self, limits: Limits) -> None:
        self.probes += 1
        if self.unreachable:
            raise self.unreachable

    def _next(self, call: ProviderCall) -> Script:
        self.calls.append(call)
        return self._scripts[min(len(self.calls), len(self._scripts)) - 1]


def fake_provider(*answers: str | BaseException | Script, drops: Sequence[str] = ()) -> FakeProvider:
    """A provider that answers these in turn, the last one again and again; a text is the whole answer.

    fake_provider(ProviderError(Reason.ALL_PROVIDERS_DOWN, "HTTP 500"), "Hello")
    """
    return FakeProvider(*(a if isinstance(a, Script) else answering(a) for a in answers), drops=drops)


class FakeStream:
    """Implements `ports.AnswerStream` over the steps that are left of a script."""

    def __init__(self, steps: Sequence[Step], ending: Ending) -> None:
        self._steps, self._last = list(steps), ending
        self._ending = replace(ending, reason=FinishReason.OTHER, usage=None, cost_nano_usd=None)

    async def read(self) -> Sequence[Delta]:
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, (TextDelta, ReasoningDelta, ToolCallDelta)):
                return (step,)
            if isinstance(step, Ending):
                self._ending = step
            await _do(step)
        self._ending = self._last
        return ()

    @property
    def ending(self) -> Ending:
        return self._ending


async def _do(step: Step) -> None:
    if isinstance(step, BaseException):
        raise step
    if isinstance(step, Hold):
        await step.pass_through()


class PassingGate:
    """A gate that lets everything pass."""

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> GateAccepted:
        return GateAccepted()


class FakeLedger:
    """Implements `ports.Ledger` in memory: `records` in order of arrival, `configs` by version.

    `error` is raised by every append while it is set; at `hold` whoever waits for a commit waits.
    """

    def __init__(self, *, error: BaseException | None = None, hold: Hold | None = None) -> None:
        self.records: list[Record] = []
        self.configs: dict[str, str] = {}
        self.error, self.hold = error, hold

    async def append(self, record: Record) -> None:
        if self.error is None:
            self.records.append(record)
        if self.hold:
            await self.hold.pass_through()
        if self.error:
            raise self.error

    async def add_config(self, version: str, document: str) -> None:
        self.configs.setdefault(version, document)

    async def find(self, decision_id: str) -> Recorded | None:
        found = (record for record in self.records if record.decision_id == decision_id)
        return next((Recorded(record, "", text_kept=True) for record in found), None)

    async def find_config(self, version: str) -> str | None:
        return self.configs.get(version)

    async def sums(self, dimensions: Sequence[Dimension], window: Window) -> Sequence[Sum]:
        sums: dict[tuple[str, ...], Sum] = {}
        for record in self.records:
            if record.received in window:
                for values, some in _by_values(record, dimensions).items():
                    cost = sum([attempt.cost_nano_usd for attempt in some])
                    tokens = sum([attempt.usage.input_tokens + attempt.usage.output_tokens for attempt in some])
                    old = sums.get(values, Sum(values, 0, 0, 0))
                    sums[values] = Sum(values, old.nano_usd + cost, old.requests + 1, old.tokens + tokens)
        return list(sums.values())

    async def aclose(self) -> None: ...


def _by_values(record: Record, dimensions: Sequence[Dimension]) -> dict[tuple[str, ...], list[Attempt]]:
    """The attempts of a record, grouped."""
    task = record.decision.assessed.task if record.decision else ""
    grouped: dict[tuple[str, ...], list[Attempt]] = {}
    for attempt in record.attempts:
        late = {Dimension.TASK: task, Dimension.MODEL: attempt.target}
        values = tuple([late[d] if d in late else value_of(record.request, d) for d in dimensions])
        if all(values):
            grouped.setdefault(values, []).append(attempt)
    return grouped
