"""Somebody who types what a page of docs says, in an environment of their own where Pointsman is installed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

BASH = "/bin/bash"


class Reader:
    """Saves files, runs commands and starts servers; the ports that the pages name are replaced by free ones."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._cwd, self._stack, self._bin = directory, stack, directory / "venv" / "bin"
        venv.create(directory / "venv", with_pip=False)
        (site,) = (directory / "venv").glob("lib/python*/site-packages")
        # What the tests run on is installed there too; only ours is added to it.
        (site / "_installed.pth").write_text("".join(f"{path}\n" for path in sys.path if Path(path).is_dir()))
        command = self._bin / "pointsman"
        command.write_text('#!/bin/sh\nexec python -m pointsman "$@"\n')
        command.chmod(0o755)
        self._ports = {port: free_port() for port in ("8900", "50051")}

    def save(self, name: str, text: str) -> None:
        (self._cwd / name).write_text(text)

    def run(self, script: str) -> str:
        marked = f"set -e\n{self._mine(script)}\npwd >&2"
        ran = subprocess.run(  # noqa: S603 - what our own page says
            [BASH, "-c", marked], cwd=self._cwd, env=self._environment(), capture_output=True, text=True, timeout=100
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
        self._cwd = Path(ran.stderr.splitlines()[-1])
        return ran.stdout

    def start(self, script: str) -> None:
        """In a terminal of its own, until it says where it listens."""
        self._stack.enter_context(serving(self._mine(script), self._cwd, self._environment()))

    def _mine(self, script: str) -> str:
        for port, mine in self._ports.items():
            script = script.replace(port, mine)
        # Everything that building needs is installed, and there is no network to fetch it from.
        return script.replace("pip install", "pip install --quiet --no-build-isolation")

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {
            **kept,
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }


def free_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


@contextmanager
def serving(script: str, cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - the same
        [BASH, "-c", script],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "ready" in line or "simulator at" in line:
                break
        else:
            raise AssertionError(f"{script} ended:\n{''.join(said)}")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)
