"""What a decision costs: processor time of `decide` with all standard policies, with many rules, models and sessions.

Each prompt is decided once by each set of rules, so that no cache of patterns or words knows it already. The
classifier's own time is taken off, by the stopwatch that production uses; it has a benchmark of its own. The floor is a
fixed loop of plain Python in the same round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median
from time import thread_time_ns

from msgspec.structs import replace

from benchmarks import decide_world as world
from benchmarks.decide_rules import EVERYTHING, Writer
from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.engine.watch import Watchdog
from pointsman.model.decision import Decision
from pointsman.model.request import Request
from pointsman.model.snapshot import Pin, Snapshot
from pointsman.stores.clock import SystemClock
from pointsman.stores.memory import MemoryStore
from pointsman.testing.builders import NOW
from pointsman_policies.classifier.labelled import load_examples

RESULTS = Path(__file__).parent / "results" / "decide.json"
CALLS, SESSION_CALLS = 30, 200
MODELS, MANY_RULES = 30, 500
GROWTH = (1, 10, 30, 100)
SESSIONS = (10, 10_000)
STANDARD, ADAPTED, EMPTY = "ten policies", "with a system prompt for each tier", "no policy"
# PERFORMANCE budgets of the project, in microseconds; growth is a ratio.
BUDGETS = {STANDARD: 150.0, "rules": 200.0, "growth": 1.2}
DOG = Watchdog()


@dataclass(frozen=True, slots=True)
class Scenario:
    """Some rules, and fresh requests of each kind; `models` of them in the snapshot."""

    rules: Rules
    snapshots: Mapping[str, Snapshot]
    requests: Mapping[str, Iterator[Request]]

    @classmethod
    def of(cls, rules: Rules, prompts: Sequence[str], seed: int) -> Scenario:
        models = len(rules.targets)
        return cls(
            rules,
            {kind: world.snapshot_of(kind, models) for kind in world.KINDS},
            {kind: cycle(world.requests_of(kind, world.shuffled(prompts, seed))) for kind in world.KINDS},
        )

    def slice(self, kind: str) -> float:
        """Microseconds of a decision, the median of some."""
        snapshot, rules = self.snapshots[kind], self.rules
        return median(_once(request, snapshot, rules) for request in islice(self.requests[kind], CALLS))


def _once(request: Request, snapshot: Snapshot, rules: Rules) -> float:
    watch = DOG.stopwatch()
    began = thread_time_ns()
    outcome = decide(request, snapshot, rules, watch)
    taken = (thread_time_ns() - began) / 1000
    if not isinstance(outcome, Decision):
        raise SystemExit(f"refused instead of decided: {outcome.message}: {outcome.violations}; {len(rules.targets)}")
    return taken - watch.micros.get(world.CLASSIFIER, 0.0)


class Sessions:
    """A store with so many pinned sessions, and their next requests."""

    def __init__(self, count: int, rules: Rules) -> None:
        self._rules, self._store = rules, MemoryStore(SystemClock())
        names = [world.session_of(number) for number in range(count)]
        (asked,) = world.requests_of("session", ["And the other one?"])
        requests = [replace(asked, hints=replace(asked.hints, session_id=name)) for name in names]
        self._requests = cycle(requests)
        targets = cycle(rules.target_ids)
        for request in requests:
            asyncio.run(self._store.put_pin(str(request.session), Pin(next(targets), NOW), 3600.0))
        self._snapshot = world.snapshot_of("session", len(rules.targets))

    def slice(self) -> float:
        """Microseconds of reading a session's state and deciding, the median of some."""
        return median(self._once(request) for request in islice(self._requests, SESSION_CALLS))

    def _once(self, request: Request) -> float:
        watch = DOG.stopwatch()
        began = thread_time_ns()
        reading = self._store.read(request.session)
        try:
            reading.send(None)
        except StopIteration as read:
            pin = read.value.pin
        decide(request, replace(self._snapshot, pin=pin), self._rules, watch)
        return (thread_time_ns() - began) / 1000 - watch.micros.get(world.CLASSIFIER, 0.0)


def calibration() -> float:
    """Microseconds of a fixed piece of plain Python: what this interpreter on this machine makes of anything."""

    def once() -> float:
        began = thread_time_ns()
        made = {f"model-{number}": (number * 7919 % 101, number) for number in range(100)}
        sorted(made, key=lambda name: made[name])
        return (thread_time_ns() - began) / 1000

    return median(once() for _ in range(50))


Measured = dict[str, list[float]]


def measure(rounds: int) -> tuple[Measured, Measured]:
    """Microseconds by scenario, and of the ten policies by kind of request; interleaved slices, one a round."""
    prompts = [example.text for example in load_examples([]).examples]
    many = _scenarios(prompts)
    sessions = {count: Sessions(count, many[STANDARD].rules) for count in SESSIONS}
    measured: Measured = {}
    by_kind: Measured = {}
    for round_ in range(rounds + 1):
        # The first round warms up.
        if round_ == 1:
            measured, by_kind = {}, {}
        measured.setdefault("calibration", []).append(calibration())
        for name, scenario in many.items():
            kinds = {kind: scenario.slice(kind) for kind in world.KINDS}
            measured.setdefault(name, []).append(mean(kinds.values()))
            for kind, micros in kinds.items() if name == STANDARD else ():
                by_kind.setdefault(kind, []).append(micros)
        for count, some in sessions.items():
            measured.setdefault(_sessions(count), []).append(some.slice())
    return measured, by_kind


def _scenarios(prompts: Sequence[str]) -> dict[str, Scenario]:
    write = Writer(prompts)
    decided_by = {
        EMPTY: world.nobody(MODELS),
        STANDARD: world.decider(MODELS),
        ADAPTED: world.decider(MODELS, adapted=True),
        **{name: world.decider(MODELS, rules) for name, rules in _many_rules(write).items()},
        **{_models(count): world.decider(count) for count in GROWTH},
    }
    return {name: Scenario.of(rules, prompts, seed) for seed, (name, rules) in enumerate(decided_by.items())}


def _many_rules(write: Writer) -> dict[str, list[dict[str, object]]]:
    return {
        "500 patterns": write.texts(MANY_RULES),
        "500 patterns that give everything": write.texts(MANY_RULES, EVERYTHING),
        "500 of every kind": write.every_kind(MANY_RULES),
        "500 of every kind that give everything": write.every_kind(MANY_RULES, EVERYTHING),
    }


def _models(count: int) -> str:
    return f"{count} models"


def _sessions(count: int) -> str:
    return f"{count:,} sessions"
