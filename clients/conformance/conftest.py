"""The runners that are there."""

from __future__ import annotations

import os

import pytest
from clients.conformance.runners import RUNNERS, Runner, absent


@pytest.fixture(scope="session", params=RUNNERS, ids=lambda runner: runner.name)
def runner(request: pytest.FixtureRequest) -> Runner:
    """Each of them; one whose language is not on this machine is skipped, but not in CI."""
    found: Runner = request.param
    if tools := absent(found.language):
        assert not os.environ.get("CI"), f"CI needs {', '.join(tools)}"
        pytest.skip(f"there is no {', '.join(tools)} here")
    return found
