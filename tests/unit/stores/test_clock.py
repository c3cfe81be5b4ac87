from __future__ import annotations

import time

from pointsman.ports import Clock
from pointsman.stores.clock import SystemClock


def test_both_times_are_the_machines() -> None:
    clock: Clock = SystemClock()
    before = (time.time(), time.monotonic())
    between = (clock.now(), clock.monotonic())
    after = (time.time(), time.monotonic())
    assert before[0] <= between[0] <= after[0]
    assert before[1] <= between[1] <= after[1]
