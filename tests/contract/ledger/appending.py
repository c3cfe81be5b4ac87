"""Run as a process by the kill test: appends for ever, eight at a time, and prints each id once acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from tests.contract.ledger.records import record

from pointsman.ledger.opening import open_ledger


async def main(path: Path, prefix: str) -> None:
    ledger = await open_ledger(path)
    numbers = itertools.count()

    async def append() -> None:
        for number in numbers:
            decision_id = f"{prefix}-{number:06}"
            await ledger.append(record(decision_id))
            sys.stdout.write(f"{decision_id}\n")
            sys.stdout.flush()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(append())


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
