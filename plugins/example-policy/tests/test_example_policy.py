"""The contract that every policy keeps, what this one decides, and a server that runs it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

import example_policy
from pointsman.testing import (
    Case,
    PolicyContract,
    RunningServer,
    check_case,
    make_config,
    make_snapshot,
    read_cases,
)

pytest_plugins = ["pointsman.testing.fixtures"]

HERE = Path(__file__).parent
TUESDAY = datetime.fromisoformat("2026-03-10T10:00:00+01:00").timestamp()
SUNDAY = datetime.fromisoformat("2026-03-15T10:00:00+01:00").timestamp()
OPTIONS = {"zone": "Europe/Berlin", "closed_tiers": ["frontier"]}
MISTAKES: dict[str, dict[str, object]] = {
    "zone": {"zone": "Mars/Olympus_Mons"},
    "closes": {"opens": 9, "closes": 9},
    "days[1]": {"days": ["mon", "someday"]},
    "closed_tiers": {"closed_tiers": ["galactic"]},
}


class TestContract(PolicyContract):
    plugin = example_policy.plugin
    use = "example-policy"
    options = OPTIONS
    snapshots = (make_snapshot(now=TUESDAY), make_snapshot(now=SUNDAY))
    mistakes = MISTAKES
    example = HERE.parent / "README.md"


@pytest.mark.parametrize("case", read_cases(HERE / "golden.yaml"), ids=str)
def test_decision(case: Case) -> None:
    check_case(case, {"example-policy": example_policy.plugin})


@pytest.fixture(scope="module")
def pointsman_config() -> str:
    """Never open, so that it does not matter when the tests run."""
    return make_config({"use": "example-policy", "with": {"days": [], "closed_tiers": ["small"]}})


def test_a_server_runs_it(pointsman_server: RunningServer) -> None:
    decision = asyncio.run(pointsman_server.route("What is the capital of France?"))
    assert (decision.mode, decision.tier) == ("eco", "mid")
    excluded = {candidate.model: candidate.excluded_by for candidate in decision.candidates if candidate.excluded_by}
    assert excluded == {"flash": "example-policy", "mini": "example-policy"}
