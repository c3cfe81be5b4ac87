"""Simulated providers, Pointsman and a caller on real sockets, in one process; what must hold after every fault."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import grpc
import msgspec
import pytest
from tests.faults.caller import PROMPT_CANARY, Caller, Question
from tests.faults.documents import KEY_CANARY, KEYS
from tests.faults.policies import TEXT_CANARY, Turnstile, with_hanging, with_misbehaving

import pointsman
from pointsman.app import App
from pointsman.config.load import load
from pointsman.config.reload import Origin
from pointsman.config.settings import Config
from pointsman.ledger.reading import reading
from pointsman.ledger.recorded import find
from pointsman.model.attempt import Attempt
from pointsman.model.record import Record
from pointsman.ports import Clock
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.sim import CallRecord, SimSettings, serve

# Not hedged: a loser that is given up before its request is sent has a row, and nothing in any provider's log.
HEALTHY = Question(task="healthy", hedged=False)
CANARIES = (PROMPT_CANARY, KEY_CANARY, TEXT_CANARY)

_PACKAGE = Path(pointsman.__file__).parent

CLOSED_WITHIN = 1.0
"""Seconds in which the upstream connection of a call that is over must be closed, or back in the pool."""

PATIENCE = 20.0
"""Seconds for what has no deadline of its own: only a test that fails waits so long."""


class _Active(msgspec.Struct):
    count: int
    calls: list[CallRecord]


class Simulator:
    """A simulator as its HTTP interface shows it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self._http = url, http

    async def ended(self) -> list[CallRecord]:
        return msgspec.json.decode(await self.get("/sim/log"), type=list[CallRecord])

    async def active(self) -> list[CallRecord]:
        return msgspec.json.decode(await self.get("/sim/active"), type=_Active).calls

    async def get(self, path: str) -> bytes:
        async with self._http.get(f"{self.url}{path}") as answer:
            return await answer.read()

    async def until_active(self, count: int = 1) -> None:
        """Wait until so many calls are in flight."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.active()) != count:  # noqa: ASYNC110 - a simulator announces nothing
                await asyncio.sleep(0.005)

    async def until_idle(self, seconds: float = CLOSED_WITHIN) -> None:
        """Wait until no call is in flight, which must be so within `seconds`."""
        due = time.monotonic() + seconds
        while active := await self.active():
            assert time.monotonic() < due, f"still in flight after {seconds:g} s: {active}"
            await asyncio.sleep(0.01)


class World:
    """One server under test."""

    def __init__(self, simulator: Simulator, app: App, turnstile: Turnstile, log: pytest.LogCaptureFixture) -> None:
        self.simulator, self.app, self.turnstile, self.log = simulator, app, turnstile, log
        self.caller = Caller(app.grpc_address)
        self.ledger = Path(app.config.ledger.path)

    def records(self) -> list[Record]:
        """What the ledger holds, in order of arrival."""
        with reading(self.ledger) as connection:
            ids = [row[0] for row in connection.execute("SELECT decision_id FROM decisions ORDER BY received")]
        found = [find(self.ledger, decision) for decision in ids]
        return [recorded.record for recorded in found if recorded]

    def attempts(self, target: str = "failing") -> list[Attempt]:
        """The attempts recorded for one model."""
        return [attempt for record in self.records() for attempt in record.attempts if attempt.target == target]

    async def until_recorded(self, requests: int) -> None:
        """Wait until so many requests are in the ledger: one whose caller went away is recorded a little later."""
        await until(lambda: len(self.records()) >= requests)

    async def check_afterwards(self, *, unrecorded: int = 0, unreached: str = "") -> None:
        """What must hold after every fault. `unrecorded` calls were refused before there was anything to record.

        `unreached` is a provider that is somewhere else than at the simulator, which therefore knows nothing of it.
        """
        await self.simulator.until_idle()
        await until(lambda: not running())
        await self.until_recorded(self.caller.asked - unrecorded)
        assert self.turnstile.outstanding == 0
        reply = await self.caller.ask(HEALTHY, streamed=True)
        assert (reply.code, reply.finish.served_by.model) == (grpc.StatusCode.OK, "healthy")
        await until(lambda: not running())
        self._check_records(unrecorded)
        self._check_attempts(await self.simulator.ended(), unreached)
        assert await self.leaks() == []

    def _check_records(self, unrecorded: int) -> None:
        records = {record.decision_id: record for record in self.records()}
        assert len(records) == self.caller.asked - unrecorded
        for reply in self.caller.replies:
            if reply.decision_id:
                assert records[reply.decision_id].status == (reply.reason or reply.code.name)

    def _check_attempts(self, log: list[CallRecord], unreached: str) -> None:
        attempts = [attempt for record in self.records() for attempt in record.attempts]
        reached = Counter((a.provider, a.upstream) for a in attempts if a.provider != unreached)
        assert reached == Counter((c.provider, c.model) for c in log)
        known = Counter(a.upstream_request_id for a in attempts if a.upstream_request_id.startswith("req_sim_"))
        assert known <= Counter(call.id for call in log)
        # None is of one that was admitted and then given up before it was made; what policies ask for themselves
        # passes no turnstile.
        assert Counter(filter(None, self.turnstile.settled)) == Counter(a for a in attempts if a.answers)

    async def leaks(self, canaries: Sequence[str] = CANARIES) -> list[tuple[str, str]]:
        """Secrets found in logs, metrics, ledger, or what callers are told beside the answer, with their places."""
        places = {
            "logs": self.log.text.encode(),
            "metrics": await self.metrics(),
            **{path.name: path.read_bytes() for path in self.ledger.parent.glob(f"{self.ledger.name}*")},
            **{f"reply {i}": b"\n".join(reply.told()) for i, reply in enumerate(self.caller.replies)},
        }
        return [(place, canary) for place, data in places.items() for canary in canaries if canary.encode() in data]

    async def metrics(self) -> bytes:
        async with aiohttp.ClientSession() as http, http.get(f"http://{self.app.http_address}/metrics") as answer:
            return await answer.read()


@asynccontextmanager
async def simulating(settings: SimSettings) -> AsyncIterator[Simulator]:
    """A simulator of its own."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(settings, ready.set_result))
    async with aiohttp.ClientSession() as http:
        yield Simulator(await ready, http)
    serving.cancel()
    await asyncio.wait([serving])


