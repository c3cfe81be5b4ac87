"""Which accounts a request counts towards, and in which windows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from tests.unit.engine.budgets import budget, cap, requests

from pointsman.engine.budgets import Budgets
from pointsman.model.budget import Budget, Period
from pointsman.model.request import Hints, Request
from pointsman.testing import make_catalogue, make_request
from pointsman.testing.builders import NOW


def asked(text: str = "Hello", key: str = "", tenant: str = "default", **labels: str) -> Request:
    hints = Hints(session_id=labels.pop("session", ""), labels=labels)
    return replace(make_request(text, hints=hints), tenant=tenant, key=key)


def scopes(given: Budget, request: Request) -> list[str]:
    return [booking.scope for booking in Budgets([given], make_catalogue()).bookings(request, NOW)]


@pytest.mark.parametrize(
    ("given", "request_", "expected"),
    [
        (budget(5), asked(), ["all/day"]),
        (budget(5, name="acme", tenant="acme"), asked(tenant="acme"), ["acme/day"]),
        (budget(5, name="acme", tenant="acme"), asked(), []),
        (budget(5, name="keys", key="*"), asked(key="k-1"), ["keys[k-1]/day"]),
        (budget(5, name="keys", key="*"), asked(), []),
        (budget(5, name="users", user="*", tenant="*"), asked(user="a,b"), ["users[default,a%2Cb]/day"]),
        (budget(5, name="s", session="*", tenant="*"), asked(session="s-1"), ["s[default,s-1]/day"]),
        (budget(5, name="p", project="x", feature="y"), asked(project="x", feature="y"), ["p/day"]),
        (budget(5, name="p", project="x", feature="y"), asked(project="x"), []),
        (budget(5, name="t", task="*"), asked(), ["t[simple]/day", "t[code]/day", "t[reasoning]/day"]),
        (budget(5, name="m", model="opus", tenant="*"), asked(), ["m[default]/day"]),
        (budget(5, cap(9, period=Period.MONTH), requests(3)), asked(), ["all/day", "all/month", "all/requests"]),
    ],
)
def test_what_a_request_counts_towards(given: Budget, request_: Request, expected: list[str]) -> None:
    assert scopes(given, request_) == expected
    meters = Budgets([given], make_catalogue()).meters
    for scope in expected:
        (values,) = [values for meter in meters if (values := meter.values_of(scope)) is not None]
        assert scope in [meter.scope(values) for meter in meters if len(meter.open) == len(values)]


def test_accounts_are_told_apart_by_what_they_count_not_by_name() -> None:
    one, renamed, other, zoned = (
        Budgets([given], make_catalogue()).bookings(asked(user="u"), NOW)[0].account.key
        for given in (
            budget(5, name="a", user="*", tenant="*"),
            budget(7, name="b", tenant="*", user="*"),
            budget(5, name="a", user="*"),
            budget(5, name="a", user="*", tenant="*", zone="Asia/Tokyo"),
        )
    )
    assert one == renamed
    assert len({one, other, zoned}) == 3


@pytest.mark.parametrize(
    ("period", "zone", "now", "start", "end"),
    [
        (Period.MINUTE, "UTC", "2023-11-14T22:13:20", "2023-11-14T22:13", "2023-11-14T22:14"),
        (Period.DAY, "UTC", "2023-11-14T22:13:20", "2023-11-14T00:00", "2023-11-15T00:00"),
        (Period.DAY, "Europe/Berlin", "2023-11-14T23:30", "2023-11-14T23:00", "2023-11-15T23:00"),
        (Period.DAY, "Europe/Berlin", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        (Period.DAY, "Europe/Berlin", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),
        (Period.WEEK, "UTC", "2023-11-19T23:59:59", "2023-11-13T00:00", "2023-11-20T00:00"),
        (Period.MONTH, "UTC", "2023-12-31T10:00", "2023-12-01T00:00", "2024-01-01T00:00"),
        (Period.MONTH, "America/New_York", "2024-02-01T04:59", "2024-01-01T05:00", "2024-02-01T05:00"),
    ],
)
def test_windows_follow_the_calendar_of_their_zone(period: Period, zone: str, now: str, start: str, end: str) -> None:
    moments = [datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() for moment in (now, start, end)]
    (booking,) = Budgets([budget(cap(5, period=period), zone=zone)], make_catalogue()).bookings(asked(), moments[0])
    assert [booking.window.start, booking.window.end] == moments[1:]
