"""The official Node clients: installed once, as the lock file pins them, and run as tests of their own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.faults.world import PATIENCE

NODE = Path(__file__).parent / "node"


def node() -> str:
    """The program; skips where it is missing, but never in CI."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        assert not os.environ.get("CI"), "CI needs node and npm"
        pytest.skip("there is no node or npm here: install Node 20 or newer")
    _install()
    return found


def _install() -> None:
    lock, done = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = [
        "npm",
        "ci",
        "--ignore-scripts",
        "--omit=peer",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--silent",
    ]
    subprocess.run(npm, cwd=NODE, check=True, timeout=50)  # noqa: S603


async def run(script: str, environ: dict[str, str]) -> None:
    """Run a file of tests; what fails is in the assertion."""
    process = await asyncio.create_subprocess_exec(
        node(),
        "--test",
        script,
        cwd=NODE,
        env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE * 2)
    assert process.returncode == 0, output.decode()
