"""The ledger's database is full, locked, down or silent: answers are given all the same, and their rows land later."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import grpc
import psycopg
import pytest
from tests.faults.caller import Question, Reply
from tests.faults.documents import document
from tests.faults.world import Simulator, World, opened, simulating, until
from tests.postgres_server import PASSWORD, PostgresServer

from pointsman.ledger.place import Place, Postgres
from pointsman.ledger.reading import reading
from pointsman.sim import SimSettings

pytestmark = pytest.mark.anyio

ASKED = Question(task="healthy", hedged=False)
SPOOL = 1024 * 1024


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The threads are the same on either event loop."""
    return "asyncio"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with simulating(SimSettings(port=0, ttft_median=0, token_interval=0, drain=0)) as simulator:
        yield simulator


def ledger_at(where: str, spool: Path) -> str:
    """A configuration whose ledger is there, and does not wait long for it."""
    ledger = f'ledger: {{{where}, spool: {{path: "{spool}", max_bytes: {SPOOL}, after: 300ms}}}}'
    return document().replace('ledger: {path: "LEDGER"}', ledger)


async def ask(world: World, times: int) -> list[Reply]:
    return await asyncio.gather(*(world.caller.ask(ASKED, streamed=bool(n % 2)) for n in range(times)))


def answered(replies: list[Reply]) -> set[str]:
    return {reply.decision_id for reply in replies if reply.code is grpc.StatusCode.OK}


def rows(place: Place) -> Counter[str]:
    """How many attempts there are of each decision that is there."""
    with reading(place) as reader:
        return Counter(
            row[0] for row in reader.execute("SELECT decision_id FROM decisions JOIN attempts USING (decision_id)")
        )


async def spooled(world: World) -> int:
    found = re.search(rb"^pointsman_ledger_spooled_records (\d+)", await world.metrics(), re.MULTILINE)
    assert found
    return int(found[1])


async def until_replayed(world: World) -> None:
    async with asyncio.timeout(20):
        while await spooled(world):  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the ledger logged, in order, without where it is."""
    told = [line.message for line in caplog.records if line.name == "pointsman.ledger.recording"]
    return [message.partition(": ")[2].split(":")[0] for message in told]


AWAY, BACK = "records go to the spool", "records are committed again"
FULL = "answers are refused, because the spool is full and the database is away"


def changes(caplog: pytest.LogCaptureFixture) -> bool:
    """Whether it went away and came back, one line each: on a slow machine it may do so more than once."""
    told = [line for line in lines(caplog) if line != FULL]
    return len(told) > 1 and told == [AWAY, BACK] * (len(told) // 2)


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    path.mkdir()
    mounted = subprocess.run(  # noqa: S603 - our own
        ["/bin/mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(path)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small file system can be mounted by root alone: {mounted.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["/bin/umount", str(path)], check=True)  # noqa: S603 - our own


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


async def test_a_full_disk(simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = ledger_at('path: "LEDGER"', tmp_path / "spool")
    with small_disk(tmp_path / "disk") as disk:
        async with opened(text, simulator, disk, caplog) as world:
            fill(disk / "filler")
            replies = await ask(world, 20)
            assert len(answered(replies)) == 20
            assert await spooled(world) >= 10
            # Until the spool is full too.
            while len(answered(more := await ask(world, 50))) == 50:
                replies += more
            replies += more
            refused = [reply for reply in more if reply.code is not grpc.StatusCode.OK]
            assert {(reply.code, reply.reason) for reply in refused} == {
                (grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
            }
            (disk / "filler").unlink()
            await until_replayed(world)
            await until(lambda: BACK in lines(caplog))
            replies += await ask(world, 1)
            await until_replayed(world)
            stored = rows(world.ledger)
            assert answered(replies) <= stored.keys()
            assert set(stored.values()) == {1}
            assert lines(caplog).count(FULL) == 1
            assert changes(caplog)
            assert await world.leaks() == []


async def test_another_process_keeps_the_ledger_locked(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(ledger_at('path: "LEDGER"', tmp_path / "spool"), simulator, tmp_path, caplog) as world:
        replies = await ask(world, 5)
        with closing(sqlite3.connect(world.ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            replies += await ask(world, 30)
            replies += await ask(world, 30)
            assert len(answered(replies)) == 65
            assert rows(world.ledger).total() <= 5
            other.execute("ROLLBACK")
        await until_replayed(world)
        assert rows(world.ledger) == dict.fromkeys(answered(replies), 1)
        await until(lambda: changes(caplog))


@pytest.fixture
def place(postgres: PostgresServer) -> Postgres:
    return postgres.place()


@pytest.fixture
def text(place: Postgres, tmp_path: Path) -> str:
    (tmp_path / "url").write_text(place.url)
    return ledger_at(f'url: "${{file:{tmp_path}/url}}"', tmp_path / "spool")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
async def test_postgresql_goes_away_under_load(
    simulator: Simulator,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    postgres: PostgresServer,
    place: Postgres,
    text: str,
    how: signal.Signals,
) -> None:
    async with opened(text, simulator, tmp_path, caplog) as world:
        replies = await ask(world, 5)
        load = asyncio.create_task(ask(world, 100))
        if how is signal.SIGKILL:
            postgres.kill()
        else:
            postgres.stop(how)
        replies += [*await load, *await ask(world, 50)]
        assert len(answered(replies)) == 155
        assert await spooled(world) >= 50
        await asyncio.to_thread(postgres.start)
        await until_replayed(world)
        assert rows(place) == dict.fromkeys(answered(replies), 1)
        await until(lambda: changes(caplog))
        assert PASSWORD not in caplog.text + (await world.metrics()).decode()


async def test_postgresql_is_silent(
    simulator: Simulator,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    postgres: PostgresServer,
    place: Postgres,
    text: str,
) -> None:
    async with opened(text, simulator, tmp_path, caplog) as world:
        replies = await ask(world, 5)
        with postgres.paused():
            replies += await ask(world, 50)
            assert len(answered(replies)) == 55
            assert await spooled(world) >= 50
        await until_replayed(world)
        replies += await ask(world, 5)
        await until_replayed(world)
        assert rows(place) == dict.fromkeys(answered(replies), 1)
        await until(lambda: changes(caplog))


async def test_postgresql_is_away_at_the_start(
    simulator: Simulator,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    postgres: PostgresServer,
    place: Postgres,
    text: str,
) -> None:
    postgres.stop()
    try:
        async with opened(text, simulator, tmp_path, caplog) as world:
            replies = await ask(world, 10)
            assert len(answered(replies)) == 10
    finally:
        postgres.start()
    with psycopg.connect(place.url) as connection:
        assert connection.execute("SELECT to_regclass('decisions')").fetchone() == (None,)
    async with opened(text, simulator, tmp_path, caplog) as world:
        await until_replayed(world)
        assert rows(place) == dict.fromkeys(answered(replies), 1)
