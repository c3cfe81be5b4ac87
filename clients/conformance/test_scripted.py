"""What each runner prints of each scenario, and what the server saw of it, is what the scenario says."""

from __future__ import annotations

import asyncio

import pytest
from clients.conformance.comparing import Played, play
from clients.conformance.runners import Runner
from clients.conformance.scenarios import Scenario, scenarios

# Of the fixture that runs a language.
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="session")
def played(runner: Runner) -> Played:
    return asyncio.run(play(runner, scenarios()))


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
def test_scenario(played: Played, scenario: Scenario) -> None:
    assert played.differences(scenario) == []
