"""What the recorded requests add up to: mixes, spend, latency, and what one model for everything would have cost."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pointsman.cli.figures import bar, percent, seconds, usd
from pointsman.cli.ledger_option import add_ledger
from pointsman.cli.terminal import Terminal, table
from pointsman.config.load import load_catalogue
from pointsman.config.scalars import duration
from pointsman.errors import ConfigInvalid, PointsmanError
from pointsman.ledger.recorded import newest_config
from pointsman.ledger.reports import Comparison, Group, OneModel, Period, Report, TierLatency, report
from pointsman.model.catalogue import Catalogue
from pointsman.model.pricing import cost_nano_usd
from pointsman.nearest import nearest


class NoSuchModel(PointsmanError):
    """The model to compare with is not configured."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_ledger(parser)
    parser.add_argument("--since", type=_since, metavar="TIME", help="only what is younger, such as 24h; unset: all")
    parser.add_argument(
        "--against", metavar="MODEL", help="the one model to compare with; unset: the first of the dearest tier"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="whose prices to compare with; unset: the newest of the ledger"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    now = time.time()
    since = 0.0 if options.since is None else now - options.since
    made = report(options.ledger, Period(since, now), _one_model(options))
    if terminal.json:
        terminal.dump(made)
    else:
        terminal.show(*report_parts(made))
    return 0


def one_model(catalogue: Catalogue, name: str | None) -> OneModel:
    """The model named, else the first of the last tier: what a team without a router would give everybody."""
    if name is None:
        models = [
            model for tier in reversed(catalogue.tiers) for model in catalogue.models.values() if model.tier == tier
        ]
        model = models[0]
    elif (found := catalogue.find(name)) is None:
        known = nearest(name, [*catalogue.models, *catalogue.aliases])
        raise NoSuchModel(f"there is no model {name!r} to compare with{known}")
    else:
        model = found
    return OneModel(model.id, partial(cost_nano_usd, model.price))


def report_parts(made: Report) -> Iterator[RenderableType]:
    """The whole report, from who asked to what it cost."""
    only_decided = f"{made.only_decided:,} decisions without a run"
    if not made.requests:
        cost = f" for {usd(made.spend.total)}" if made.spend.total else ""
        yield Text(
            f"{only_decided}{cost}, nothing else." if made.only_decided else "Nothing was recorded in this period."
        )
        return
    beside = f"; {only_decided}" if made.only_decided else ""
    yield Text(f"{made.requests:,} requests, {usd(made.spend.total)}{beside}\n", style="bold")
    for title, groups in (
        ("Tasks", made.tasks),
        ("Tiers", made.tiers),
        ("Models that served", made.models),
        ("Decided by", made.deciders),
        ("Status", made.statuses),
    ):
        yield _groups(title, groups)
    if made.latencies:
        columns = ("tier", ">answers", ">ttft p50", ">ttft p95", ">whole p50", ">whole p95")
        yield table("Latency", columns, map(_latency, made.latencies))
    yield from _money(made)


def _one_model(options: argparse.Namespace) -> OneModel | None:
    """None where the ledger has no configuration that can be read: it may be empty, or of another release."""
    document = options.config or newest_config(options.ledger)
    try:
        catalogue = None if document is None else load_catalogue(document)
    except ConfigInvalid:
        if options.config:
            raise
        catalogue = None
    if catalogue is not None:
        return one_model(catalogue, options.against)
    if options.against:
        raise NoSuchModel(
            f"--against needs prices, and ledger {options.ledger} has no configuration that this Pointsman can read; "
            "name one with --config"
        )
    return None


def _groups(title: str, groups: Sequence[Group]) -> Table:
    rows: list[list[RenderableType]] = [
        [
            group.name or "(none)",
            f"{group.requests:,}",
            percent(group.share),
            Text(bar(group.share), style="cyan"),
            usd(group.cost_nano_usd),
        ]
        for group in groups
    ]
    return table(title, ("", ">requests", ">share", f"{'':24}", ">cost"), rows)


def _latency(latency: TierLatency) -> list[str]:
    ttft, whole = latency.ttft, latency.duration
    first = [seconds(ttft.p50), seconds(ttft.p95)] if ttft else ["-", "-"]
    return [latency.tier, f"{whole.samples:,}", *first, seconds(whole.p50), seconds(whole.p95)]


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
    yield Text(f"Fallback rate: {percent(made.fallback_rate)}")
    if made.comparison:
        yield _saving(made.comparison)
    else:
        yield Text("Saving: unknown without prices; name a configuration with --config")


def _saving(comparison: Comparison) -> Text:
    against = f"Everything at {comparison.model}: {usd(comparison.nano_usd)}; "
    if comparison.saved_nano_usd >= 0:
        saved = f"routing saved {usd(comparison.saved_nano_usd)}, {percent(comparison.saved_share)}"
        return Text.assemble(against, (saved, "bold green"))
    return Text.assemble(against, (f"routing cost {usd(-comparison.saved_nano_usd)} more", "bold red"))


def _since(text: str) -> float:
    try:
        return duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
