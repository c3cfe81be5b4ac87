"""A PostgreSQL server of our own, from the binaries that the system has, for tests that stop, pause and kill it."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg

from pointsman.ledger.place import Postgres

PASSWORD = "canary-postgres-4711"

_PATIENCE = 20.0
# What was written survives every death of the server, as long as the machine lives: no need to wait for disks.
_SETTINGS = (
    "fsync=off",
    "max_connections=50",
    "shared_buffers=16MB",
    "unix_socket_directories=",
    "log_min_messages=fatal",
)


def binaries() -> Path | None:
    """Where the newest `postgres` and `initdb` are; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path and shutil.which("postgres") else None


class PostgresServer:
    """`place` makes a database of its own for each test; the server is only ever asked over TCP, with a password."""

    def __init__(self, bin_directory: Path, directory: Path, user: str | None) -> None:
        self._bin, self._data, self._user = bin_directory, directory / "data", user
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()

    def initialize(self) -> None:
        password = self._data.parent / "password"
        password.write_text(PASSWORD)
        if self._user:
            for path in (self._data.parent, password):
                shutil.chown(path, self._user)
        options = ("--no-sync", "--username=pointsman", "--auth=scram-sha-256", f"--pwfile={password}")
        command = (str(self._bin / "initdb"), "-D", str(self._data), "--encoding=UTF8", "--locale=C", *options)
        subprocess.run(command, check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL)  # noqa: S603

    def place(self) -> Postgres:
        """A new, empty database."""
        name = f"ledger_{next(self._numbers)}"
        with self.connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return Postgres(self.url(name))

    def url(self, database: str) -> str:
        return f"postgresql://pointsman:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            yield connection

    def start(self) -> None:
        """Start, and return once it takes connections: after a crash, it recovers first."""
        settings = [item for setting in (*_SETTINGS, f"port={self.port}") for item in ("-c", setting)]
        command = (str(self._bin / "postgres"), "-D", str(self._data), *settings)
        self._process = subprocess.Popen(  # noqa: S603 - our own
            command, user=self._user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        due = time.monotonic() + _PATIENCE
        while True:
            with suppress(psycopg.OperationalError), self.connected("postgres"):
                return
            assert self._process.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < due, "PostgreSQL does not start"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: at once, in order; SIGQUIT: as after a crash."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
            self._process = None

    def kill(self) -> None:
        """Kill it and everything it has started, with SIGKILL."""
        assert self._process
        for process in self._processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait(_PATIENCE)
        self._process = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It answers nobody meanwhile, though its connections stay open."""
        processes = self._processes()
        try:
            for process in processes:
                os.kill(process, signal.SIGSTOP)
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _processes(self) -> list[int]:
        assert self._process
        main = self._process.pid
        return [main, *(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if _parent(path) == main)]


def _parent(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def postgres_server(bin_directory: Path) -> Iterator[PostgresServer]:
    """A running server, gone with all its data afterwards."""
    # It refuses to run as root.
    user = None if os.geteuid() else _somebody()
    with tempfile.TemporaryDirectory(prefix="pointsman-postgres-") as directory:
        server = PostgresServer(bin_directory, Path(directory), user)
        server.initialize()
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _somebody() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
