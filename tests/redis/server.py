"""A real Redis for tests: started, paused, killed and started again; where there is none, tests are skipped by name."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hiredis
import pytest

_START = 10.0


class RedisServer:
    """On a unix socket in `directory`, and nothing kept on disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it, empty, and return once it answers."""
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        with (self._directory / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, *options], cwd=self._directory, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        due = time.monotonic() + _START
        while True:
            try:
                assert self.ask("PING") == b"PONG"
            except OSError:
                assert time.monotonic() < due, "redis-server did not start"
                time.sleep(0.01)
            else:
                return

    def ask(self, *words: str | int) -> Any:
        """One command on a connection of its own; whatever Redis answers."""
        reader = hiredis.Reader()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.socket))
            connection.sendall(hiredis.pack_command(words))  # type: ignore[arg-type]  # its stub means tuple[…, ...]
            while (reply := reader.gets()) is False:
                reader.feed(connection.recv(65536))
        if isinstance(reply, hiredis.ReplyError):
            raise reply
        return reply

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL; everything it knew is gone."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def redis_server(directory: Path, *options: str) -> Iterator[RedisServer]:
    """A running one, with these options. Without `redis-server` on this machine the test is skipped; in CI it fails."""
    if shutil.which("redis-server") is None:
        reason = "there is no redis-server on this machine; install it (Debian: apt-get install redis-server)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = RedisServer(directory)
    server.start(*options)
    try:
        yield server
    finally:
        server.stop()
