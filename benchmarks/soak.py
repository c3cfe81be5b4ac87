"""A server under load for as long as one likes: does it grow, does it lose anything, does anything go wrong unprovoked?

A fifth of the calls is given up, one provider is down throughout, another comes and goes, and the configuration is
reloaded every few seconds. Where there is a redis-server, the server keeps its state there, and halfway that is killed
and begins anew. Exit status 1 where anything is found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
from rich.console import Console

from benchmarks.machine import machine
from benchmarks.processes import resident
from benchmarks.simulator import EXAMPLE
from benchmarks.soak_load import Callers
from benchmarks.soak_redis import Redis
from benchmarks.soak_report import Fit, Growth, Limits, Outcome, Sample, failures
from pointsman.cli.children import child

RESULTS = Path(__file__).parent / "results" / "soak.json"
WARM_UP_SHARE, WARM_UP_MOST = 1 / 2, 900.0
"""Of the time, and seconds at most: caches fill and pools open in steps, and the room that a reload takes for a moment
grows over the first hundred and seventy, which is no leak."""

_EVERY, _CHANGES, _RELOADS = 1.0, 7.0, 5.0
_CALLERS = 16
_DOWN, _COMES_AND_GOES = "mistral", "groq"
# Every provider that could have served may be down at once, as far as the breakers know.
_EXPLAINED = frozenset({"ALL_PROVIDERS_DOWN"})
_QUIET = 5.0


@dataclass(slots=True)
class Soak:
    """One run against a server of this process id."""

    pid: int
    simulator: str
    config: Path
    redis: Redis | None
    seconds: float
    samples: list[Sample] = field(default_factory=list)
    reloads: int = 0

    async def run(self, callers: Callers) -> None:
        """Load, faults, reloads and measurements, all at once, for `seconds`."""
        until = time.monotonic() + self.seconds
        async with asyncio.TaskGroup() as group:
            disturbing = [
                group.create_task(work)
                for work in (self._measure(), self._come_and_go(), self._reload(), self._lose_state())
            ]
            await callers.call_until(lambda: time.monotonic() >= until)
            for task in disturbing:
                task.cancel()

    async def _measure(self) -> None:
        began = time.monotonic()
        while True:
            self.samples.append(measured(self.pid, time.monotonic() - began))
            await asyncio.sleep(_EVERY)

    async def _come_and_go(self) -> None:
        faults: dict[str, str] = {_DOWN: "http-503"}
        async with aiohttp.ClientSession() as http:
            while True:
                await asyncio.sleep(_CHANGES)
                faults = {**faults, _COMES_AND_GOES: "http-503"} if len(faults) == 1 else {_DOWN: "http-503"}
                async with http.put(f"{self.simulator}/sim/faults", data=json.dumps(faults)) as answer:
                    answer.raise_for_status()

    async def _reload(self) -> None:
        """Another configuration each time: the number of retries changes."""
        text = self.config.read_text()
        while True:
            await asyncio.sleep(_RELOADS)
            self.reloads += 1
            self.config.write_text(f"{text}\nfailover: {{retries: {self.reloads % 2 + 1}}}\n")
            os.kill(self.pid, signal.SIGHUP)

    async def _lose_state(self) -> None:
        if self.redis:
            await asyncio.sleep(self.seconds / 2)
            await asyncio.to_thread(self.redis.restart)

    def steady(self) -> Sequence[Sample]:
        """The samples after the warm-up."""
        warm = min(self.seconds * WARM_UP_SHARE, WARM_UP_MOST)
        return [sample for sample in self.samples if sample.at >= warm]


def measured(pid: int, at: float) -> Sample:
    """What /proc says of a process now (Linux)."""
    proc = Path(f"/proc/{pid}")
    targets = []
    for descriptor in (proc / "fd").iterdir():
        try:
            targets.append(os.readlink(descriptor))
        except FileNotFoundError:
            continue  # closed since
    sockets = sum(target.startswith("socket:") for target in targets)
    status = (proc / "status").read_text()
    threads = re.search(r"^Threads:\s+(\d+)$", status, re.MULTILINE)
    return Sample(at, resident(status), len(targets), sockets, int(threads[1]) if threads else 0)


async def running_calls(http_address: str) -> int:
    """Calls that the server still works on, a moment after the last caller left."""
    async with aiohttp.ClientSession() as http:
        for _ in range(int(_QUIET / 0.1)):
            async with http.get(f"http://{http_address}/metrics") as answer:
                found = re.search(r"^pointsman_requests_running (\S+)$", await answer.text(), re.MULTILINE)
            running = int(float(found[1])) if found else 0
            if not running:
                break
            await asyncio.sleep(0.1)
    return running


def recorded(ledger: Path) -> dict[str, str]:
    """The status of every request in the ledger, by decision id."""
    with closing(sqlite3.connect(ledger)) as connection:
        return dict(connection.execute("SELECT decision_id, status FROM decisions"))


def complaints(log: str) -> list[str]:
    """The server's own lines of level error and above; lines about requests are no complaints of its.

    That the shared state is away is for it to say, once.
    """
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    others = [line for line in log.splitlines() if not line.startswith("{")]
    found = [f"{line['logger']}: {line['message']}" for line in lines if line["level"] in ("error", "critical")]
    away = [line for line in found if line.startswith("pointsman.stores.redis_link:")]
    return others + [line for line in found if line not in away[:1]]


async def soak(seconds: float) -> tuple[Growth, Outcome, Soak]:
    """A whole run: simulator, server and callers."""
    with tempfile.TemporaryDirectory(prefix="pointsman-soak-") as name, ExitStack() as stack:
        folder = Path(name)
        config, ledger = folder / "pointsman.yaml", folder / "ledger.db"
        redis = stack.enter_context(Redis(folder)) if Redis.installed() else None
        config.write_text(EXAMPLE.read_text() + (redis.section if redis else ""))
        pace = ("--ttft-median", "0.03", "--token-interval", "0.001", "--fault", f"{_DOWN}=http-503")
        with child(["sim", "--port", "0", *pace], folder) as sim:
            url = sim.wait_for(r"simulator at (http://[^/]+)/")
            doors = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ledger", str(ledger), "--log-json"]
            with child(["serve", "--config", str(config), "--simulated", url, *doors], folder) as server:
                grpc_at, http_at = re.split(r", (?:http|api) ", server.wait_for(r"ready: grpc (.+)"))[:2]
                run = Soak(server.pid, url, config, redis, seconds)
                callers = Callers(grpc_at, _CALLERS, seed=1)
                await run.run(callers)
                running = await running_calls(http_at)
                await callers.close()
            heard = callers.heard
            outcome = Outcome(
                acknowledged=heard.acknowledged,
                cancelled=heard.cancelled,
                errors=heard.errors,
                recorded=recorded(ledger),
                logged=complaints(server.errors()),
                running=running,
                reloads=run.reloads,
            )
            return Growth.of(run.steady()), outcome, run


def show(console: Console, growth: Growth, outcome: Outcome, run: Soak) -> None:
    """The figures, for people."""

    def line(what: str, fitted: Fit, unit: str = "") -> str:
        return f"{what}: {fitted.per_minute:+.2f} ± {fitted.error:.2f}{unit} a minute"

    steady = run.steady()
    first, last, late = steady[0], run.samples[-1], Growth.of(steady[len(steady) // 2 :])
    good = len(outcome.acknowledged)
    console.print(
        f"{run.seconds / 60:g} minutes, {good} answers seen whole, {outcome.cancelled} calls given up, "
        f"{outcome.reloads} reloads, {'one loss of the shared state' if run.redis else 'no redis-server'}"
    )
    console.print(line("memory", growth.memory, " kB") + f", {last.resident / 2**20:.1f} MiB at the end")
    console.print(line("memory, second half", late.memory, " kB"))
    console.print(
        line("descriptors", growth.descriptors) + f", {first.descriptors} after the warm-up, {last.descriptors} at "
        f"the end, {last.sockets} of them sockets"
    )
    console.print(line("threads", growth.threads) + f", {last.threads} at the end")
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.errors.items())) or "none"
    console.print(f"errors that callers were told: {told}")
    console.print(f"rows in the ledger: {len(outcome.recorded)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="(%(default)s)")
    parser.add_argument(
        "--memory", type=float, help="kB a minute that are no leak (100; of runs under ten minutes: 2000)"
    )
    options = parser.parse_args()
    # In a short run the allocator has not yet settled: what it takes then says little of what comes.
    memory = options.memory if options.memory is not None else 100.0 if options.minutes >= 10 else 2000.0
    growth, outcome, run = asyncio.run(soak(options.minutes * 60))
    console = Console(highlight=False, soft_wrap=True)
    console.print(machine())
    show(console, growth, outcome, run)
    wrong = list(failures(growth, outcome, Limits(memory), _EXPLAINED))
    for failure in wrong:
        console.print(f"[red]FAILED[/red] {failure}")
    RESULTS.parent.mkdir(exist_ok=True)
    figures = {"machine": machine(), "minutes": options.minutes, "growth": growth, "errors": outcome.errors}
    counts = {"answers": len(outcome.acknowledged), "cancelled": outcome.cancelled, "rows": len(outcome.recorded)}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode({**figures, **counts, "failures": wrong})))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
