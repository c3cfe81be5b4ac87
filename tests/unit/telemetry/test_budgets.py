from __future__ import annotations

import pytest

from pointsman.rpc.status import CODES
from pointsman.telemetry import names
from pointsman.telemetry.budgets import BudgetGauge
from pointsman.telemetry.metrics import Metrics


async def test_it_is_read_anew_at_each_scrape() -> None:
    ratios = {"acme/day": 0.25}

    async def read() -> dict[str, float]:
        return dict(ratios)

    gauge, metrics = BudgetGauge(read), Metrics("v1", CODES)
    metrics.gauge(names.BUDGET_USED_RATIO, gauge.values, gauge.refresh)
    for ratio in (0.25, 0.5):
        ratios["acme/day"] = ratio
        await metrics.refresh()
        assert f'pointsman_budget_used_ratio{{scope="acme/day"}} {ratio}' in metrics.exposition()[0].decode()


async def test_what_cannot_be_read_stays_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    answers = [{"acme/day": 0.25}]

    async def read() -> dict[str, float]:
        return answers.pop()

    gauge = BudgetGauge(read)
    await gauge.refresh()
    await gauge.refresh()
    assert gauge.values() == {("acme/day",): 0.25}
    assert "budgets cannot be read for their metric: IndexError" in caplog.text
