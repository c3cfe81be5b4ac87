from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.ledger.days import MOST, days_of, zone_of

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
INSTANTS = st.integers(1_600_000_000, 1_650_000_000)


@settings(max_examples=40, deadline=None)
@given(ZONES, st.lists(INSTANTS, min_size=1, max_size=20))
def test_a_database_finds_the_day_that_a_calendar_has(name: str, instants: list[int]) -> None:
    zone = zone_of(name)
    days = days_of(min(instants), max(instants), zone)
    connection = sqlite3.connect(":memory:")
    found = [
        connection.execute(f"SELECT {days.number_sql('t')} FROM (SELECT ? AS t)", (float(instant),)).fetchone()[0]  # noqa: S608
        for instant in instants
    ]
    connection.close()
    assert [days.names[number] for number in found] == [
        datetime.fromtimestamp(instant, zone).date().isoformat() for instant in instants
    ]


def test_what_is_very_old_counts_as_one_day() -> None:
    days = days_of(0.0, datetime(2026, 11, 24, tzinfo=UTC).timestamp(), UTC)
    assert (len(days.names), len(days.midnights)) == (MOST, MOST - 1)
    assert (days.names[0], days.names[-1]) == ("until 2024-02-29", "2026-11-24")
