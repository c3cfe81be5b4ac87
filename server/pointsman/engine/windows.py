"""Windows of the calendar: when the one of a moment began, and when the next does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from pointsman.model.budget import Period, Window


def zone_named(name: str) -> tzinfo:
    """The time zone of an IANA name; ZoneInfoNotFoundError or ValueError for none. UTC needs no zone data."""
    return UTC if name == "UTC" else ZoneInfo(name)


def window_of(period: Period, zone: tzinfo, now: float) -> Window:
    """The window that a moment is in. A day has 23 or 25 hours where clocks are changed."""
    if period is Period.MINUTE:
        start = now // 60 * 60
        return Window(start, start + 60)
    today = datetime.fromtimestamp(now, zone).date()
    if period is Period.DAY:
        first, after = today, today + timedelta(days=1)
    elif period is Period.WEEK:
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=31)).replace(day=1)
    return Window(_midnight(first, zone), _midnight(after, zone))


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
