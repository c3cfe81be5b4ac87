"""A Redis for the server under load, killed once on the way and started again, empty."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

SERVER = "redis-server"


class Redis:
    """On a free port, and keeping nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._port = int(found.getsockname()[1])

    @staticmethod
    def installed() -> bool:
        return shutil.which(SERVER) is not None

    @property
    def section(self) -> str:
        """What the configuration says of it."""
        return f"\nstate: {{store: redis, url: 'redis://127.0.0.1:{self._port}/0', when_down: last_known, share: 1}}\n"

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()

    def restart(self) -> None:
        """Kill it, which loses all that it knew, and start another."""
        self._kill()
        self._start()

    def _start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen([SERVER, *options], stdout=subprocess.DEVNULL)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
