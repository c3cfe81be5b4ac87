"""Which cascade to use, chosen on some of the questions: every one of a small space, added up without the engine.

What is chosen is then performed by the engine, and must come to the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import Recorded, Recording
from benchmarks.replay import Cascade, Flags, Numbers, Outcome, Step
from pointsman.model.answer import Answer, Ending, FinishReason
from pointsman.model.gate import GatedAnswer
from pointsman.model.request import Text
from pointsman_gates.extraction import ExtractOptions

POOL, DEAREST = 10, 0.5
"""Cheap models that are considered: so many, the most accurate of those that cost at most this share of the strong."""

MAJORITY = 0.6
_COUNTS, _SHARES = (2, 3, 5, 8), (0.6, 0.8, 1.0)
_PRICES = np.geomspace(1e-13, 1e-6, 300)


@dataclass(frozen=True, slots=True)
class Judged:
    """A step on every question: do its answers agree, what is the one worth that is given then, what did all cost?"""

    step: Step
    agreed: Flags
    score: Numbers
    cost: Numbers


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of a task: shares of the strong model's accuracy and of its cost."""

    quality: float
    cost: float


class Table:
    """What models said to every question, reduced as gates do."""

    def __init__(self, recording: Recording, strong: str, extract: str) -> None:
        self.recording, self.strong = recording, strong
        self.n = len(recording.questions)
        self._extract = ExtractOptions.model_validate({"extract": extract}).extractor()
        self._ids: dict[str, int] = {}
        self._judged: dict[Step, Judged] = {}
        self._alone = {model: self._columns(model, 1) for model in recording.models}
        self.domains = np.array([question.domain for question in recording.questions])

    def score(self, model: str) -> Numbers:
        return self._alone[model][1][:, 0]

    def cost(self, model: str) -> Numbers:
        """In nano-USD."""
        return self._alone[model][2][:, 0]

    def pool(self, rows: Flags) -> Sequence[str]:
        """The cheap models that are considered, cheapest first, as far as `rows` show."""
        limit = DEAREST * self.cost(self.strong)[rows].mean()
        cheap = [m for m in self._alone if m != self.strong and self.cost(m)[rows].mean() <= limit]
        best = sorted(cheap, key=lambda model: -self.score(model)[rows].mean())[:POOL]
        return sorted(best, key=lambda model: self.cost(model)[rows].mean())

    def judge(self, step: Step) -> Judged:
        """By the rule of the gates `agreement` and `consistency`: the first answer of the largest group."""
        if step not in self._judged:
            self._judged[step] = self._judge(step)
        return self._judged[step]

    def _judge(self, step: Step) -> Judged:
        columns = [self._alone[m] if step.samples == 1 else self._columns(m, step.samples) for m in step.models]
        said = np.hstack([one[0] for one in columns])
        same = ((said[:, :, None] == said[:, None, :]) & (said >= 0)[:, :, None]).sum(axis=2)
        winner, rows = same.argmax(axis=1), np.arange(self.n)
        agreed = (same[rows, winner] >= step.share * said.shape[1]) & (said[rows, winner] >= 0)
        score = np.hstack([one[1] for one in columns])[rows, winner]
        return Judged(step, agreed, score, np.hstack([one[2] for one in columns]).sum(axis=1))

    def predict(self, cascade: Cascade) -> Outcome:
        """What the engine must come to."""
        open_still = np.ones(self.n, np.bool_)
        score, cost = np.zeros(self.n), np.zeros(self.n)
        for judged in map(self.judge, cascade.steps):
            cost += np.where(open_still, judged.cost, 0)
            score = np.where(open_still & judged.agreed, judged.score, score)
            open_still = open_still & ~judged.agreed
        score = np.where(open_still, self.score(cascade.last), score)
        return Outcome(score, cost + np.where(open_still, self.cost(cascade.last), 0), open_still)

    def _columns(self, model: str, count: int) -> tuple[NDArray[np.int64], Numbers, Numbers]:
        """What was said, its score and its cost, a row for each question and a column for each answer."""
        answers = [self.recording.answers(model, index, count) for index in range(self.n)]
        said = np.array([[self._said(one) for one in row] for row in answers])
        score = np.array([[one.score for one in row] for row in answers], np.float64)
        return said, score, np.array([[one.nano_usd for one in row] for row in answers], np.float64)

    def _said(self, recorded: Recorded) -> int:
        """Equal numbers for equal answers, -1 for nothing."""
        ending = Ending(reason=FinishReason.STOP)
        text = self._extract(GatedAnswer("", Answer((Text(recorded.ans or ""),), ending), 0.0))
        return -1 if text is None else self._ids.setdefault(text, len(self._ids))


