"""Checks the clients of every language, then holds them to the conformance suite: `make test-clients`.

A language whose tools are not on this machine is named and left out; in CI, where CI is set, that is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clients.conformance.runners import TOOLS, absent

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2


def check(language: str) -> bool:
    """Whether its own `check` is content. What it says is printed when it is done, since several run at once."""
    began = time.monotonic()
    done = subprocess.run(
        [ROOT / "clients" / language / "check"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcome = "fails" if done.returncode else "passes"
    print(f"{done.stdout.rstrip()}\nclients/{language}/check {outcome} ({time.monotonic() - began:.0f} s)", flush=True)
    return not done.returncode


def main() -> int:
    ci = bool(os.environ.get("CI"))
    missing = {language: tools for language in TOOLS if (tools := absent(language))}
    for language, tools in missing.items():
        print(f"clients/{language} is left out: there is no {', '.join(tools)} here", file=sys.stderr)
    if ci and missing:
        return 1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        passed = list(pool.map(check, [language for language in TOOLS if language not in missing]))
    if not all(passed):
        return 1
    # The checks have fetched what generating takes.
    drift = [sys.executable, "scripts/generate.py", "--check", *(["--all"] if ci else [])]
    suite = [sys.executable, "-m", "pytest", "-q", "clients/conformance", *sys.argv[1:]]
    return max(subprocess.run(command, cwd=ROOT, check=False).returncode for command in (drift, suite))


if __name__ == "__main__":
    sys.exit(main())
