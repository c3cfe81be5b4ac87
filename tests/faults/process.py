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

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from tests.faults.caller import Caller
from tests.faults.documents import KEYS
from tests.faults.world import PATIENCE, Simulator

from pointsman.ledger.reading import reading

_ROOT = Path(__file__).parents[2]


class Served:
    """A running server, and a caller of it."""

    def __init__(self, process: asyncio.subprocess.Process, ready: tuple[str, ...], directory: Path) -> None:
        self._process = process
        address, self._http, self.api = ready
        self.caller = Caller(address)
        self.ledger = directory / "ledger.db"
        self._log = directory / "log.txt"

    def hang_up(self) -> None:
        self._process.send_signal(signal.SIGHUP)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    async def exit_status(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    def workers(self) -> list[int]:
        """The ids of the processes that it has started, the oldest first."""
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    async def metric(self, name: str, **labels: str) -> list[float]:
        """The values of a metric's series with these labels."""
        async with aiohttp.ClientSession() as http, http.get(f"http://{self._http}/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return [sample.value for sample in samples if labels.items() <= sample.labels.items()]

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
async def serving(text: str, simulator: Simulator, directory: Path, *options: str) -> AsyncIterator[Served]:
    """A server of this configuration, with `options` of `serve`; its ledger and log are in `directory`.

    It is killed at the end if it still runs.
    """
    config = directory / "pointsman.yaml"
    config.write_text(text.replace("SIMULATOR", simulator.url).replace("LEDGER", str(directory / "ledger.db")))
    command = ("-m", "pointsman", "serve", "--log-level", "debug", "--config", str(config), *options)
    with (directory / "log.txt").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=_ROOT, env={**os.environ, **KEYS}, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        # Several workers start one after the other.
        async with asyncio.timeout(2 * PATIENCE):
            served = Served(process, await _announced(process), directory)
        yield served
        await served.caller.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _announced(process: asyncio.subprocess.Process) -> tuple[str, ...]:
    """Where it says that it listens: gRPC, HTTP and the HTTP API, which may be off."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    ready = re.match(rb"pointsman ready: grpc ([^,\s]+), http ([^,\s]+), api ([^,\s]+)", line)
    assert ready, f"the server said {line!r}"
    return tuple(address.decode() for address in ready.groups())
