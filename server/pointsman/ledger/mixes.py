"""Requests by what they have in common, with what they cost and what one model would have cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from pointsman.ledger.counterfactual import cost_sql
from pointsman.ledger.days import Days
from pointsman.ledger.figures import Group, Groups, share
from pointsman.ledger.query import Query
from pointsman.model.catalogue import Price

# Of these there are as many as the configuration has, or the period.
_FEW = ("status", "task", "tier", "served_model", "decided_by", "decided_by_kind", "day")
# Of these there may be as many as there are requests.
_MANY = ("tenant", "project", "feature", "session")
_SUMS = "COUNT(*) AS requests, SUM(cost) AS cost, SUM(overhead) AS overhead, SUM(one) AS one"
_SERVED = "a.decision_id = d.decision_id AND a.outcome = 'served' AND a.kind <> 'assist'"


class Mixes(Struct, frozen=True):
    """`few` has all groups of a column, largest first; `many` the dearest of one of which there may be any number.

    `one_model` is the sum of what the one model would have cost, None where nobody asked.
    """

    few: dict[str, tuple[Group, ...]]
    many: dict[str, Groups]
    days: tuple[Group, ...]
    requests: int
    one_model: int | None


def mixes(query: Query, days: Days, one_model: Price | None, most: int) -> Mixes:
    """All of them from one pass over the ledger, in memory that does not grow with it."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for what, *row in query.rows(_sql(query, days, one_model), limit=most):
        found.setdefault(what, []).append(tuple(row))
    totals = found.pop("all")[0]
    total = _group(totals, totals[1])
    by_size = {column: _by_size(found.get(column, ()), total.requests) for column in _FEW[:-1]}
    return Mixes(
        few=by_size,
        many={column: _dearest(found, column, total) for column in _MANY},
        days=tuple(_by_day(days, found.get("day", ()), total)),
        requests=total.requests,
        one_model=total.one_model_nano_usd,
    )


def _sql(query: Query, days: Days, one_model: Price | None) -> str:
    one, served = "CAST(NULL AS BIGINT)", ""
    if one_model is not None:
        # Nothing served is nothing that the one model would have been paid for.
        one = f"CASE WHEN a.decision_id IS NULL THEN 0 ELSE {cost_sql(one_model)} END"
        served = f"LEFT JOIN attempts AS a ON {_SERVED}"
    asked = ", ".join(f"d.{column}" for column in (*_FEW[:-1], *_MANY))
    parts = [f"SELECT 'all' AS what, '' AS name, {_SUMS} FROM r"]  # noqa: S608
    for column in _FEW:
        parts.append(f"SELECT '{column}', CAST({column} AS TEXT), {_SUMS} FROM r GROUP BY {column}")  # noqa: S608
    for column in _MANY:
        parts.append(
            f"SELECT * FROM (SELECT '{column}', {column}, {_SUMS} FROM r GROUP BY {column} "  # noqa: S608
            f"ORDER BY cost DESC, requests DESC, {column} LIMIT :limit) AS by_{column}"
        )
        parts.append(f"SELECT 'distinct {column}', '', COUNT(DISTINCT {column}), 0, 0, 0 FROM r")  # noqa: S608
    # Used more than once, so that both databases make it once and keep it beside.
    return (
        f"WITH r AS (SELECT {asked}, {days.number_sql('d.received')} AS day, d.cost_nano_usd AS cost, "  # noqa: S608
        f"d.overhead_nano_usd AS overhead, {one} AS one FROM decisions AS d {served} WHERE {query.run}) "
        + " UNION ALL ".join(parts)
    )


def _group(row: Sequence[Any], requests: int, name: str | None = None) -> Group:
    named, count, cost, overhead, one = row
    return Group(
        named if name is None else name,
        count,
        share(count, requests),
        cost or 0,
        overhead or 0,
        None if one is None else int(one),
    )


def _by_size(rows: Sequence[Sequence[Any]], requests: int) -> tuple[Group, ...]:
    return tuple(sorted([_group(row, requests) for row in rows], key=lambda group: (-group.requests, group.name)))


def _by_day(days: Days, rows: Sequence[Sequence[Any]], total: Group) -> Iterator[Group]:
    """Every day, also those on which nothing was asked: a gap is news, too."""
    found = {int(row[0]): row for row in rows}
    nothing = ("", 0, 0, 0, None if total.one_model_nano_usd is None else 0)
    for number, name in enumerate(days.names if total.requests else ()):
        yield _group(found.get(number, nothing), total.requests, name)


def _dearest(found: dict[str, list[tuple[Any, ...]]], column: str, total: Group) -> Groups:
    groups = tuple([_group(row, total.requests) for row in found.get(column, ())])
    (_, distinct, *_) = found[f"distinct {column}"][0]
    if distinct <= len(groups):
        return Groups(distinct, groups)
    return Groups(distinct, groups, _rest(groups, total))


def _rest(groups: Sequence[Group], total: Group) -> Group:
    requests = total.requests - sum(group.requests for group in groups)
    one = total.one_model_nano_usd
    return Group(
        "",
        requests,
        share(requests, total.requests),
        total.cost_nano_usd - sum(group.cost_nano_usd for group in groups),
        total.overhead_nano_usd - sum(group.overhead_nano_usd for group in groups),
        None if one is None else one - sum(group.one_model_nano_usd or 0 for group in groups),
    )
