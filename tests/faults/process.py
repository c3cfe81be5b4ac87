"""`pointsman serve` in a process of its own, for what cannot be tried inside one: signals and death."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.caller import Caller
from tests.faults.documents import KEYS
from tests.faults.world import PATIENCE, Simulator

from pointsman.ledger.reading import reading

_ROOT = Path(__file__).parents[2]


class Served:
    """A running server, and a caller of it."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, directory: Path) -> None:
        self._process = process
        self.caller = Caller(address)
        self.ledger = directory / "ledger.db"
        self._log = directory / "log.txt"

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    async def exit_status(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    def resident(self) -> int:
        """Bytes of memory that it has."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    def statuses(self) -> dict[str, str]:
        """The status of every recorded request, by decision id."""
        with reading(self.ledger) as connection:
            return dict(connection.execute("SELECT decision_id, status FROM decisions").fetchall())

    def log(self) -> str:
        """Everything it has logged, down to debug."""
        return self._log.read_text()


@asynccontextmanager
async def serving(text: str, simulator: Simulator, directory: Path) -> AsyncIterator[Served]:
    """A server of this configuration, and its ledger and log in `directory`; killed at the end if it still runs."""
    config = directory / "pointsman.yaml"
    config.write_text(text.replace("SIMULATOR", simulator.url).replace("LEDGER", str(directory / "ledger.db")))
    command = ("-m", "pointsman", "serve", "--log-level", "debug", "--config", str(config))
    with (directory / "log.txt").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=_ROOT, env={**os.environ, **KEYS}, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        async with asyncio.timeout(PATIENCE):
            served = Served(process, await _announced(process), directory)
        yield served
        await served.caller.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _announced(process: asyncio.subprocess.Process) -> str:
    """The gRPC address that it says it listens on."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    ready = re.match(rb"pointsman ready: grpc ([^,\s]+)", line)
    assert ready, f"the server said {line!r}"
    return ready[1].decode()
