from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.faults.world import Simulator, simulating

from pointsman.sim import ModelSettings, SimSettings

# Slow enough that a call can be cut off in the middle, short enough for a thousand of them.
_MODELS = {name: ModelSettings(output_tokens=30) for name in ("sim-healthy", "sim-standby")}
_SETTINGS = SimSettings(port=0, ttft_median=0.02, token_interval=0.002, models=_MODELS, drain=0, log_limit=100_000)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with simulating(_SETTINGS) as simulator:
        yield simulator
