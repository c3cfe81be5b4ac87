"""What the recorded requests add up to: mixes, spend, latency, and what one model for everything would have cost."""

from __future__ import annotations

from datetime import UTC, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from pointsman.ledger.days import days_of
from pointsman.ledger.figures import (
    Cascade,
    Comparison,
    Hedging,
    Percentiles,
    Period,
    Report,
    Scope,
    Spend,
    TierLatency,
    share,
)
from pointsman.ledger.mixes import mixes
from pointsman.ledger.place import Place
from pointsman.ledger.query import Query
from pointsman.ledger.rates import rates
from pointsman.ledger.reading import reading
from pointsman.model.answer import Usage
from pointsman.model.catalogue import Price

_ATTEMPTS = "attempts AS a JOIN decisions AS d ON d.decision_id = a.decision_id"


class OneModel(Struct, frozen=True):
    """The model that everything might have gone to, and its price."""

    model: str
    price: Price


class Question(Struct, frozen=True, kw_only=True):
    """What is to be reported. `baseline` is the period that rates are compared with, None for no comparison.

    Of groups without a bound on their number, the `most` dearest are named. Days are those of `zone`.
    """

    period: Period
    scope: Scope = Scope()
    one_model: OneModel | None = None
    baseline: Period | None = None
    zone: tzinfo = UTC
    most: int = 20


def report(place: Place, question: Question) -> Report:
    """The report, from one state of the ledger.

    It may run beside `serve`, and takes no more memory for more requests.

        report(Path("pointsman.db"), Question(period=Period(since=0.0, until=time.time())))
    """
    period, one_model = question.period, question.one_model
    with reading(place) as reader:
        query = Query(reader, question.scope, period)
        totals = _totals(query)
        days = days_of(totals.first, totals.last, question.zone)
        mixed = mixes(query, days, one_model.price if one_model else None, question.most)
        rated = rates(query, question.baseline, mixed.few["decided_by_kind"])
        tried = _tried(query, sum(rate.requests for rate in rated.fallbacks), totals)
        return Report(
            period=period,
            scope=question.scope,
            requests=mixed.requests,
            only_decided=totals.recorded - mixed.requests,
            statuses=mixed.few["status"],
            tasks=mixed.few["task"],
            tiers=mixed.few["tier"],
            models=mixed.few["served_model"],
            deciders=mixed.few["decided_by"],
            decider_kinds=mixed.few["decided_by_kind"],
            tenants=mixed.many["tenant"],
            projects=mixed.many["project"],
            features=mixed.many["feature"],
            sessions=mixed.many["session"],
            time_zone=str(question.zone),
            days=mixed.days,
            tokens=tried.tokens,
            rates=rated,
            hedging=tried.hedging,
            cascade=tried.cascade,
            spend=tried.spend,
            comparison=_comparison(one_model.model, mixed.one_model or 0, tried.spend) if one_model else None,
            latencies=_latencies(query),
        )


class _Totals(Struct, frozen=True):
    recorded: int
    first: float
    last: float
    answer: int
    overhead: int
    only_decided: int


def _totals(query: Query) -> _Totals:
    found = query.row(
        "SELECT COUNT(*), COALESCE(MIN(d.received), 0), COALESCE(MAX(d.received), 0), "  # noqa: S608
        "COALESCE(SUM(d.answer_nano_usd), 0), COALESCE(SUM(d.overhead_nano_usd), 0), "
        "COALESCE(SUM(CASE WHEN d.method = 'Route' THEN d.cost_nano_usd ELSE 0 END), 0) "
        f"FROM decisions AS d WHERE {query.asked}"
    )
    return _Totals(*found)


class _Tried(Struct, frozen=True):
    """What the attempts say that their requests' rows do not."""

    tokens: Usage
    spend: Spend
    hedging: Hedging
    cascade: Cascade


def _spent(where: str) -> str:
    return f"COALESCE(SUM(CASE WHEN {where} THEN a.cost_nano_usd ELSE 0 END), 0)"


_GUESSED, _REJECTED = _spent("a.cost_source = 'estimate'"), _spent("a.outcome = 'gated'")
_LOST = _spent(
    "a.outcome = 'lost' AND "
    "EXISTS (SELECT 1 FROM attempts AS h WHERE h.decision_id = a.decision_id AND h.kind = 'hedge')"
)


def _tried(query: Query, requests: int, totals: _Totals) -> _Tried:
    """`requests`: how many tried a provider at all."""
    *tokens, estimated, hourly, guessed, hedged, won, extra, judged, escalated, rejected = query.row(
        "SELECT COALESCE(SUM(a.input_tokens), 0), COALESCE(SUM(a.output_tokens), 0), "  # noqa: S608
        "COALESCE(SUM(a.cached_input_tokens), 0), COALESCE(SUM(a.cache_write_input_tokens), 0), "
        "COALESCE(SUM(a.reasoning_tokens), 0), COALESCE(MAX(a.usage_estimated), 0), "
        f"COALESCE(SUM(a.cache_write_1h_input_tokens), 0), {_GUESSED}, "
        "COUNT(DISTINCT CASE WHEN a.kind = 'hedge' THEN a.decision_id END), "
        "COALESCE(SUM(CASE WHEN a.kind = 'hedge' AND a.outcome = 'served' THEN 1 ELSE 0 END), 0), "
        f"{_LOST}, "
        "COUNT(DISTINCT CASE WHEN a.gate <> '' THEN a.decision_id END), "
        "COUNT(DISTINCT CASE WHEN a.gate <> '' AND d.escalated = 1 THEN a.decision_id END), "
        f"{_REJECTED} FROM {_ATTEMPTS} WHERE {query.asked}"
    )
    spent = totals.answer + totals.overhead
    return _Tried(
        tokens=replace(Usage(*tokens), estimated=bool(estimated), cache_write_1h_input_tokens=hourly),
        spend=Spend(totals.answer, totals.overhead, share(guessed, spent), totals.only_decided),
        hedging=Hedging(hedged, share(hedged, requests), won, extra, share(extra, spent)),
        cascade=Cascade(judged, share(judged, requests), escalated, share(escalated, judged), rejected),
    )


def _comparison(model: str, nano_usd: int, spend: Spend) -> Comparison:
    saved, before_overhead = nano_usd - spend.total, nano_usd - spend.answer
    return Comparison(model, nano_usd, saved, share(saved, nano_usd), before_overhead, share(before_overhead, nano_usd))


def _latencies(query: Query) -> tuple[TierLatency, ...]:
    ttfts, durations = _percentiles(query, "ttft"), _percentiles(query, "duration")
    return tuple([TierLatency(tier, ttfts.get(tier), duration) for tier, duration in durations.items()])


def _percentiles(query: Query, column: str) -> dict[str, Percentiles]:
    rows = query.rows(
        "SELECT tier, MIN(seconds) FILTER (WHERE rank * 100 >= total * 50), "  # noqa: S608
        "MIN(seconds) FILTER (WHERE rank * 100 >= total * 95), total FROM ("
        f"SELECT d.tier, d.{column} AS seconds, ROW_NUMBER() OVER (PARTITION BY d.tier ORDER BY d.{column}) AS rank, "
        "COUNT(*) OVER (PARTITION BY d.tier) AS total FROM decisions AS d "
        f"WHERE {query.run} AND d.served_model <> '' AND d.{column} IS NOT NULL"
        ") AS ranked GROUP BY tier, total ORDER BY tier"
    )
    return {tier: Percentiles(p50, p95, samples) for tier, p50, p95, samples in rows}
