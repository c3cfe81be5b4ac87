"""How often tasks fall back and escalate, against how often they did, and what of that deserves an alert."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from pointsman.ledger.figures import Group, Period, Rate, Rates, share
from pointsman.ledger.query import Query
from pointsman.model.decision import PolicyKind

ALERT_PERCENT = 15
"""A rate is flagged where it is by more than this above its baseline,"""
ALERT_REQUESTS = 100
"""both are of so many requests at least,"""
ALERT_DEVIATIONS = 3.0
"""and the difference is more than so many standard errors: of 700 comparisons of what did not change, one is."""


Tally = tuple[int, int]
"""How many, of how many requests that tried a provider."""


def rates(query: Query, baseline: Period | None, kinds: Sequence[Group]) -> Rates:
    """By task, largest first, without those that tried no provider. `kinds` are all requests by what decided them."""
    now = _tallies(query)
    before = None if baseline is None else _tallies(query.over(baseline))
    tasks = sorted(now, key=lambda task: (-now[task][0][1], task))
    fallbacks, escalations = [
        tuple([compare(task, now[task][i], None if before is None else before.get(task, _NONE)[i]) for task in tasks])
        for i in (0, 1)
    ]
    overridden = sum(group.requests for group in kinds if group.name == PolicyKind.OVERRIDE.value)
    decided = sum(group.requests for group in kinds if group.name)
    return Rates(_all(fallbacks), _all(escalations), share(overridden, decided), baseline, fallbacks, escalations)


def compare(task: str, now: Tally, before: Tally | None) -> Rate:
    """A rate, and what it was before; None for no comparison."""
    count, requests = now
    rate = share(count, requests)
    if before is None:
        return Rate(task, requests, count, rate)
    base_count, base_requests = before
    base_rate = base_count / base_requests if base_requests else None
    change = rate / base_rate - 1 if base_rate else None
    return Rate(
        task, requests, count, rate, base_requests, base_count, base_rate, change, alert=_worse(now, before)
    )  # fmt: skip


def _all(by_task: tuple[Rate, ...]) -> float:
    return share(sum(rate.count for rate in by_task), sum(rate.requests for rate in by_task))


def _worse(now: Tally, before: Tally) -> bool:
    (count, requests), (base_count, base_requests) = now, before
    if min(requests, base_requests) < ALERT_REQUESTS:
        return False
    if count * base_requests * 100 <= base_count * requests * (100 + ALERT_PERCENT):
        return False
    # The standard error of the difference between two shares that are alike.
    pooled = (count + base_count) / (requests + base_requests)
    error = sqrt(pooled * (1 - pooled) * (1 / requests + 1 / base_requests))
    return count / requests - base_count / base_requests > ALERT_DEVIATIONS * error


_NONE: tuple[Tally, Tally] = ((0, 0), (0, 0))


def _tallies(query: Query) -> dict[str, tuple[Tally, Tally]]:
    """Fallbacks and escalations by task."""
    rows = query.rows(
        "SELECT d.task, COUNT(*), SUM(d.fallback), SUM(d.escalated) FROM decisions AS d "  # noqa: S608
        f"WHERE {query.run} AND d.attempts > 0 GROUP BY d.task"
    )
    return {task: ((fallbacks, tried), (escalations, tried)) for task, tried, fallbacks, escalations in rows}
