from __future__ import annotations

import subprocess
import sys


def test_the_kit_needs_no_pytest() -> None:
    code = "import sys, pointsman.testing; print('pytest' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.strip() == "False"
