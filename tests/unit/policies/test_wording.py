from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pointsman_policies.wording import dollars, instant


@given(st.integers(0, 10**19))
def test_no_nano_usd_is_lost(amount: int) -> None:
    said = dollars(amount)
    assert Decimal(said.removeprefix("$")) * 10**9 == amount
    assert "." not in said or said[-1] not in ".0"


@given(st.floats(0, 4_000_000_000))
def test_an_instant_is_in_utc(seconds: float) -> None:
    assert instant(seconds) == f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
