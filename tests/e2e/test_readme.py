"""The Python of the README and of the feedback page is run as it is printed, against a server started as it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.conftest import Running

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("page", "printed"), [("README.md", "trains"), ("docs/feedback.md", " USD")])
def test_the_python_client_prints_an_answer(running: Running, page: str, printed: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S)
    mine = code.replace("127.0.0.1:50051", running.address)
    assert mine != code
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", mine], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
