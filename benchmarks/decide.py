"""What a decision costs: processor time of `decide` with all standard policies, with many rules, models and sessions.

Each set of rules meets each prompt once, so that no cache of patterns or words knows it already. The classifier's own
time is taken off, by the stopwatch that production uses; it has a benchmark of its own. The floor is a fixed loop of
plain Python in the same round.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from statistics import mean, median
from time import thread_time_ns

import msgspec
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from benchmarks import decide_world as world
from benchmarks.decide_rules import EVERYTHING, Given, Writer
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
CORE = 1
CALLS, SESSION_CALLS = 30, 200
MODELS, MANY_RULES = 30, 500
GROWTH, SESSIONS = (1, 10, 30, 100), (10, 10_000)
FLOOR = "calibration loop"
NOBODY, STANDARD, ADAPTED = "no policy", "ten policies", "ten policies, a system prompt for each tier"
UNCLASSIFIED = "ten policies but the classifier"
# PERFORMANCE budgets of the project: microseconds of the ten policies, what rules add, and how much growth is flat.
MOST, MOST_ADDED, FLAT = 150.0, 200.0, 1.2
DOG = Watchdog()

# Microseconds, one figure a round.
Measured = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Some rules, and for each kind of request its snapshot and fresh ones of them."""

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
        raise SystemExit(f"refused instead of decided: {outcome.message}: {outcome.violations}")
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


def measure(rounds: int) -> tuple[Measured, dict[str, Measured]]:
    """Microseconds by scenario, and by scenario and kind of request; interleaved slices, one a round."""
    prompts = [example.text for example in load_examples([]).examples]
    scenarios = _scenarios(prompts)
    sessions = {count: Sessions(count, scenarios[STANDARD].rules) for count in SESSIONS}
    measured: Measured = {}
    by_kind: dict[str, Measured] = {name: {} for name in scenarios}
    for number in range(rounds + 1):
        # The first round warms up.
        if number == 1:
            measured, by_kind = {}, {name: {} for name in scenarios}
        measured.setdefault(FLOOR, []).append(calibration())
        for name, scenario in scenarios.items():
            slices = {kind: scenario.slice(kind) for kind in world.KINDS}
            measured.setdefault(name, []).append(mean(slices.values()))
            for kind, micros in slices.items():
                by_kind[name].setdefault(kind, []).append(micros)
        for count, some in sessions.items():
            measured.setdefault(_sessions(count), []).append(some.slice())
    return measured, by_kind


def _scenarios(prompts: Sequence[str]) -> dict[str, Scenario]:
    decided_by = {
        NOBODY: world.nobody(MODELS),
        STANDARD: world.decider(MODELS),
        UNCLASSIFIED: world.decider(MODELS, classified=False),
        ADAPTED: world.decider(MODELS, adapted=True),
        **{name: world.decider(MODELS, rules) for name, rules in _many_rules(Writer(prompts)).items()},
        **{_models(count): world.decider(count) for count in GROWTH},
    }
    return {name: Scenario.of(rules, prompts, seed) for seed, (name, rules) in enumerate(decided_by.items())}


def _many_rules(write: Writer) -> dict[str, list[Given]]:
    return {
        f"{MANY_RULES} more rules, patterns": write.texts(MANY_RULES),
        f"{MANY_RULES} more rules, patterns that give everything": write.texts(MANY_RULES, EVERYTHING),
        f"{MANY_RULES} more rules, of every kind": write.every_kind(MANY_RULES),
        f"{MANY_RULES} more rules, of every kind that give everything": write.every_kind(MANY_RULES, EVERYTHING),
    }


def _models(count: int) -> str:
    return f"ten policies, {count} models"


def _sessions(count: int) -> str:
    return f"ten policies, reading one of {count:,} sessions"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure of every round, and the budget for their median."""

    name: str
    unit: str
    values: Sequence[float]
    budget: float | None = None

    @property
    def row(self) -> tuple[str, ...]:
        numbers = (f"{value:,.2f}" if self.unit == "x" else f"{value:,.0f}" for value in self._summary)
        kept = "" if self.budget is None else "kept" if median(self.values) <= self.budget else "MISSED"
        return (self.name, self.unit, *numbers, "" if self.budget is None else f"{self.budget:g}", kept)

    @property
    def _summary(self) -> tuple[float, float, float]:
        return median(self.values), min(self.values), max(self.values)

    # Figures of several types.
    def figures(self) -> dict[str, object]:
        middle, least, most = self._summary
        shown = {"unit": self.unit, "median": middle, "least": least, "most": most, "budget": self.budget}
        return {**shown, "n": len(self.values)}


def verdicts(measured: Measured) -> Iterator[Verdict]:
    """Differences and ratios are taken within a round."""

    def over(name: str, base: str) -> list[float]:
        return [micros / floor for micros, floor in zip(measured[name], measured[base], strict=True)]

    yield Verdict(STANDARD, "us", measured[STANDARD], MOST)
    yield Verdict(f"{STANDARD} over the calibration loop", "x", over(STANDARD, FLOOR))
    for name in measured:
        if "more rules" in name:
            added = [some - base for some, base in zip(measured[name], measured[STANDARD], strict=True)]
            yield Verdict(f"added by {name}", "us", added, MOST_ADDED)
    for count in GROWTH[1:]:
        yield Verdict(f"{count} models over {GROWTH[0]}", "x", over(_models(count), _models(GROWTH[0])))
    few, many = SESSIONS
    yield Verdict(f"{many:,} sessions over {few}", "x", over(_sessions(many), _sessions(few)), FLAT)


def report(measured: Measured, by_kind: Mapping[str, Measured]) -> None:
    """Print what was measured and write it."""
    title = f"{_machine()}\n{_versions()}"
    table = Table("microseconds of processor time", "median", "least", "most", title=title, title_justify="left")
    for name, values in measured.items():
        table.add_row(name, *(f"{value:,.1f}" for value in (median(values), min(values), max(values))))
    kinds = Table("median by kind of request", *world.KINDS)
    for name, some in by_kind.items():
        kinds.add_row(name, *(f"{median(some[kind]):,.0f}" for kind in world.KINDS))
    judged = list(verdicts(measured))
    outcome = Table("verdict", "", "median", "least", "most", "budget", "", title=f"n = {len(measured[FLOOR])} rounds")
    for verdict in judged:
        outcome.add_row(*verdict.row)
    console = Console(width=130)
    for shown in (table, kinds, outcome):
        console.print(shown)
    RESULTS.parent.mkdir(exist_ok=True)
    result = {
        "machine": _machine(),
        "versions": _versions(),
        "micros": {name: median(values) for name, values in measured.items()},
        "by_kind": {name: {kind: median(values) for kind, values in some.items()} for name, some in by_kind.items()},
        **{verdict.name: verdict.figures() for verdict in judged},
    }
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    console.print(f"written to {RESULTS.relative_to(Path(__file__).parents[1])}")


def _machine() -> str:
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _versions() -> str:
    return ", ".join(f"{name} {version(name)}" for name in ("msgspec", "google-re2", "numpy"))


def main(rounds: int) -> int:
    """Measure on one core, report."""
    os.sched_setaffinity(0, {min(CORE, (os.cpu_count() or 1) - 1)})
    report(*measure(rounds))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of interleaved slices (%(default)s)")
    sys.exit(main(parser.parse_args().rounds))
