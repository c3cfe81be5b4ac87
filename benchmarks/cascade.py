"""What cascades keep of a strong model's accuracy, and of its cost: recorded answers through the real engine and gates.

Needs recorded answers, which are not part of the project: `benchmarks/recordings.py` says in which format. A cascade is
chosen on half of a task's questions and measured on the other half, over many splits; everything that was asked is
charged. Beside it stand single models, chosen the same way, and an oracle.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cascade_search import Goal, Table, choose, choose_by_domain, sampled_steps, steps
from benchmarks.machine import machine, versions
from benchmarks.recordings import find, load
from benchmarks.replay import Cascade, Flags, Numbers, Outcome, Replay

RESULTS = Path(__file__).parent / "results" / "cascade.json"
RESAMPLED = 2_000
OTHER = Goal(1.0, 0.6)
"""Of tasks that the project has no target for: parity at this share of the cost."""

Choice = Mapping[str, Cascade]
"""Who answers, by domain."""


@dataclass(frozen=True, slots=True)
class Task:
    """A file of recorded answers, whom to come up to, how answers are compared, and what the project wants."""

    name: str
    strong: str
    extract: str
    goal: Goal = OTHER


TASKS = (
    Task("zeroeval_gsm", "gpt-4o-2024-08-06", "last_number", Goal(0.995, 0.14)),
    Task("zeroeval_crux", "gpt-4o-2024-08-06", "exact", Goal(0.99, 0.60)),
    Task("zeroeval_math-l5", "claude-3-5-sonnet-20241022", "exact", Goal(1.0, 0.60)),
    Task("mmlu_pro", "gemini-1.5-pro-002", "choice", Goal(0.995, 0.75)),
)


@dataclass(slots=True)
class Row:
    """One way to answer, on the measured half of each split."""

    outcomes: list[tuple[Flags, Outcome]] = field(default_factory=list)
    chosen: Counter[str] = field(default_factory=Counter)
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over the splits, with its 95 % interval."""

    value: float
    low: float
    high: float


