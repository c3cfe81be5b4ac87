from __future__ import annotations

import pytest

from pointsman.cli.figures import bar, counted, micros, percent, seconds, span, sparkline, usd


@pytest.mark.parametrize(
    ("nano_usd", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.000001"),
        (-999, "<$0.000001"),
        (1_000, "$0.000001"),
        (123_456, "$0.000123"),
        (-250_000_000, "-$0.250000"),
        (1_234_500_000_000, "$1,234.50"),
    ],
)
def test_dollars(nano_usd: int, shown: str) -> None:
    assert usd(nano_usd) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.0, "0 ms"), (0.0846, "85 ms"), (0.9999, "1.00 s"), (1234.5, "1,234.50 s")]
)
def test_seconds(value: float | None, shown: str) -> None:
    assert seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0 s"),
        (59.4, "59 s"),
        (60.0, "1 min"),
        (3_600.0, "1 h"),
        (83_433.2, "23 h 11 min"),
        (172_800.0, "2 d"),
        (1_000_000.0, "11 d 13 h"),
    ],
)
def test_how_long_until(value: float, shown: str) -> None:
    assert span(value) == shown


def test_micros_and_shares() -> None:
    assert (micros(None), micros(1234.4), percent(0.1234)) == ("-", "1,234 µs", "12.3%")


@pytest.mark.parametrize(("share", "length"), [(0.0, 0), (-1.0, 0), (0.0001, 1), (0.5, 12), (1.0, 24), (7.0, 24)])
def test_whatever_is_there_has_a_bar(share: float, length: int) -> None:
    assert bar(share) == "█" * length


def test_a_line_of_blocks() -> None:
    assert sparkline([0, 1, 2, 4, 7]) == "▁▂▃▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_one_is_singular() -> None:
    assert [counted(number, "request") for number in (0, 1, 1200)] == ["0 requests", "1 request", "1,200 requests"]
