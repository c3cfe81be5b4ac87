"""Our own commands as child processes: started, waited for until they are ready, and always stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pointsman.errors import PointsmanError

_POLL = 0.02
_START = 20.0
_STOP = 10.0


class ChildFailed(PointsmanError):
    """A child process ended, or did not get ready; the message ends with what it wrote to standard error."""


class Child:
    """One running command. What it prints goes to files in `directory`."""

    def __init__(self, arguments: Sequence[str], directory: Path) -> None:
        self.name = arguments[0]
        self._output, self._errors = directory / f"{self.name}.out", directory / f"{self.name}.err"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            # A session of its own: Ctrl-C in our terminal must not stop it behind our back.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own commands
                [sys.executable, "-m", "pointsman", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    def wait_for(self, pattern: str) -> str:
        """The first group of `pattern`, once the child has printed it."""
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            ended = self._process.poll() is not None
            for path in (self._output, self._errors):
                if found := re.search(pattern, path.read_text(errors="replace")):
                    return found[1]
            if ended:
                raise ChildFailed(f"`{self.name}` ended with status {self._process.returncode}:\n{self.errors()}")
            time.sleep(_POLL)
        raise ChildFailed(f"`{self.name}` was not ready after {_START:g} s:\n{self.errors()}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def errors(self) -> str:
        """Its standard error so far."""
        return self._errors.read_text(errors="replace").strip()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and end it where it does not; its exit status."""
        self._process.send_signal(number)
        try:
            return self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


@contextmanager
def child(arguments: Sequence[str], directory: Path) -> Iterator[Child]:
    """`pointsman ARGUMENTS`, stopped at the end whatever happened."""
    started = Child(arguments, directory)
    try:
        yield started
    finally:
        started.stop()
