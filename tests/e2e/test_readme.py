"""The README's client is run as it is printed, against a server started as the README says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import Running

README = Path(__file__).parents[2] / "README.md"


def test_the_python_client_prints_an_answer(running: Running) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    mine = code.replace("127.0.0.1:50051", running.address)
    assert mine != code
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", mine], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "trains" in done.stdout
