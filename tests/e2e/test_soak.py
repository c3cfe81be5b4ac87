"""The soak run itself, as short as it can be and say something; `make soak` is for as long as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(120)
def test_a_server_under_load_grows_by_nothing_and_loses_nothing() -> None:
    # What a quarter of a minute takes beside the allocator's own habits is a leak of kilobytes a call.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.4", "--memory", "8000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
