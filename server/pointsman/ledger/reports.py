"""What the recorded requests add up to: mixes, spend, latency, and what one model for everything would have cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pointsman.ledger.place import Place
from pointsman.ledger.reading import Found, Reader, reading
from pointsman.model.answer import Usage

_WINDOW = "received >= :since AND received < :until"
# Route decides and runs nothing: it would count as requests that no model served. What policies asked models for it is
# money all the same.
_RUN = f"{_WINDOW} AND method <> 'Route'"
_ATTEMPTS = f"attempts AS a JOIN decisions AS d USING (decision_id) WHERE d.{_WINDOW.replace('AND ', 'AND d.')}"


class Period(Struct, frozen=True):
    """Unix seconds; `since` is in it, `until` is not."""

    since: float
    until: float


class OneModel(Struct, frozen=True):
    """The model that everything might have gone to, and what a usage costs there in nano-USD."""

    model: str
    price_of: Callable[[Usage], int]


class Group(Struct, frozen=True):
    """Requests that have something in common; `share` is of all requests of the report, 0..1."""

    name: str
    requests: int
    share: float
    cost_nano_usd: int


class Spend(Struct, frozen=True):
    """Nano-USD: the answers, and everything else that was paid. `estimated_share` of it, 0..1, nobody has billed."""

    answer: int
    overhead: int
    estimated_share: float

    @property
    def total(self) -> int:
        return self.answer + self.overhead


class Comparison(Struct, frozen=True):
    """What the tokens of the answers would have cost at one model, against everything that was spent; nano-USD."""

    model: str
    nano_usd: int
    saved_nano_usd: int
    saved_share: float


class Percentiles(Struct, frozen=True):
    """Seconds, over `samples` answers: the smallest that half, or 95 of 100, do not exceed."""

    p50: float
    p95: float
    samples: int


class TierLatency(Struct, frozen=True):
    """Of requests that were answered. `ttft` is None where none of them streamed."""

    tier: str
    ttft: Percentiles | None
    duration: Percentiles


class Report(Struct, frozen=True, kw_only=True):
    """Requests to run something; `only_decided` are those to decide alone, which count in nothing but tokens and spend.

    Groups come largest first. `models` are those that served, `deciders` the chain entries that decided; a name of
    "" is requests without any.

    `tokens` are of every attempt, as `spend` is. `fallback_rate` is the share, of the requests that tried a provider,
    that tried a second one.
    """

    period: Period
    requests: int
    only_decided: int
    statuses: tuple[Group, ...]
    tasks: tuple[Group, ...]
    tiers: tuple[Group, ...]
    models: tuple[Group, ...]
    deciders: tuple[Group, ...]
    tokens: Usage
    fallback_rate: float
    spend: Spend
    comparison: Comparison | None
    latencies: tuple[TierLatency, ...]


def report(place: Place, period: Period, one_model: OneModel | None = None) -> Report:
    """Everything about the requests received in `period`, from one state of the ledger. May run beside `serve`."""
    with reading(place) as reader:
        query = _Query(reader, period)
        requests, attempted, fallbacks = query.row(
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0), "  # noqa: S608
            f"COALESCE(SUM(fallback), 0) FROM decisions WHERE {_RUN}"
        )
        (recorded,) = query.row(f"SELECT COUNT(*) FROM decisions WHERE {_WINDOW}")  # noqa: S608
        spend = _spend(query)
        return Report(
            period=period,
            requests=requests,
            only_decided=recorded - requests,
            statuses=_groups(query, "status", requests),
            tasks=_groups(query, "task", requests),
            tiers=_groups(query, "tier", requests),
            models=_groups(query, "served_model", requests),
            deciders=_groups(query, "decided_by", requests),
            tokens=_tokens(query),
            fallback_rate=_share(fallbacks, attempted),
            spend=spend,
            comparison=_comparison(query, one_model, spend) if one_model else None,
            latencies=_latencies(query),
        )


# Columns and tables below are constants of this module, values are always bound: hence each S608.
class _Query:
    def __init__(self, reader: Reader, period: Period) -> None:
        self._reader = reader
        self._bound = {"since": period.since, "until": period.until}

    def rows(self, sql: str) -> Found:
        return self._reader.execute(sql, self._bound)

    # The columns are as different as the questions.
    def row(self, sql: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.rows(sql).fetchone()
        return found


def _groups(query: _Query, column: str, requests: int) -> tuple[Group, ...]:
    rows = query.rows(
        f"SELECT {column}, COUNT(*), SUM(cost_nano_usd) FROM decisions WHERE {_RUN} "  # noqa: S608
        f"GROUP BY {column} ORDER BY COUNT(*) DESC, {column}"
    )
    return tuple([Group(name, count, _share(count, requests), cost) for name, count, cost in rows])


def _tokens(query: _Query) -> Usage:
    *tokens, estimated = query.row(
        "SELECT COALESCE(SUM(a.input_tokens), 0), COALESCE(SUM(a.output_tokens), 0), "  # noqa: S608
        "COALESCE(SUM(a.cached_input_tokens), 0), COALESCE(SUM(a.cache_write_input_tokens), 0), "
        f"COALESCE(SUM(a.reasoning_tokens), 0), COALESCE(MAX(a.usage_estimated), 0) FROM {_ATTEMPTS}"
    )
    return replace(Usage(*tokens), estimated=bool(estimated))


def _spend(query: _Query) -> Spend:
    answer, overhead = query.row(
        "SELECT COALESCE(SUM(answer_nano_usd), 0), COALESCE(SUM(overhead_nano_usd), 0) "  # noqa: S608
        f"FROM decisions WHERE {_WINDOW}"
    )
    (estimated,) = query.row(
        f"SELECT COALESCE(SUM(a.cost_nano_usd), 0) FROM {_ATTEMPTS} AND a.cost_source = 'estimate'"  # noqa: S608
    )
    return Spend(answer, overhead, _share(estimated, answer + overhead))


def _comparison(query: _Query, one_model: OneModel, spend: Spend) -> Comparison:
    # Priced one by one, as attempts are: each is rounded, and may carry a price per request.
    served = query.rows(
        "SELECT a.input_tokens, a.output_tokens, a.cached_input_tokens, a.cache_write_input_tokens, "  # noqa: S608
        f"a.reasoning_tokens FROM {_ATTEMPTS} AND a.outcome = 'served' AND a.kind <> 'assist'"
    )
    nano_usd = sum(one_model.price_of(Usage(*tokens)) for tokens in served)
    saved = nano_usd - spend.total
    return Comparison(one_model.model, nano_usd, saved, _share(saved, nano_usd))


def _latencies(query: _Query) -> tuple[TierLatency, ...]:
    ttfts, durations = _percentiles(query, "ttft"), _percentiles(query, "duration")
    return tuple([TierLatency(tier, ttfts.get(tier), duration) for tier, duration in durations.items()])


def _percentiles(query: _Query, column: str) -> dict[str, Percentiles]:
    rows = query.rows(
        "SELECT tier, MIN(seconds) FILTER (WHERE rank * 100 >= total * 50), "  # noqa: S608
        "MIN(seconds) FILTER (WHERE rank * 100 >= total * 95), total FROM ("
        f"SELECT tier, {column} AS seconds, ROW_NUMBER() OVER (PARTITION BY tier ORDER BY {column}) AS rank, "
        f"COUNT(*) OVER (PARTITION BY tier) AS total FROM decisions "
        f"WHERE {_RUN} AND served_model <> '' AND {column} IS NOT NULL"
        ") AS ranked GROUP BY tier, total ORDER BY tier"
    )
    return {tier: Percentiles(p50, p95, samples) for tier, p50, p95, samples in rows}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
