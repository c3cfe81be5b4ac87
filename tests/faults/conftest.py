from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from tests.faults.world import Simulator, World, opened, simulating

from pointsman.ports import Clock
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.sim import SimSettings


class Start(Protocol):
    """Starts a server of a configuration; `lookup` resolves the hosts of its providers, `clock` None: the system's."""

    async def __call__(self, text: str, lookup: Lookup = system_lookup, clock: Clock | None = None) -> World: ...


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
        pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    ],
    scope="session",
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Every fault on both event loops."""
    backend: tuple[str, dict[str, bool]] = request.param
    return backend


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with simulating(SimSettings(port=0, ttft_median=0, token_interval=0, drain=0)) as simulator:
        yield simulator


@pytest.fixture
async def start(simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Start]:
    """Starts a server of a configuration."""
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:

        async def start(text: str, lookup: Lookup = system_lookup, clock: Clock | None = None) -> World:
            return await stack.enter_async_context(opened(text, simulator, tmp_path, caplog, lookup, clock))

        yield start
