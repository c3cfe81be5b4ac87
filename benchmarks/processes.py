"""Servers under measurement, each a process of its own, and the CPU time and memory that they use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_PATIENCE = 180.0


class Process:
    """A child process pinned to `core`; what it uses includes what its own children use."""

    def __init__(self, command: Sequence[str], core: int, environment: Mapping[str, str] | None = None) -> None:
        self._command, self._core, self._environment = list(command), core, environment
        self.began = 0.0

    def _start(self, output: int | IO[bytes], errors: int | None = None) -> subprocess.Popen[bytes]:
        self.began = time.perf_counter()
        self._process = subprocess.Popen(self._command, stdout=output, stderr=errors, env=self._environment)
        os.sched_setaffinity(self._process.pid, {self._core})
        return self._process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu(self) -> float:
        """Seconds of CPU used so far by all its threads, those that ended included, to the nanosecond (Linux)."""
        return sum(time.clock_gettime(_cpu_clock(pid)) for pid in _family(self._process.pid))

    def memory(self) -> int:
        """Bytes resident."""
        return sum(resident(Path(f"/proc/{pid}/status").read_text()) for pid in _family(self._process.pid))


class Server(Process):
    """One of our modules, which says where it listens in the first line that it prints."""

    def __init__(self, arguments: Sequence[str], core: int) -> None:
        super().__init__([sys.executable, *arguments], core)
        self.first_line = ""

    def __enter__(self) -> Self:
        output = self._start(subprocess.PIPE).stdout
        assert output
        self.first_line = output.readline().decode().strip()
        if not self.first_line:
            raise SystemExit(f"{' '.join(self._command)} ended before it was ready; see its messages above")
        return self


class LoggingServer(Process):
    """A server of somebody else's, which logs on which port it listens: `announces` has that in a group."""

    def __init__(
        self, command: Sequence[str], core: int, environment: Mapping[str, str], announces: str, log: Path
    ) -> None:
        super().__init__(command, core, environment)
        self._announces, self._log = re.compile(announces), log
        self.port = 0

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            process = self._start(log, subprocess.STDOUT)
        while not (found := self._announces.search(text := self._log.read_text(errors="replace"))):
            if process.poll() is not None or time.perf_counter() - self.began > _PATIENCE:
                self.__exit__(None, None, None)
                raise SystemExit(f"{self._command[0]} was not ready; the end of what it said:\n{text[-2000:]}")
            time.sleep(0.02)
        self.port = int(found[1])
        return self


def resident(status: str) -> int:
    """Bytes, of a process's status file; 0 for one that has ended."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _cpu_clock(pid: int) -> int:
    """What clock_getcpuclockid(3) gives; Python has only its sister for threads."""
    return ~pid << 3 | 2