@asynccontextmanager
async def opened(
    text: str,
    simulator: Simulator,
    directory: Path,
    log: pytest.LogCaptureFixture,
    lookup: Lookup = system_lookup,
    clock: Clock | None = None,
) -> AsyncIterator[World]:
    """A server of this configuration in front of the simulator, with a turnstile behind its chain."""
    turnstile, path = Turnstile(), directory / "pointsman.yaml"

    def read(document: Path | str) -> Config:
        config = load(document, KEYS, installed=with_misbehaving(), gates=with_hanging())
        return replace(config, entries=(*config.entries, turnstile.entry()))

    write(path, text, simulator, directory)
    async with App(read(path), Origin(path, read), lookup=lookup, clock=clock) as app:
        world = World(simulator, app, turnstile, log)
        yield world
        await world.caller.close()


def write(path: Path, text: str, simulator: Simulator, directory: Path) -> None:
    """A configuration into its file. Nothing watches it: a reload has to be asked for."""
    written = text.replace("SIMULATOR", simulator.url).replace("LEDGER", str(directory / "ledger.db"))
    path.write_text(written.replace("drain: 0s", "drain: 0s, watch: off"))


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition that nothing announces."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - as the docstring says
            await asyncio.sleep(0.005)


def running() -> list[asyncio.Task[object]]:
    """Calls being served, and tasks in our own code: attempts, settlements, heartbeats."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "rpc_task" or _is_ours(task)]


def _is_ours(task: asyncio.Task[object]) -> bool:
    # What a configuration has open lives in a task as long as it is in use.
    if task.get_name().startswith("configuration "):
        return False
    code = getattr(task.get_coro(), "cr_code", None)
    filename = Path(code.co_filename) if code else _PACKAGE
    return _PACKAGE in filename.parents and _PACKAGE / "sim" not in filename.parents
