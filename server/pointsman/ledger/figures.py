"""The figures of a report. Money is nano-USD, times seconds, shares and rates 0..1; docs/reports.md defines each."""

from __future__ import annotations

from msgspec import Struct

from pointsman.model.answer import Usage


class Period(Struct, frozen=True):
    """Unix seconds; `since` is in it, `until` is not."""

    since: float
    until: float

    def before(self, seconds: float) -> Period:
        """The period of this length that ends where this one begins."""
        return Period(self.since - seconds, self.since)


class Scope(Struct, frozen=True):
    """Which requests are reported on: those with these; None is any, "" those without."""

    tenant: str | None = None
    task: str | None = None
    feature: str | None = None


class Group(Struct, frozen=True):
    """Requests that have something in common; `share` is of all requests of the report.

    `cost_nano_usd` contains the overhead. `one_model_nano_usd` is what one model would have cost, None where nobody
    asked.
    """

    name: str
    requests: int
    share: float
    cost_nano_usd: int
    overhead_nano_usd: int = 0
    one_model_nano_usd: int | None = None


class Groups(Struct, frozen=True):
    """The dearest of `distinct` groups that there are; `others` is the sum of the rest, None where there is no rest."""

    distinct: int
    dearest: tuple[Group, ...]
    others: Group | None = None


class Spend(Struct, frozen=True):
    """The answers, and everything else that was paid; `estimated_share` of it nobody has billed.

    `only_decided` of the overhead is of requests that were only decided: it is in no group.
    """

    answer: int
    overhead: int
    estimated_share: float
    only_decided: int = 0

    @property
    def total(self) -> int:
        return self.answer + self.overhead


class Comparison(Struct, frozen=True):
    """An estimate: what the tokens of the answers would have cost at one model, against what was spent.

    `saved_nano_usd` is what is left of it after everything that was spent, `saved_before_overhead_nano_usd` after the
    answers alone; negative where routing cost more. The shares are of `nano_usd`.
    """

    model: str
    nano_usd: int
    saved_nano_usd: int
    saved_share: float
    saved_before_overhead_nano_usd: int
    saved_before_overhead_share: float


class Percentiles(Struct, frozen=True):
    """Over `samples` answers: the smallest that half, or 95 of 100, do not exceed."""

    p50: float
    p95: float
    samples: int


class TierLatency(Struct, frozen=True):
    """Of requests that were answered. `ttft` is None where none of them streamed."""

    tier: str
    ttft: Percentiles | None
    duration: Percentiles


class Rate(Struct, frozen=True):
    """How many of the requests of one task that tried a provider fell back, or escalated, and how many did before.

    The baseline's numbers are None without one. `change` is relative, 0.5 for half as much again; None where there is
    nothing to compare with, or the baseline is 0. `alert`: it is above its baseline by more than chance explains.
    """

    task: str
    requests: int
    count: int
    rate: float
    baseline_requests: int | None = None
    baseline_count: int | None = None
    baseline_rate: float | None = None
    change: float | None = None
    alert: bool = False


class Rates(Struct, frozen=True):
    """`fallback` and `escalation` are of the requests that tried a provider, `override` is of those that were decided.

    `fallbacks` and `escalations` are the same by task, compared with the `baseline` where there is one.
    """

    fallback: float
    escalation: float
    override: float
    baseline: Period | None
    fallbacks: tuple[Rate, ...]
    escalations: tuple[Rate, ...]

    def alerts(self) -> tuple[tuple[str, Rate], ...]:
        """What is flagged, as ("fallback", rate) or ("escalation", rate)."""
        found = [("fallback", rate) for rate in self.fallbacks if rate.alert]
        return (*found, *[("escalation", rate) for rate in self.escalations if rate.alert])


class Hedging(Struct, frozen=True):
    """Races. `share` is of the requests that tried a provider, `extra_share` of all that was spent.

    `won` are the hedges that answered; `extra_nano_usd` is what the attempts that lost cost.
    """

    requests: int
    share: float
    won: int
    extra_nano_usd: int
    extra_share: float


class Cascade(Struct, frozen=True):
    """Requests whose answers gates judged. `share` is of the requests that tried a provider.

    `escalated` went on to another model, `escalated_share` of those judged; `rejected_nano_usd` is what the answers
    that gates turned down cost.
    """

    requests: int
    share: float
    escalated: int
    escalated_share: float
    rejected_nano_usd: int


class Report(Struct, frozen=True, kw_only=True):
    """Requests to run something; `only_decided` are those to decide alone, which count in nothing but tokens and spend.

    Groups come largest first, days in their order. `models` are those that served, `deciders` the chain entries that
    decided, `decider_kinds` their kinds; a name of "" is requests without any.

    `tokens` are of every attempt, as `spend` is.
    """

    period: Period
    scope: Scope
    requests: int
    only_decided: int
    statuses: tuple[Group, ...]
    tasks: tuple[Group, ...]
    tiers: tuple[Group, ...]
    models: tuple[Group, ...]
    deciders: tuple[Group, ...]
    decider_kinds: tuple[Group, ...]
    tenants: Groups
    projects: Groups
    features: Groups
    sessions: Groups
    time_zone: str
    days: tuple[Group, ...]
    tokens: Usage
    rates: Rates
    hedging: Hedging
    cascade: Cascade
    spend: Spend
    comparison: Comparison | None
    latencies: tuple[TierLatency, ...]


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
