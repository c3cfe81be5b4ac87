"""A report for people: tables, bars and sentences that need no colour and no more than 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import bar, counted, percent, seconds, sparkline, usd
from pointsman.cli.terminal import printable, table
from pointsman.ledger.days import zone_of
from pointsman.ledger.figures import Comparison, Group, Groups, Rate, Report, TierLatency, share

_BAR = 16
_DAYS_IN_A_TABLE = 14


def report_parts(made: Report) -> Iterator[RenderableType]:
    """The whole report, from who asked to what it cost."""
    only_decided = f"{counted(made.only_decided, 'decision')} without a run"
    if not made.requests:
        cost = f" for {usd(made.spend.total)}" if made.spend.total else ""
        yield Text(
            f"{only_decided}{cost}, nothing else." if made.only_decided else "Nothing was recorded in this period."
        )
        return
    beside = f"; {only_decided}" if made.only_decided else ""
    yield Text(f"{counted(made.requests, 'request')}, {usd(made.spend.total)}{beside}", style="bold")
    yield Text(f"{_when(made)}{_scope(made)}\n")
    for title, groups in (
        ("Tasks", made.tasks),
        ("Tiers", made.tiers),
        ("Models that served", made.models),
        ("Decided by", made.deciders),
        ("Decided by policies of kind", made.decider_kinds),
        ("Status", made.statuses),
    ):
        yield _groups(title, groups)
    for title, some in (
        ("Features", made.features),
        ("Tenants", made.tenants),
        ("Projects", made.projects),
        ("Sessions", made.sessions),
    ):
        # One group without a name is a label that nobody uses.
        if some.distinct > 1 or (some.dearest and some.dearest[0].name):
            yield _groups(f"{title}, the dearest of {some.distinct:,}" if some.others else title, _with_others(some))
    yield _days(made)
    if made.latencies:
        columns = ("tier", ">answers", ">ttft p50", ">ttft p95", ">whole p50", ">whole p95")
        yield table("Latency", columns, map(_latency, made.latencies))
    yield from _reliability(made)
    yield from _money(made)


def _when(made: Report) -> str:
    zone = zone_of(made.time_zone)

    def written(instant: float) -> str:
        return datetime.fromtimestamp(instant, zone).isoformat(" ", "minutes")[:16]

    since = f"From {written(made.period.since)} to" if made.period.since else "Until"
    return f"{since} {written(made.period.until)} {made.time_zone}"


def _scope(made: Report) -> str:
    scope = made.scope
    wanted = (("tenant", scope.tenant), ("task", scope.task), ("feature", scope.feature))
    return "".join([f", {name} {printable(value) or '(none)'}" for name, value in wanted if value is not None])


def _groups(title: str, groups: Sequence[Group]) -> Table:
    compared = any(group.one_model_nano_usd is not None for group in groups)
    rows: list[list[RenderableType]] = []
    for group in groups:
        row: list[RenderableType] = [
            printable(group.name) or "(none)",
            f"{group.requests:,}",
            percent(group.share),
            Text(bar(group.share, _BAR), style="cyan"),
            usd(group.cost_nano_usd),
        ]
        rows.append([*row, _saved(group)] if compared else row)
    columns = ("*", ">requests", ">share", f"{'':{_BAR}}", ">cost")
    return table(title, (*columns, ">saved") if compared else columns, rows)


def _saved(group: Group) -> str:
    one = group.one_model_nano_usd
    return percent(share(one - group.cost_nano_usd, one)) if one else "-"


def _with_others(groups: Groups) -> Sequence[Group]:
    if groups.others is None:
        return groups.dearest
    return (*groups.dearest, replace(groups.others, name=f"({groups.distinct - len(groups.dearest):,} others)"))


def _days(made: Report) -> RenderableType:
    if len(made.days) <= _DAYS_IN_A_TABLE:
        return _groups(f"Days ({made.time_zone})", made.days)
    costs = [day.cost_nano_usd for day in made.days]
    span = f"between {usd(min(costs))} and {usd(max(costs))}, {usd(sum(costs) // len(costs))} on average"
    return Text.assemble(
        (f"Cost a day ({made.time_zone})\n", "bold"),
        (sparkline(costs), "cyan"),
        f"\n{made.days[0].name} to {made.days[-1].name}, {span}\n",
    )


def _latency(latency: TierLatency) -> list[str]:
    ttft, whole = latency.ttft, latency.duration
    first = [seconds(ttft.p50), seconds(ttft.p95)] if ttft else ["-", "-"]
    return [latency.tier, f"{whole.samples:,}", *first, seconds(whole.p50), seconds(whole.p95)]


def _reliability(made: Report) -> Iterator[RenderableType]:
    rates = made.rates
    if rates.fallbacks:
        columns = ("*task", ">tried", ">fell back", ">before", ">escalated", ">before")
        rows = zip(rates.fallbacks, rates.escalations, strict=True)
        yield table("Fallbacks and escalations", columns, [_rates(*row) for row in rows])
    for what, rate in rates.alerts():
        yield Text(f"ALERT: {_alert(what, rate)}", style="bold red")
    yield Text(
        f"Fallback rate: {percent(rates.fallback)}; escalation rate: {percent(rates.escalation)}; "
        f"override rate: {percent(rates.override)}"
    )
    if made.hedging.requests:
        hedging = made.hedging
        yield Text(
            f"Hedging: {percent(hedging.share)} of the requests were raced, {hedging.won:,} of {hedging.requests:,} "
            f"won by the hedge; the losers cost {usd(hedging.extra_nano_usd)}, {percent(hedging.extra_share)} of all"
        )
    if made.cascade.requests:
        cascade = made.cascade
        yield Text(
            f"Gates: {percent(cascade.share)} of the requests were judged, {percent(cascade.escalated_share)} of them "
            f"escalated; rejected answers cost {usd(cascade.rejected_nano_usd)}"
        )


def _rates(fallback: Rate, escalation: Rate) -> list[RenderableType]:
    row: list[RenderableType] = [printable(fallback.task) or "(none)", f"{fallback.requests:,}"]
    for rate in (fallback, escalation):
        flagged = f"! {percent(rate.rate)}" if rate.alert else percent(rate.rate)
        row.append(Text(flagged, style="bold red" if rate.alert else ""))
        row.append("-" if rate.baseline_rate is None else percent(rate.baseline_rate))
    return row


def _alert(what: str, rate: Rate) -> str:
    more = f"{percent(rate.change)} above" if rate.change is not None else "above"
    now, before = f"{rate.count:,} of {rate.requests:,}", f"{rate.baseline_count:,} of {rate.baseline_requests:,}"
    return (
        f"{printable(rate.task) or '(none)'}: {what} rate {percent(rate.rate)} is {more} its baseline of "
        f"{percent(rate.baseline_rate or 0)} ({now} requests, before {before})"
    )


def _money(made: Report) -> Iterator[Text]:
    usage, spend = made.tokens, made.spend
    yield Text(
        f"Tokens: {usage.input_tokens:,} in ({usage.cached_input_tokens:,} cached), {usage.output_tokens:,} out "
        f"({usage.reasoning_tokens:,} reasoning)"
    )
    yield Text(
        f"Spent: {usd(spend.total)}; {usd(spend.answer)} for answers, {usd(spend.overhead)} for policies' "
        f"questions and failed attempts; {percent(spend.estimated_share)} of it estimated"
    )
    if made.comparison:
        yield _saving(made.comparison)
        yield Text(
            f"That is an estimate: the tokens of the answers at {made.comparison.model}'s prices. Against the answers "
            f"alone, without overhead: {_difference(made.comparison.saved_before_overhead_nano_usd)}, "
            f"{percent(abs(made.comparison.saved_before_overhead_share))}"
        )
    else:
        yield Text("Saving: unknown without prices; name a configuration with --config")


def _saving(comparison: Comparison) -> Text:
    against = f"Everything at {comparison.model}: {usd(comparison.nano_usd)}; "
    if comparison.saved_nano_usd >= 0:
        saved = f"routing saved {usd(comparison.saved_nano_usd)}, {percent(comparison.saved_share)}"
        return Text.assemble(against, (saved, "bold green"))
    return Text.assemble(against, (f"routing cost {usd(-comparison.saved_nano_usd)} more", "bold red"))


def _difference(saved_nano_usd: int) -> str:
    return f"{usd(abs(saved_nano_usd))} {'saved' if saved_nano_usd >= 0 else 'more'}"
