from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

from tests.contract.ledger.records import record

from pointsman.ledger.database import Batch, Keep, Unavailable
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.recording import DatabaseLedger
from pointsman.ledger.spool import Spool


class HeldDatabase:
    """Implements `database.Database`; a write of records waits at the gate."""

    def __init__(self) -> None:
        self.away = True
        self.gate, self.reached = Event(), Event()
        self.gate.set()
        self.ids: list[object] = []

    def open(self) -> None:
        pass

    def write(self, batch: Batch) -> None:
        if batch.decisions:
            self.reached.set()
            self.gate.wait()
        if self.away:
            raise Unavailable("away")
        self.ids += [row[0] for row in batch.decisions]

    def tidy(self, keep: Keep) -> bool:
        return False

    def close(self) -> None:
        pass


async def test_what_is_spooled_during_the_last_of_a_replay_is_replayed_too(tmp_path: Path) -> None:
    path, database = tmp_path / "ledger.db", HeldDatabase()
    spool = Spool.open(tmp_path / "spool", str(path), 1_000_000)
    ledger = await DatabaseLedger.open(path, database, spool, LedgerOptions())
    await ledger.append(record("d-1"))
    database.gate.clear()
    database.reached.clear()
    await asyncio.to_thread(database.reached.wait)
    database.away = False
    await ledger.append(record("d-2"))
    database.gate.set()
    async with asyncio.timeout(10):
        while ledger.spooled:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.005)
    await ledger.aclose()
    assert database.ids == ["d-1", "d-2"]