class Measurement:
    """One task: every split, every way to answer."""

    def __init__(self, task: Task, table: Table, replay: Replay) -> None:
        self.task, self.table, self._replay = task, table, replay
        self.rows: dict[str, Row] = {}

    def split(self, seed: int) -> None:
        """Choose on one half, measure on the other."""
        order = np.random.default_rng(seed).permutation(self.table.n)
        fit = np.zeros(self.table.n, np.bool_)
        fit[order[: self.table.n // 2]] = True
        table, task = self.table, self.task
        pool = table.pool(fit)
        weak = max(pool, key=lambda model: table.score(model)[fit].mean())
        best = max(table.recording.models, key=lambda model: table.score(model)[fit].mean())
        cascade = cascade_of(task, table, pool, fit)
        self._replayed("strong model alone", self._everywhere(Cascade((), task.strong)), ~fit)
        self._replayed("best cheap model alone", self._everywhere(Cascade((), weak)), ~fit)
        self._replayed("best single model", self._everywhere(Cascade((), best)), ~fit)
        self._replayed("cascade", self._everywhere(cascade), ~fit)
        if sampled := list(sampled_steps(table.recording)):
            chosen = choose(table, sampled, (), fit, task.goal)
            self._replayed("consistency", self._everywhere(chosen), ~fit)
        if len(set(table.domains.tolist())) > 1:
            alone = [Cascade((), model) for model in (*pool, task.strong)]
            tagged = choose_by_domain(table, alone, fit, task.goal)
            self._replayed("single model by domain", tagged, ~fit)
            options = [*alone, *[Cascade((step,), task.strong) for step in steps(pool)]]
            self._replayed("cascade by domain", choose_by_domain(table, options, fit, task.goal), ~fit)
        self._row("random").outcomes.append((~fit, _mixed(table, weak, table.predict(cascade), fit)))
        self._row("oracle").outcomes.append((~fit, _oracle(table, (*pool, task.strong))))

    def _everywhere(self, cascade: Cascade) -> Choice:
        return dict.fromkeys(self.table.domains.tolist(), cascade)

    def _row(self, name: str) -> Row:
        return self.rows.setdefault(name, Row())

    def _replayed(self, name: str, choice: Choice, rows: Flags) -> None:
        """Let the engine perform it, and compare with what was added up."""
        n, row = self.table.n, self._row(name)
        total = Outcome(np.zeros(n), np.zeros(n), np.zeros(n, np.bool_))
        for cascade in dict.fromkeys(choice.values()):
            domains = [domain for domain, chosen in choice.items() if chosen == cascade]
            wanted = rows & np.isin(self.table.domains, domains)
            outcome, expected = self._replay.outcome(cascade, wanted), self.table.predict(cascade)
            for mine, theirs, its in zip(_columns(total), _columns(outcome), _columns(expected), strict=True):
                if (theirs[wanted] != its[wanted]).any():
                    raise SystemExit(f"{self.task.name}: the engine and the search disagree about {cascade}.")
                mine[wanted] = theirs[wanted]
            if cascade.last != self.task.strong:
                total.escalated[wanted] = False
            row.gated = row.gated or bool(cascade.steps)
        row.outcomes.append((rows, total))
        row.chosen[_told(choice)] += 1

    def figures(self) -> dict[str, dict[str, Figure]]:
        """Of each row; intervals by a paired bootstrap: questions are drawn again, the same in every row and split."""
        numbers = np.random.default_rng(0)
        n = self.table.n
        drawn = np.vstack([np.ones(n), numbers.multinomial(n, np.full(n, 1 / n), RESAMPLED)])
        strong = self.table.score(self.task.strong), self.table.cost(self.task.strong)
        return {name: _figures(row, drawn, *strong) for name, row in self.rows.items()}


def cascade_of(task: Task, table: Table, pool: Sequence[str], rows: Flags) -> Cascade:
    """The cascade to use, as far as `rows` show."""
    first = list(steps(pool))
    return choose(table, first, [step for step in first if len(step.models) == 2], rows, task.goal)


# Numbers and flags, to be gone through together.
def _columns(outcome: Outcome) -> tuple[Any, Any, Any]:
    return outcome.score, outcome.cost, outcome.escalated


def _told(choice: Choice) -> str:
    chosen = list(dict.fromkeys(choice.values()))
    if len(chosen) == 1:
        return str(chosen[0])
    return "; ".join(f"{'/'.join(d for d in choice if choice[d] == one)}: {one}" for one in chosen)


def _mixed(table: Table, weak: str, cascade: Outcome, fit: Flags) -> Outcome:
    """The weak or the strong model by lot, at the cost that the cascade has: what comes on average."""
    cheap, dear = table.cost(weak), table.cost(table.strong)
    share = (cascade.cost[fit].mean() - cheap[fit].mean()) / (dear[fit].mean() - cheap[fit].mean())
    share = min(1.0, max(0.0, float(share)))
    score = (1 - share) * table.score(weak) + share * table.score(table.strong)
    return Outcome(score, (1 - share) * cheap + share * dear, np.zeros(table.n, np.bool_))


def _oracle(table: Table, models: Sequence[str]) -> Outcome:
    """Each question by the cheapest that does best at it."""
    score, cost = (np.array([of(model) for model in models]) for of in (table.score, table.cost))
    at, rows = np.where(score == score.max(axis=0), cost, np.inf).argmin(axis=0), np.arange(table.n)
    return Outcome(score[at, rows], cost[at, rows], np.zeros(table.n, np.bool_))


def _figures(row: Row, drawn: Numbers, strong_score: Numbers, strong_cost: Numbers) -> dict[str, Figure]:
    """The first of `drawn` are the questions as they are."""
    sums: dict[str, list[Numbers]] = {}

    def add(name: str, over: Numbers, under: Numbers) -> None:
        sums.setdefault(name, []).append((drawn @ over) / np.maximum(drawn @ under, 1e-12))

    for rows, outcome in row.outcomes:
        add("accuracy", outcome.score * rows, rows.astype(np.float64))
        add("of strong accuracy", outcome.score * rows, strong_score * rows)
        add("of strong cost", outcome.cost * rows, strong_cost * rows)
        if row.gated:
            accepted = (rows & ~outcome.escalated).astype(np.float64)
            add("escalated", rows - accepted, rows.astype(np.float64))
            add("accuracy of accepted", outcome.score * accepted, accepted)
    return {name: _figure(np.mean(values, axis=0)) for name, values in sums.items()}


def _figure(values: Numbers) -> Figure:
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Figure(float(values[0]), float(low), float(high))


def measure(task: Task, table: Table, seeds: int) -> dict[str, Any]:
    """Every split of one task; what was found, printed and returned."""
    measurement = Measurement(task, table, Replay(table.recording, task.extract))
    for seed in range(seeds):
        measurement.split(seed)
    figures = measurement.figures()
    print(f"\n{task.name}: {table.n} questions, {len(table.recording.models)} models, to {task.strong};", end=" ")
    print(f"answers compared by `{task.extract}`; {seeds} splits, n = {table.n - table.n // 2} measured in each")
    print(f"  {'':<24}{'of its accuracy':<26}{'accuracy':<12}{'of its cost':<26}{'escalated':<12}right if not")
    for name, row in figures.items():
        print(f"  {name:<24}" + _line(row))
    verdicts = {name: _verdict(figures[name], task.goal) for name in figures if measurement.rows[name].gated}
    for name, verdict in verdicts.items():
        print(f"  target of >= {task.goal.quality:.1%} at <= {task.goal.cost:.0%}, {name}: {verdict}")
    hindsight = {
        f"within {task.goal.cost:.0%} of the cost": _hindsight(task, table),
        f"reaching {task.goal.quality:.1%}": _hindsight(replace(task, goal=replace(task.goal, cost=0.0)), table),
    }
    for name, (cascade, quality, share) in hindsight.items():
        none = "nothing is, so " if "within" in name and share > task.goal.cost else ""
        print(f"  best in hindsight {name}: {none}{quality:.1%} at {share:.1%}: {cascade}")
    for name in verdicts:
        (most, times), *_ = measurement.rows[name].chosen.most_common(1)
        print(f"  {name}, of {len(measurement.rows[name].chosen)} choices the most frequent ({times}): {most}")
    return {
        "strong": task.strong,
        "extract": task.extract,
        "questions": table.n,
        "target": {"quality": task.goal.quality, "cost": task.goal.cost},
        "rows": {name: {key: _kept(one) for key, one in row.items()} for name, row in figures.items()},
        "verdicts": verdicts,
        "hindsight": hindsight,
        "chosen": {name: dict(row.chosen) for name, row in measurement.rows.items()},
    }


def _hindsight(task: Task, table: Table) -> tuple[str, float, float]:
    """What the space holds, chosen and added up on all questions: no figure to expect, but a limit."""
    everything = np.ones(table.n, np.bool_)
    cascade = cascade_of(task, table, table.pool(everything), everything)
    known = table.predict(cascade)
    quality = known.score.sum() / table.score(task.strong).sum()
    return str(cascade), float(quality), float(known.cost.sum() / table.cost(task.strong).sum())


def _line(row: Mapping[str, Figure]) -> str:
    def ranged(one: Figure) -> str:
        return f"{one.value:7.1%} [{one.low:.1%}, {one.high:.1%}]"

    line = f"{ranged(row['of strong accuracy']):<26}{row['accuracy'].value:<12.3f}{ranged(row['of strong cost']):<26}"
    if "escalated" in row:
        line += f"{row['escalated'].value:<12.1%}{row['accuracy of accepted'].value:.3f}"
    return line.rstrip()


def _verdict(row: Mapping[str, Figure], goal: Goal) -> str:
    quality, cost = row["of strong accuracy"].value, row["of strong cost"].value
    missed = [f"accuracy {quality:.1%}"] * (quality < goal.quality) + [f"cost {cost:.1%}"] * (cost > goal.cost)
    return f"MISSED ({', '.join(missed)})" if missed else "met"


def _kept(figure: Figure) -> dict[str, float]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}


def tables_of(data: Path, tasks: Sequence[Task]) -> dict[Task, Table]:
    """What there is of the tasks; says what is missing, and stops where nothing is there."""
    if not data.is_dir():
        raise SystemExit(f"{data} is no directory; name the one that holds the recorded answers with --data.")
    tables: dict[Task, Table] = {}
    for task in tasks:
        path = find(data, task.name)
        if path is None:
            print(f"{task.name}: {data / task.name}.jsonl (or .WORD.jsonl, with or without .gz) is missing, left out")
            continue
        recording = load(path, find(data, task.name, "samples"))
        if task.strong not in recording.models:
            raise SystemExit(f"{path}: {task.strong} is not there, or not with an answer and a cost in every row.")
        tables[task] = Table(recording, task.strong, task.extract)
    if not tables:
        raise SystemExit("Recorded answers are not part of the project; benchmarks/recordings.py says what is needed.")
    return tables


def main(data: Path, tasks: Sequence[Task], seeds: int) -> int:
    """Measure, print, keep."""
    about = {"machine": machine(), "versions": versions(("pointsman", "numpy", "msgspec", "pydantic"))}
    print(about["machine"], about["versions"], sep="\n")
    tables = tables_of(data, tasks)
    results = {task.name: measure(task, table, seeds) for task, table in tables.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**about, "splits": seeds, "tasks": results}, indent=2, ensure_ascii=False) + "\n")
    print(f"\nwritten to {RESULTS}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of recorded answers")
    parser.add_argument(
        "--splits", type=int, default=20, help="into a half to choose on and one to measure (%(default)s)"
    )
    parser.add_argument(
        "--task", nargs=3, action="append", default=[], metavar=("NAME", "STRONG", "EXTRACT"), help="one of your own"
    )
    given = parser.parse_args()
    sys.exit(main(given.data, [Task(*own) for own in given.task] or TASKS, given.splits))
