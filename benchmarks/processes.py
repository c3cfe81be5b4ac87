"""Servers under measurement, each a process of its own, and the CPU time that they use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class Server:
    """A child process pinned to `core`, which says where it listens in the first line that it prints."""

    def __init__(self, arguments: Sequence[str], core: int) -> None:
        self._arguments, self._core = [sys.executable, *arguments], core
        self.first_line = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, text=True)
        os.sched_setaffinity(self._process.pid, {self._core})
        assert self._process.stdout
        self.first_line = self._process.stdout.readline().strip()
        if not self.first_line:
            raise SystemExit(f"{' '.join(self._arguments)} ended before it was ready; see its messages above")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)

    def cpu(self) -> float:
        """Seconds of CPU used by all its threads so far, to the nanosecond (Linux)."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
