"""What the recorded requests add up to: mixes, spend, latency, and what one model for everything would have cost.

Exit status 3 with --alert where a rate is flagged: more than 15 % above its baseline, and by more than chance explains.
"""

from __future__ import annotations

import argparse
import time
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

from pointsman.cli.ledger_option import add_ledger
from pointsman.cli.report_parts import report_parts
from pointsman.cli.terminal import Terminal
from pointsman.config.load import load_catalogue
from pointsman.config.scalars import duration
from pointsman.errors import ConfigInvalid, PointsmanError
from pointsman.ledger.days import zone_of
from pointsman.ledger.figures import Period, Scope
from pointsman.ledger.recorded import newest_config
from pointsman.ledger.reports import OneModel, Question, report
from pointsman.model.catalogue import Catalogue
from pointsman.nearest import nearest

ALERTED = 3
"""Exit status where a rate is flagged."""
_WRONG = 2

Moment = float | datetime
"""Seconds ago, or a time, whose zone may be left to --time-zone."""


class NoSuchModel(PointsmanError):
    """The model to compare with is not configured."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_ledger(parser)
    _add_scope(parser)
    parser.add_argument(
        "--against", metavar="MODEL", help="the one model to compare with; unset: the dearest that is configured"
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="whose prices to compare with; unset: the newest of the ledger"
    )
    parser.add_argument(
        "--baseline",
        type=_duration,
        metavar="DURATION",
        help="compare rates with so much time before --since; unset: as much as the period has",
    )
    parser.add_argument(
        "--alert", action="store_true", help=f"exit with status {ALERTED} where a rate is flagged; needs --since"
    )
    parser.add_argument("--time-zone", type=_zone, default="UTC", metavar="NAME", help="whose days (%(default)s)")
    parser.add_argument(
        "--most", type=_count, default=10, metavar="N", help="tenants, sessions and the like to name (%(default)s)"
    )


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since",
        type=_moment,
        metavar="TIME",
        help="how long ago, such as 24h, or a date such as 2026-11-01; unset: all",
    )
    parser.add_argument("--until", type=_moment, metavar="TIME", help="the same; unset: now")
    for name in ("tenant", "task", "feature"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f'only this {name}; "" is requests without one')


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    period = _period(options, time.time())
    wrong = ""
    if period.since >= period.until:
        wrong = "--since is not before --until"
    elif options.since is None and (options.alert or options.baseline is not None):
        wrong = f"{'--alert' if options.alert else '--baseline'} compares with what was before --since; name one"
    if wrong:
        terminal.error(f"pointsman report: {wrong}")
        return _WRONG
    made = report(
        options.ledger,
        Question(
            period=period,
            scope=Scope(options.tenant, options.task, options.feature),
            one_model=_one_model(options),
            baseline=_baseline(options, period),
            zone=options.time_zone,
            most=options.most,
        ),
    )
    if terminal.json:
        terminal.dump(made)
    else:
        terminal.show(*report_parts(made))
    return ALERTED if options.alert and made.rates.alerts() else 0


def one_model(catalogue: Catalogue, name: str | None) -> OneModel:
    """The model named, else the dearest for three tokens of input to one of output, the first of several."""
    if name is None:
        models = catalogue.models.values()
        model = max(models, key=lambda model: 3 * model.price.input + model.price.output)
    elif (found := catalogue.find(name)) is None:
        known = nearest(name, [*catalogue.models, *catalogue.aliases])
        raise NoSuchModel(f"there is no model {name!r} to compare with{known}")
    else:
        model = found
    return OneModel(model.id, model.price)


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


def _period(options: argparse.Namespace, now: float) -> Period:
    def instant(moment: Moment) -> float:
        if isinstance(moment, float):
            return now - moment
        return (moment if moment.tzinfo else moment.replace(tzinfo=options.time_zone)).timestamp()

    since = 0.0 if options.since is None else instant(options.since)
    return Period(since, now if options.until is None else instant(options.until))


def _baseline(options: argparse.Namespace, period: Period) -> Period | None:
    if options.since is None:
        return None
    return period.before(period.until - period.since if options.baseline is None else options.baseline)


def _moment(text: str) -> Moment:
    try:
        return duration(text)
    except ValueError as error:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} {error}; or a date or time such as 2026-11-01T09:30") from None


def _duration(text: str) -> float:
    try:
        found = duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from None
    if not found:
        raise argparse.ArgumentTypeError("must be longer than nothing")
    return found


def _zone(name: str) -> tzinfo:
    try:
        return zone_of(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError(
            f"{name!r} is no time zone known here; use a name such as Europe/Berlin, or install tzdata"
        ) from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 1000, not {text!r}")
    return int(text)