def steps(pool: Sequence[str]) -> Iterator[Step]:
    """Two models that agree, three of which all or most do."""
    for pair in itertools.combinations(pool, 2):
        yield Step(pair)
    for three in itertools.combinations(pool, 3):
        yield Step(three)
        yield Step(three, MAJORITY)


def sampled_steps(recording: Recording) -> Iterator[Step]:
    """One model several times, of which all or most agree."""
    for model in recording.samples:
        for count, share in itertools.product(_COUNTS, _SHARES):
            if count <= recording.most_samples(model):
                yield Step((model,), share, count)


def choose(table: Table, first: Sequence[Step], second: Sequence[Step], rows: Flags, goal: Goal) -> Cascade:
    """The most accurate within the goal's cost on `rows`: a step, the strong model behind it, perhaps one between.

    Where none is cheap enough, the cheapest that is accurate enough, or else the most accurate.
    """
    strong_score, strong_cost = table.score(table.strong)[rows], table.cost(table.strong)[rows]
    judged = [(one.agreed[rows], one.score[rows], one.cost[rows]) for one in map(table.judge, first)]
    # What comes behind the first step, if it comes to that: the strong model, or another step and then the strong one.
    behind = [(strong_score, strong_cost)]
    for one in map(table.judge, second):
        agreed, score, cost = one.agreed[rows], one.score[rows], one.cost[rows]
        behind.append((np.where(agreed, score, strong_score), cost + np.where(agreed, 0, strong_cost)))
    open_still = np.array([~agreed for agreed, _, _ in judged], np.float64)
    settled = np.array([(agreed * score).sum() for agreed, score, _ in judged])[:, None]
    paid = np.array([cost.sum() for _, _, cost in judged])[:, None]
    quality = (settled + open_still @ np.array([score for score, _ in behind]).T) / strong_score.sum()
    share = (paid + open_still @ np.array([cost for _, cost in behind]).T) / strong_cost.sum()
    for at, step in enumerate(first):
        for to, other in enumerate(second, 1):
            if set(step.models) & set(other.models):
                quality[at, to], share[at, to] = -1.0, np.inf
    at, to = divmod(_best(quality, share, goal), len(behind))
    chosen = (first[at],) if to == 0 else (first[at], second[to - 1])
    return Cascade(chosen, table.strong)


def _best(quality: Numbers, share: Numbers, goal: Goal) -> int:
    """By the rule of `choose`; of equals the cheaper."""
    # Halves of questions are small, so that many are equal: the cost decides between them.
    ranked = quality - 1e-6 * np.minimum(share, 1e3)
    affordable = np.where(share <= goal.cost, ranked, -np.inf)
    if np.isfinite(affordable).any():
        return int(affordable.argmax())
    good = np.where(quality >= goal.quality, share, np.inf)
    return int(good.argmin() if np.isfinite(good).any() else ranked.argmax())


def choose_by_domain(table: Table, options: Sequence[Cascade], rows: Flags, goal: Goal) -> Mapping[str, Cascade]:
    """For each domain the option that is worth its cost, at the price of quality that keeps all within the goal."""
    names = sorted(set(table.domains.tolist()))
    member = np.array([(table.domains == name) & rows for name in names], np.float64)
    predicted = [table.predict(option) for option in options]
    score = member @ np.array([one.score for one in predicted]).T
    cost = member @ np.array([one.cost for one in predicted]).T
    strong_score, strong_cost = table.score(table.strong)[rows].sum(), table.cost(table.strong)[rows].sum()
    picks = np.array([(score - price * cost).argmax(axis=1) for price in _PRICES])
    domains = np.arange(len(names))
    quality = score[domains, picks].sum(axis=1) / strong_score
    pick = picks[_best(quality, cost[domains, picks].sum(axis=1) / strong_cost, goal)]
    return {name: options[at] for name, at in zip(names, pick.tolist(), strict=True)}
