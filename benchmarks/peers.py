"""Pointsman beside other gateways: the same question, the same upstream, the same run; CPU of the server process first.

Each speaks its own door. All servers run throughout, on one core, and everything else on the other; each round measures
a slice of every gateway, and ratios are taken within a round. A call counts once its answer has been read and is whole.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import grpc.aio
import uvloop

from benchmarks.doors import CallFailed, Door, GrpcDoor, HttpDoor
from benchmarks.overhead import CLIENT_CORE, CONCURRENCY, PAUSE, SERVER_CORE, STREAMS
from benchmarks.peer_report import OURS, Gateway, Slice, report
from benchmarks.peer_servers import Peer, installed
from benchmarks.processes import Process, Server
from benchmarks.simulator import EXAMPLE

# Calls in a slice: enough of each for a figure, though a peer's may take twenty times as long as ours.
OUR_CALLS, THEIR_CALLS, ALONE = 512, 128, 50
# Streams end before the cap that the example's task puts on ours, so that all get the same answer.
TOKENS = 250


class Upstream:
    """A simulator, and what it was asked for."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self.url = session, url

    async def forget(self) -> None:
        await self._session.delete(f"{self.url}/sim/log")

    async def asked(self) -> tuple[int, int]:
        """Calls since `forget`, and tokens sent in answer."""
        async with self._session.get(f"{self.url}/sim/log") as answer:
            calls = await answer.json()
        return len(calls), sum(call["tokens"] for call in calls)


@dataclass(frozen=True, slots=True)
class Load:
    """So many calls, so many at a time."""

    calls: int
    concurrency: int


async def drive(process: Process, upstream: Upstream, call: Callable[[], Awaitable[str]], load: Load) -> Slice:
    """Make the calls. One that fails takes its time and its CPU, and is no answer and no latency."""
    left, latencies, failures = load.calls, [], []

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            try:
                await call()
            except CallFailed as failed:
                failures.append(str(failed))
            else:
                latencies.append(time.perf_counter() - began)

    await upstream.forget()
    cpu, began = process.cpu(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(load.concurrency)))
    cpu, elapsed = process.cpu() - cpu, time.perf_counter() - began
    calls, tokens = await upstream.asked()
    return Slice(tuple(latencies), tuple(failures), cpu, elapsed, calls, tokens)


@dataclass(frozen=True, slots=True)
class Side:
    """One process of a gateway, the simulator behind it and the way in."""

    process: Process
    upstream: Upstream
    door: Door

    async def drive(self, call: Callable[[], Awaitable[str]], load: Load) -> Slice:
        return await drive(self.process, self.upstream, call, load)


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway under measurement: a process for calls, one for streams. `texts` are its first answers."""

    gateway: Gateway
    calls: int
    unary: Side
    paced: Side
    texts: list[str]

    async def warm_up(self) -> None:
        """Until every path has been taken; whether streams work is found out here."""
        await self.unary.drive(self.unary.door.unary, Load(self.calls, CONCURRENCY))
        try:
            self.texts.append(await self.paced.door.stream())
        except CallFailed as failed:
            self.gateway.no_streams = str(failed)

    async def round(self) -> None:
        side, gateway = self.unary, self.gateway
        gateway.busy.append(await side.drive(side.door.unary, Load(self.calls, CONCURRENCY)))
        gateway.alone.append(await side.drive(side.door.unary, Load(ALONE, 1)))
        gateway.loaded = side.process.memory()
        if not gateway.no_streams:
            gateway.streams.append(await self.paced.drive(self.paced.door.stream, Load(STREAMS, STREAMS)))


async def measure(running: Sequence[Running], rounds: int) -> None:
    """Interleaved slices, so that a slow moment of the machine hits everybody."""
    for one in running:
        await one.warm_up()
        for theirs, ours in zip(one.texts, running[0].texts, strict=False):
            if theirs != ours:
                told = f"{one.gateway.name} answered {len(theirs)} characters, {OURS} {len(ours)} others"
                raise SystemExit(f"{told}: that is not the same work, so nothing is compared")
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for one in running:
            await one.round()


class Starting:
    """Starts gateways one after the other, each while nobody is asked anything."""

    def __init__(self, stack: AsyncExitStack, instant: str, paced: str) -> None:
        self._stack, self._urls = stack, (instant, paced)

    async def gateway(self, peer: Peer | None) -> Running:
        """The peer, or Pointsman: the first process is timed until it has answered a call."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        instant, paced = (Upstream(session, url) for url in self._urls)
        gateway = Gateway(peer.name, peer.version(), peer.goal) if peer else Gateway(OURS)
        unary = await self._side(peer, instant)
        gateway.idle = unary.process.memory()
        text = await unary.door.unary()
        gateway.start_seconds, gateway.start_cpu = time.perf_counter() - unary.process.began, unary.process.cpu()
        calls = THEIR_CALLS if peer else OUR_CALLS
        return Running(gateway, calls, unary, await self._side(peer, paced), [text])

    async def _side(self, peer: Peer | None, upstream: Upstream) -> Side:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return await (self._theirs(peer, upstream, folder) if peer else self._ours(upstream, folder))

    async def _ours(self, upstream: Upstream, folder: Path) -> Side:
        doors = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ledger", str(folder / "ledger.db")]
        command = ["-m", "pointsman", "serve", "--config", str(EXAMPLE), "--simulated", upstream.url, *doors]
        server = self._stack.enter_context(Server(command, SERVER_CORE))
        found = re.search(r"grpc (\S+:\d+)", server.first_line)
        if not found:
            raise SystemExit(f"the server did not say where it listens: {server.first_line!r}")
        channel = await self._stack.enter_async_context(grpc.aio.insecure_channel(found[1]))
        return Side(server, upstream, GrpcDoor(channel))

    async def _theirs(self, peer: Peer, upstream: Upstream, folder: Path) -> Side:
        server = self._stack.enter_context(peer.server(upstream.url, folder, SERVER_CORE))
        connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(headers=peer.headers(upstream.url), connector=connector)
        await self._stack.enter_async_context(session)
        return Side(server, upstream, HttpDoor(session, f"http://127.0.0.1:{server.port}", peer.model))


async def main(rounds: int) -> int:
    """Start everything, measure, report; 1 where calls failed."""
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the server under measurement, one for everything else")
    peers = installed()
    os.sched_setaffinity(0, {CLIENT_CORE})
    async with AsyncExitStack() as stack:
        sim = ["-m", "benchmarks.simulator"]
        instant = stack.enter_context(Server([*sim, "0"], CLIENT_CORE)).first_line
        paced = stack.enter_context(Server([*sim, str(PAUSE), str(TOKENS)], CLIENT_CORE)).first_line
        starting = Starting(stack, instant, paced)
        running = [await starting.gateway(peer) for peer in (None, *peers)]
        await measure(running, rounds)
        return report([one.gateway for one in running])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of interleaved slices (%(default)s)")
    sys.exit(uvloop.run(main(parser.parse_args().rounds)))
