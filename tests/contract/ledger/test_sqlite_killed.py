from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

ROUNDS = 5
ROOT = Path(__file__).parents[3]


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        acknowledged |= _killed_after(path, f"round{number}", random.randint(1, 400))  # noqa: S311
    with closing(sqlite3.connect(path)) as connection:
        stored = {row[0] for row in connection.execute("SELECT decision_id FROM decisions")}
        attempts = {row[0] for row in connection.execute("SELECT decision_id FROM attempts")}
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert integrity == "ok"
    assert len(acknowledged) >= ROUNDS
    assert acknowledged - stored == set()
    assert attempts == stored


def _killed_after(path: Path, prefix: str, lines: int) -> set[str]:
    """The ids that the process had acknowledged when it was killed, some time after so many of them."""
    command = [sys.executable, "-m", "tests.contract.ledger.appending", str(path), prefix]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        read = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        read += process.stdout.readlines()
    # The last line may have been cut.
    return {line.strip() for line in read if line.endswith("\n")}
