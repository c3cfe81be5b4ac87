from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, assist, attempt, record
from tests.contract.ledger.suite import LedgerContract, Opener, Outside

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.recorded import find, find_config
from pointsman.ledger.recording import DatabaseLedger
from pointsman.ledger.schema import VERSION
from pointsman.model.attempt import Attempt, AttemptOutcome


class SqliteOutside(Outside):
    def __init__(self, path: Path) -> None:
        self._path = path

    def decision_ids(self) -> list[str]:
        with closing(sqlite3.connect(self._path)) as connection:
            return [row[0] for row in connection.execute("SELECT decision_id FROM decisions ORDER BY 1")]

    def attempts(self, decision_id: str) -> list[Attempt]:
        found = find(self._path, decision_id)
        return [] if found is None else list(found.record.attempts)

    def config(self, version: str) -> str | None:
        return find_config(self._path, version)

    def stored_bytes(self) -> bytes:
        return b"".join(file.read_bytes() for file in self._path.parent.rglob("*") if file.is_file())

    @contextmanager
    def locked(self) -> Iterator[None]:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger #1?.db"


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def outside(self, path: Path) -> Outside:
        return SqliteOutside(path)

    @pytest.fixture
    def open_ledger(self, path: Path) -> Opener:
        async def opener(**options: Any) -> DatabaseLedger:
            return await open_ledger(path, LedgerOptions(**options))

        return opener


async def test_only_its_owner_may_read_the_file(path: Path) -> None:
    ledger = await open_ledger(path)
    await ledger.append(record("d-1"))
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir() if file.is_file()}
    await ledger.aclose()
    assert modes == {0o600}


async def test_closing_ends_the_thread(path: Path) -> None:
    ledger = await open_ledger(path)
    assert "pointsman-ledger" in [thread.name for thread in threading.enumerate()]
    await ledger.aclose()
    assert "pointsman-ledger" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("synchronous", ["normal", "full"])
async def test_both_ways_to_sync(path: Path, synchronous: Literal["normal", "full"]) -> None:
    ledger = await open_ledger(path, LedgerOptions(synchronous=synchronous))
    await ledger.append(record("d-1"))
    await ledger.aclose()
    assert SqliteOutside(path).decision_ids() == ["d-1"]


async def test_many_bytes_fill_the_queue_too(path: Path) -> None:
    ledger = await open_ledger(path, LedgerOptions(queue_bytes=0))
    with pytest.raises(LedgerUnavailable, match="0 bytes"):
        await ledger.append(record("d-1"))
    await ledger.aclose()


async def test_a_record_that_cannot_be_stored_takes_no_other_with_it(path: Path) -> None:
    impossible = replace(attempt(), cost_nano_usd=2**63)
    ledger = await open_ledger(path)
    results = await asyncio.gather(
        ledger.append(record("d-1")),
        ledger.append(record("d-2", impossible)),
        ledger.append(record("d-3")),
        return_exceptions=True,
    )
    await ledger.aclose()
    assert [type(result) for result in results] == [type(None), LedgerUnavailable, type(None)]
    assert SqliteOutside(path).decision_ids() == ["d-1", "d-3"]


@pytest.fixture
def newer(path: Path) -> bytes:
    """What lies in a file that a later release wrote."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    return path.read_bytes()


async def test_a_newer_schema_is_refused_and_left_alone(path: Path, newer: bytes) -> None:
    told = rf"ledger #1\?\.db has schema version {VERSION + 1}, .* versions up to {VERSION}; use the release"
    with pytest.raises(LedgerUnavailable, match=told):
        await open_ledger(path)
    assert SqliteOutside(path).stored_bytes() == newer


async def test_opening_where_nothing_can_be(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="cannot be opened"):
        await open_ledger(tmp_path / "missing" / "ledger.db")


@pytest.fixture
def no_database(path: Path) -> Path:
    path.write_text("models: {}\n" * 100)
    return path


async def test_a_file_that_is_no_database(no_database: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="cannot be opened: file is not a database"):
        await open_ledger(no_database)


async def test_a_ledger_of_the_first_schema_is_migrated(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
    ledger = await open_ledger(path)
    await ledger.append(record("d-1"))
    await ledger.aclose()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT decision_id, session FROM decisions").fetchall() == [("d-1", "")]


async def test_a_ledger_goes_on_where_the_last_one_ended(path: Path) -> None:
    for number in range(2):
        ledger = await open_ledger(path)
        await ledger.append(record(f"d-{number}"))
        await ledger.aclose()
    assert SqliteOutside(path).decision_ids() == ["d-0", "d-1"]


async def test_what_was_blanked_is_nowhere_in_the_file(path: Path) -> None:
    ledger = await open_ledger(path, LedgerOptions(prompts="text"))
    for number in range(20):
        await ledger.append(record(f"d-{number}"))
    await ledger.aclose()
    assert CANARY.encode() in SqliteOutside(path).stored_bytes()
    ledger = await open_ledger(path, LedgerOptions(keep_text=0.0))
    async with asyncio.timeout(20):
        while (found := await ledger.find("d-19")) and found.text_kept:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)
    await ledger.aclose()
    assert CANARY.encode() not in SqliteOutside(path).stored_bytes()


async def test_a_request_can_be_seen_in_one_row(path: Path) -> None:
    ledger = await open_ledger(path)
    kept = record("d-1", assist(1), attempt(2, "mini", AttemptOutcome.FAILED), attempt(3, "sonnet"))
    await ledger.append(kept)
    await ledger.append(replace(record("d-2"), decision=None, attempts=(), tier="", status="UNKNOWN_TASK"))
    await ledger.aclose()
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        first, second = connection.execute("SELECT * FROM requests ORDER BY decision_id").fetchall()
    assert (first["model"], first["provider"], first["reported_model"]) == ("sonnet", "openai", "upstream-sonnet-1")
    assert (first["cost_nano_usd"], first["cost_source"], first["estimated"]) == (5000, "price", 1)
    assert (first["input_tokens"], first["output_tokens"], first["reasoning_tokens"]) == (2800, 400, 40)
    assert (first["cached_input_tokens"], first["cache_write_input_tokens"]) == (600, 100)
    assert (first["feature"], first["task"], first["decided_by"], first["fallback"]) == ("search", "simple", "tags", 1)
    assert (second["status"], second["reported_model"], second["input_tokens"]) == ("UNKNOWN_TASK", "", 0)
