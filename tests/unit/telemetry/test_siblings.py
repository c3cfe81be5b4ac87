from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pointsman.rpc.status import CODES
from pointsman.telemetry import names
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.siblings import Siblings, Worker, bury

pytestmark = pytest.mark.anyio

Series = dict[tuple[str, ...], float]


def counting(requests: int, *, running: int = 0, degraded: int = 0) -> Metrics:
    """One whose figures are known: so many decisions of 3 ms each, and gauges."""
    metrics = Metrics("v1", CODES)
    for _ in range(requests):
        metrics._decide[()].observe(0.003)
    metrics._tokens["input",] += 10 * requests
    metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): running})
    metrics.gauge(names.STATE_DEGRADED, lambda: {(): degraded})
    return metrics


async def shown(siblings: Siblings) -> Series:
    body, content_type = await siblings.exposition()
    assert content_type.startswith("text/plain")
    return {
        (sample.name, *[text for pair in sorted(sample.labels.items()) for text in pair]): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


INPUT = ("pointsman_tokens_total", "type", "input")


async def test_what_is_counted_adds_up_and_what_is_said_does_not(tmp_path: Path) -> None:
    async with (
        Siblings(Worker(0, 0, tmp_path), counting(2, running=3)) as one,
        Siblings(Worker(1, 0, tmp_path), counting(5, running=4, degraded=1)) as other,
    ):
        for siblings in (one, other):
            series = await shown(siblings)
            assert series[INPUT] == 70
            assert series["pointsman_decide_duration_seconds_count",] == 7
            assert series["pointsman_decide_duration_seconds_bucket", "le", "0.005"] == 7
            assert series["pointsman_decide_duration_seconds_sum",] == pytest.approx(0.021)
            assert series["pointsman_requests_running",] == 7
            assert series["pointsman_state_degraded",] == 1
            assert series["pointsman_config_info", "version", "v1"] == 1
            own = [key[-1] for key in series if key[0] == "process_cpu_seconds_total"]
            assert own == ["0", "1"]


async def test_a_worker_that_ended_has_counted_all_the_same(tmp_path: Path) -> None:
    dead = Worker(1, 0, tmp_path)
    async with Siblings(Worker(0, 0, tmp_path), counting(2)) as left:
        async with Siblings(dead, counting(5, running=4)):
            pass
        series = await shown(left)
        assert (series[INPUT], series["pointsman_requests_running",]) == (70, 0)
        bury(dead)
        assert (await shown(left))[INPUT] == 70
        async with Siblings(Worker(1, 1, tmp_path), counting(1)):
            assert (await shown(left))[INPUT] == 80
        bury(Worker(1, 1, tmp_path))
        assert (await shown(left))[INPUT] == 80
        # Those before are kept in the sum alone.
        assert {name for name in os.listdir(tmp_path) if name.startswith("1.")} == {"1.1.metrics", "1.1.sock"}


async def test_what_was_shown_once_survives_its_worker(tmp_path: Path) -> None:
    metrics = counting(5)
    async with Siblings(Worker(0, 0, tmp_path), counting(2)) as left:
        killed = await Siblings(Worker(1, 0, tmp_path), metrics).__aenter__()
        assert (await shown(left))[INPUT] == 70
        # As SIGKILL leaves it: the socket is there, and nobody behind it.
        assert killed._server is not None
        assert killed._keeping is not None
        killed._server.close()
        killed._keeping.cancel()
        assert (await shown(left))[INPUT] == 70
