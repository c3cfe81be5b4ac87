"""Budgets that run low buy cheaper answers, step by step, and then none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    Balance,
    BudgetAction,
    Cause,
    Exclusion,
    NoOpinion,
    PolicyKind,
    PolicySetup,
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
    is out, on the next the next one, until the cheapest is alone; on the last, answers are capped as well.
    """

    def __init__(self, options: BudgetsOptions, setup: PolicySetup) -> None:
        models = setup.catalogue.models
        enabled = {model.tier for model in models.values() if model.enabled}
        self._tiers = tuple(tier for tier in setup.catalogue.tiers if tier in enabled)
        self._levels = {id: self._tiers.index(model.tier) for id, model in models.items() if model.enabled}
        self._last = Shape(max_output_tokens=options.last_max_output_tokens)

    @hookimpl
    def pointsman_shape_request(self, snapshot: Snapshot) -> Shape | None:
        rungs = len(self._tiers)
        return self._last if any(_rung(balance, rungs) == rungs for balance in snapshot.balances) else None

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Exclusion] | NoOpinion:
        exclusions = [exclusion for balance in snapshot.balances for exclusion in self._exclude(balance, shaped)]
        if exclusions:
            return exclusions
        notices = [_standing(balance) for balance in snapshot.balances if _noticed(balance)]
        return NoOpinion("; ".join(notices)) if notices else ()

    def _exclude(self, balance: Balance, shaped: Mapping[str, Shaped]) -> Iterator[Exclusion]:
        refuses = balance.begins(BudgetAction.REFUSE)
        if refuses is not None and balance.used >= refuses:
            why = f"{_standing(balance)}: no more is spent"
            yield from (Exclusion(target, Cause.BUDGET, why, balance.scope) for target in shaped)
            return
        rung = _rung(balance, len(self._tiers))
        highest = max(0, len(self._tiers) - 1 - rung)
        above = f"{_standing(balance)}: nothing above tier {self._tiers[highest]}"
        for target, shape in shaped.items():
            worst = shape.estimate.worst_case_nano_usd
            if rung and self._levels[target] > highest:
                yield Exclusion(target, Cause.BUDGET, above, balance.scope)
            elif refuses is not None and worst > balance.left:
                why = f"could cost {dollars(worst)}, {_standing(balance)}"
                yield Exclusion(target, Cause.BUDGET, why, balance.scope)


def _rung(balance: Balance, rungs: int) -> int:
    """How far down the ladder: 0 above it, `rungs` at its end."""
    begins = balance.begins(BudgetAction.DEGRADE)
    if begins is None or balance.used < begins:
        return 0
    refuses = balance.begins(BudgetAction.REFUSE)
    length = (balance.limit_nano_usd if refuses is None else refuses) - begins
    if length <= 0:
        return rungs
    return min(rungs, 1 + (balance.used - begins) * rungs // length)


def _noticed(balance: Balance) -> bool:
    starts = (balance.begins(BudgetAction.NOTICE), balance.begins(BudgetAction.DEGRADE))
    return any(start is not None and balance.used >= start for start in starts)


def _standing(balance: Balance) -> str:
    left, limit = dollars(balance.left), dollars(balance.limit_nano_usd)
    return f"budget {balance.scope} has {left} of {limit} left until {instant(balance.resets_at)}"


plugin = register(Budgets, config=BudgetsOptions, kind=PolicyKind.BUDGET, deterministic=True, reads_text=False)
