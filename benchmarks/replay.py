"""Recorded answers through the real engine: its plans, its gates, its accounting; only the providers are recordings."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import Recorded, Recording
from pointsman import Gate, Plan, PlannedAttempt, PolicySetup, Stage, hookimpl
from pointsman.engine.exchange import Completion, Terms
from pointsman.engine.route import Engine, World
from pointsman.engine.watch import Watchdog
from pointsman.model.answer import Answer, Ending, FinishReason, Usage
from pointsman.model.catalogue import Task
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record
from pointsman.model.request import Hints, Mode, Text
from pointsman.ports import AnswerStream, Limits, ProviderCall
from pointsman.stores.memory import MemoryStore
from pointsman.testing import FakeLedger, make_catalogue, make_model, make_request, make_rules
from pointsman.testing.virtual_time import LoopClock, VirtualTimeLoop
from pointsman_gates import agreement, consistency

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SECONDS = 60.0
_INDEX = "index"


@dataclass(frozen=True, slots=True)
class Step:
    """A gated stage: several models once each, or one of them several times. `share` must say the same; 1 is all."""

    models: tuple[str, ...]
    share: float = 1.0
    samples: int = 1

    @property
    def gate(self) -> str:
        """The id of the gate that judges it."""
        return "agreement" if self.share == 1 else f"consistency-{self.share:.0%}"

    def __str__(self) -> str:
        who = " + ".join(self.models)
        asked = f"{self.samples} x {who}" if self.samples > 1 else who
        return asked if self.share == 1 else f"{self.share:.0%} of {asked}"


@dataclass(frozen=True, slots=True)
class Cascade:
    """Steps until the answers of one agree, and who is asked where none does; without steps that model alone."""

    steps: tuple[Step, ...]
    last: str

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*[model for step in self.steps for model in step.models], self.last]))

    def plan(self) -> Plan:
        """As the engine performs it."""
        stages: list[Stage] = []
        for step in self.steps:
            kinds = [self._kind(stages), *[AttemptKind.SAMPLE] * (len(step.models) - 1)]
            attempts = [PlannedAttempt(model, kind) for model, kind in zip(step.models, kinds, strict=True)]
            stages.append(Stage(tuple(attempts), step.samples, (step.gate,)))
        return Plan((*stages, Stage((PlannedAttempt(self.last, self._kind(stages)),))))

    def _kind(self, before: Sequence[Stage]) -> AttemptKind:
        return AttemptKind.ESCALATION if before else AttemptKind.PRIMARY

    def __str__(self) -> str:
        return " -> ".join([*map(str, self.steps), self.last])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of each question: its score, its whole cost in nano-USD, and whether every step was turned down."""

    score: Numbers
    cost: Numbers
    escalated: Flags


class Replay:
    """Answers questions of a recording by cascades; what it was asked before it remembers."""

    def __init__(self, recording: Recording, extract: str) -> None:
        self._recording, self._extract = recording, extract
        self._known: dict[Cascade, tuple[Outcome, Flags]] = {}

    def outcome(self, cascade: Cascade, wanted: Flags) -> Outcome:
        """Right where `wanted`; elsewhere whatever is there."""
        n = len(self._recording.questions)
        empty = Outcome(np.zeros(n), np.zeros(n), np.zeros(n, np.bool_))
        outcome, known = self._known.setdefault(cascade, (empty, np.zeros(n, np.bool_)))
        missing = np.flatnonzero(wanted & ~known)
        if len(missing):
            with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
                runner.run(self._run(cascade, missing.tolist(), outcome))
            known[missing] = True
        return outcome

    async def _run(self, cascade: Cascade, indices: Sequence[int], outcome: Outcome) -> None:
        clock, provider = LoopClock(), RecordedProvider(self._recording)
        world = World({"recorded": provider}, MemoryStore(clock), Forgetful(), clock)
        engine = Engine(_rules(cascade, self._extract), world, Watchdog())
        for index in indices:
            question = self._recording.questions[index]
            request = make_request(question.prompt or question.id, hints=Hints(labels={_INDEX: str(index)}))
            provider.begin(cascade)
            completion = await engine.complete(request, Terms(clock.monotonic() + _SECONDS), None)
            outcome.score[index] = self._served(cascade, index, completion).score
            outcome.cost[index] = completion.cost.total
            outcome.escalated[index] = any(attempt.target == cascade.last for attempt in completion.attempts)
        await engine.drain()

    def _served(self, cascade: Cascade, index: int, completion: Completion) -> Recorded:
        if completion.served is None:
            raise SystemExit(f"{self._recording.questions[index].id} was not answered by {cascade}: {completion.error}")
        attempt = completion.served.attempt
        count, position = map(int, attempt.upstream_request_id.split("/"))
        return self._recording.answers(attempt.target, index, count)[position]


class RecordedProvider:
    """Implements `ports.Provider`: says what the models said, at what it cost then. One question at a time."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._counts: dict[str, int] = {}
        self._asked: Counter[str] = Counter()

    def begin(self, cascade: Cascade) -> None:
        """The next question, answered by `cascade`."""
        self._counts = {model: step.samples for step in cascade.steps for model in step.models}
        self._asked.clear()

    async def complete(self, call: ProviderCall) -> Answer:
        model, index = call.model.id, int(call.request.hints.labels[_INDEX])
        count, position = self._counts.get(model, 1), self._asked[model]
        self._asked[model] += 1
        recorded = self._recording.answers(model, index, count)[position]
        usage = Usage(call.shaped.estimate.input_tokens, recorded.out_tok)
        ending = Ending(
            reason=FinishReason.STOP,
            usage=usage,
            cost_nano_usd=recorded.nano_usd,
            upstream_request_id=f"{count}/{position}",
        )
        return Answer((Text(recorded.ans or ""),), ending)

    def stream(self, call: ProviderCall) -> AbstractAsyncContextManager[AnswerStream]:
        raise NotImplementedError("recorded answers come whole; ask for one without a sink")

    def dropped(self, call: ProviderCall) -> tuple[str, ...]:
        return ()

    async def probe(self, limits: Limits) -> None: ...


class Planned:
    """A policy that plans what it is told."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Plan:
        return self._plan


class Forgetful(FakeLedger):
    """Keeps nothing: the completions say what is wanted."""

    async def append(self, record: Record) -> None: ...


# The engine's rules are of a type of its own, and so are the gates' options.
def _rules(cascade: Cascade, extract: str) -> Any:
    route = dict.fromkeys(Mode, cascade.targets)
    models = [make_model(target, provider="recorded") for target in cascade.targets]
    catalogue = make_catalogue(models, tasks=[Task(name="any", route=route)], tags={})
    gates = {step.gate: _gate(step, PolicySetup(step.gate, catalogue), extract) for step in cascade.steps}
    return make_rules(Planned(cascade.plan()), catalogue=catalogue, gates=gates)


def _gate(step: Step, setup: PolicySetup, extract: str) -> Gate:
    """The shipped gate, configured as a user would: where answers differ, none of them will do."""
    options: dict[str, object] = {"extract": extract}
    plugin = agreement.plugin if step.share == 1 else consistency.plugin
    options |= {"otherwise": "reject"} if step.share == 1 else {"share": step.share}
    assert plugin.config is not None
    return plugin.factory(plugin.config(**options), setup)
