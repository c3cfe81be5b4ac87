"""Budgets that run low buy cheaper answers, step by step, and then none; limits of requests and tokens refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    Balance,
    BudgetAction,
    BudgetUnit,
    Cause,
    Exclusion,
    NoOpinion,
    PolicyKind,
    PolicySetup,
    RateLimit,
    Request,
    Shape,
    Shaped,
    Snapshot,
    hookimpl,
    register,
)
from pointsman_policies.wording import dollars, instant

POINTSMAN_API = 1


class BudgetsOptions(BaseModel):
    """Options of the `budgets` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last_max_output_tokens: int = Field(
        default=256, ge=1, description="Cap of output tokens on the last rung before a budget refuses."
    )


class Budgets:
    """Vetoes what the request's budgets no longer pay for.

    From `degrade` on a ladder leads to where the budget refuses, its rungs equally long: on the first the dearest tier
    is out, on the next the next one, until the cheapest is alone; on the last, answers are capped as well. A budget of
    one model has no ladder: from `degrade` on that model is out.
    """

    def __init__(self, options: BudgetsOptions, setup: PolicySetup) -> None:
        models = self._models = setup.catalogue.models
        enabled = {model.tier for model in models.values() if model.enabled}
        self._tiers = tuple(tier for tier in setup.catalogue.tiers if tier in enabled)
        self._levels = {id: self._tiers.index(model.tier) for id, model in models.items() if model.enabled}
        self._last = Shape(max_output_tokens=options.last_max_output_tokens)

    @hookimpl
    def pointsman_shape_request(self, snapshot: Snapshot, assessment: Assessed) -> Shape | None:
        rungs = len(self._tiers)
        for balance in snapshot.balances:
            if balance.model or (balance.task and balance.task != assessment.task):
                continue
            if not _untouched(balance) and _Ladder(balance).rung(rungs) == rungs:
                return self._last
        return None

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Exclusion] | NoOpinion:
        exclusions: list[Exclusion] = []
        notices = self._spend(snapshot.balances, assessment.task, shaped, exclusions) if snapshot.balances else ""
        if snapshot.rates:
            self._count(snapshot.rates, assessment.task, shaped, exclusions)
        if exclusions:
            return exclusions
        return NoOpinion(notices) if notices else ()

    def _spend(
        self, balances: Sequence[Balance], task: str, shaped: Mapping[str, Shaped], exclusions: list[Exclusion]
    ) -> str:
        """Exclude what budgets do not pay for; what they merely have to say."""
        # A budget that pays for the dearest call and is not on its ladder need not look at every model.
        dearest = max([shape.estimate.worst_case_nano_usd for shape in shaped.values()], default=0)
        ladders = [
            _Ladder(balance)
            for balance in balances
            if not _untouched(balance, dearest) and (not balance.task or balance.task == task)
        ]
        for ladder in ladders:
            if ladder.free is not None and ladder.used + dearest >= ladder.free:
                exclusions.extend(self._exclude(ladder, _counted(shaped, ladder.balance.model)))
        return "; ".join([ladder.standing() for ladder in ladders if ladder.noticed])

    def _count(
        self, rates: Sequence[RateLimit], task: str, shaped: Mapping[str, Shaped], exclusions: list[Exclusion]
    ) -> None:
        """Exclude what has no room in limits of requests or tokens."""
        # What a budget keeps out would not be let in by waiting a minute.
        out = {exclusion.target for exclusion in exclusions}
        for rate in rates:
            if rate.task and rate.task != task:
                continue
            left, tokens = rate.left, rate.unit is BudgetUnit.TOKENS
            # One more request needs the same of every model; what a limit has to say is put in words only if it does.
            if left and not tokens:
                continue
            for target, shape in _counted(shaped, rate.model).items():
                needed = self._most_tokens(shape) if tokens else 1
                if needed > left and target not in out:
                    standing = _rate_standing(rate)
                    why = f"could take {needed} tokens, {standing}" if tokens else standing
                    exclusions.append(Exclusion(target, Cause.RATE, why, rate.scope))

    def _most_tokens(self, shape: Shaped) -> int:
        return self._models[shape.target].most_tokens(shape.estimate.input_tokens, shape.max_output_tokens)

    def _exclude(self, ladder: _Ladder, shaped: Mapping[str, Shaped]) -> Sequence[Exclusion]:
        standing, scope, left = ladder.standing(), ladder.balance.scope, ladder.left
        if ladder.refuses is not None and ladder.used >= ladder.refuses:
            return [Exclusion(target, Cause.BUDGET, f"{standing}: no more is spent", scope) for target in shaped]
        rung, exclusions = ladder.rung(len(self._tiers)), []
        highest = max(0, len(self._tiers) - 1 - rung)
        above = f"{standing}: nothing above tier {self._tiers[highest]}" if rung else ""
        if ladder.balance.model:
            highest, above = -1, f"{standing}: it is used no more"
        for target, shape in shaped.items():
            worst = shape.estimate.worst_case_nano_usd
            if rung and self._levels[target] > highest:
                exclusions.append(Exclusion(target, Cause.BUDGET, above, scope))
            elif left is not None and worst > left:
                exclusions.append(Exclusion(target, Cause.BUDGET, f"could cost {dollars(worst)}, {standing}", scope))
        return exclusions


