"""Calendar days of a time zone, as a database that knows nothing of time zones can tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

MOST = 1_000
"""Days that are told apart; what is older counts as one."""


def zone_of(name: str) -> tzinfo:
    """The time zone of this name; ZoneInfoNotFoundError or ValueError where this machine knows none."""
    # Known even where no others are installed.
    return UTC if name == "UTC" else ZoneInfo(name)


class Days(Struct, frozen=True):
    """Days by number, from 0. `midnights` are Unix seconds: each begins the day of the next number."""

    names: tuple[str, ...]
    midnights: tuple[float, ...]

    def number_sql(self, column: str) -> str:
        """An expression for the number of the day that these Unix seconds are in."""
        return _number(column, self.midnights, 0)


def days_of(first: float, last: float, zone: tzinfo) -> Days:
    """The days from that of one instant to that of another, each its own length where clocks are changed."""
    begins, ends = datetime.fromtimestamp(first, zone).date(), datetime.fromtimestamp(last, zone).date()
    skipped = max(0, (ends - begins).days + 1 - MOST)
    begins += timedelta(skipped)
    dates = [begins + timedelta(day) for day in range((ends - begins).days + 1)]
    names = [date.isoformat() for date in dates]
    if skipped:
        names[0] = f"until {names[0]}"
    midnights = [datetime.combine(date, time(), zone).timestamp() for date in dates[1:]]
    return Days(tuple(names), tuple(midnights))


def _number(column: str, midnights: Sequence[float], first: int) -> str:
    # Halved each time: a database compares a row with ten midnights of a thousand.
    if not midnights:
        return str(first)
    middle = len(midnights) // 2
    before = _number(column, midnights[:middle], first)
    after = _number(column, midnights[middle + 1 :], first + middle + 1)
    return f"CASE WHEN {column} < {midnights[middle]!r} THEN {before} ELSE {after} END"
