from __future__ import annotations

import pytest

from pointsman.ledger.rates import compare


@pytest.mark.parametrize(
    ("now", "before", "alert"),
    [
        pytest.param((300, 1000), (100, 1000), True, id="three times as many"),
        pytest.param((115, 1000), (100, 1000), False, id="15 percent above"),
        pytest.param((116_000, 1_000_000), (100_000, 1_000_000), True, id="more, of very many"),
        pytest.param((115_000, 1_000_000), (100_000, 1_000_000), False, id="exactly 15 percent, of very many"),
        pytest.param((118, 1000), (100, 1000), False, id="more, but no more than chance makes of so few"),
        pytest.param((50, 99), (1, 1000), False, id="too few"),
        pytest.param((50, 1000), (1, 99), False, id="too few before"),
        pytest.param((100, 100), (0, 100), True, id="never before"),
        pytest.param((0, 100), (0, 100), False, id="never"),
        pytest.param((100, 100), (100, 100), False, id="always"),
        pytest.param((10, 1000), (100, 1000), False, id="better"),
    ],
)
def test_what_deserves_an_alert(now: tuple[int, int], before: tuple[int, int], alert: bool) -> None:
    assert compare("code", now, before).alert is alert


def test_changes_are_relative() -> None:
    rate = compare("code", (30, 200), (20, 200))
    assert (rate.rate, rate.baseline_rate) == (0.15, 0.1)
    assert rate.change == pytest.approx(0.5)
    assert compare("code", (30, 200), (0, 200)).change is None
    assert compare("code", (30, 200), None).baseline_rate is None
    assert compare("code", (30, 200), (0, 0)).baseline_rate is None