def _counted(shaped: Mapping[str, Shaped], model: str) -> Mapping[str, Shaped]:
    """Those that a budget counts: all, or its own model where it has one."""
    if not model:
        return shaped
    return {model: shaped[model]} if model in shaped else {}


def _rate_standing(rate: RateLimit) -> str:
    left = f"{rate.left} of {rate.limit} {rate.unit.value}"
    return f"budget {rate.scope} has {left} left until {instant(rate.resets_at)}"


def _untouched(balance: Balance, more: int = 0) -> bool:
    """Whether it stays below its first step, so that nothing follows from it; as of most budgets at most times."""
    # One more, because steps begin at whole nano-USD, rounded; a loop, because `any` takes twice as long.
    used, limit = balance.used + more + 1, balance.limit_nano_usd
    for step in balance.steps:  # noqa: SIM110
        if used > step.from_ratio * limit:
            return False
    return True


class _Ladder:
    """A balance and where its actions begin, in nano-USD used; None for never. Up to `free`, nothing is excluded."""

    __slots__ = ("balance", "degrades", "free", "notices", "refuses", "used")

    def __init__(self, balance: Balance) -> None:
        self.balance, self.used = balance, balance.used
        notices: int | None = None
        degrades: int | None = None
        refuses: int | None = None
        for step in balance.steps:
            start, action = round(step.from_ratio * balance.limit_nano_usd), step.action
            if action is BudgetAction.NOTICE:
                notices = start if notices is None or start < notices else notices
            elif action is BudgetAction.DEGRADE:
                degrades = start if degrades is None or start < degrades else degrades
            else:
                refuses = start if refuses is None or start < refuses else refuses
        self.notices, self.degrades, self.refuses = notices, degrades, refuses
        self.free = refuses if degrades is None or (refuses is not None and refuses < degrades) else degrades

    @property
    def left(self) -> int | None:
        """What it still pays for; None where it never refuses."""
        return None if self.refuses is None else max(0, self.refuses - self.used)

    @property
    def noticed(self) -> bool:
        """Whether there is something to say of it."""
        used, notices, degrades = self.used, self.notices, self.degrades
        return (notices is not None and used >= notices) or (degrades is not None and used >= degrades)

    def rung(self, rungs: int) -> int:
        """How far down: 0 above it, `rungs` at its end."""
        if self.degrades is None or self.used < self.degrades:
            return 0
        length = (self.balance.limit_nano_usd if self.refuses is None else self.refuses) - self.degrades
        if length <= 0:
            return rungs
        return min(rungs, 1 + (self.used - self.degrades) * rungs // length)

    def standing(self) -> str:
        """How the budget stands, for people."""
        balance, limit = self.balance, self.balance.limit_nano_usd
        left = max(0, (limit if self.refuses is None else self.refuses) - self.used)
        until = instant(balance.resets_at)
        return f"budget {balance.scope} has {dollars(left)} of {dollars(limit)} left until {until}"


plugin = register(Budgets, config=BudgetsOptions, kind=PolicyKind.BUDGET, deterministic=True, reads_text=False)
