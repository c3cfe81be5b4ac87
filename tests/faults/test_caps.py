"""Row 37: many calls at once, from several processes, on a budget for ten of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from tests.faults.spending import LIMIT, ROOM, Spent, account
from tests.redis.server import RedisServer, redis_server

ROUNDS = int(os.environ.get("POINTSMAN_ROUNDS", "10"))
"""How often: `make soak` asks for more."""

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.mark.timeout(60 + ROUNDS * 5)
@pytest.mark.parametrize(("processes", "calls"), [(2, 50), (4, 250)])
def test_never_over_the_cap_and_never_a_lease_left(server: RedisServer, processes: int, calls: int) -> None:
    command = [sys.executable, "-m", "tests.faults.spending", str(server.socket), str(calls)]
    with ExitStack() as stack:
        spending = [
            stack.enter_context(
                subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
            )
            for _ in range(processes)
        ]
        for number in range(ROUNDS):
            spent = _round(spending, f"round-{number}")
            key = f"{{pointsman}}:account:{account(f'round-{number}').key}"
            amount, reserved = (int(value or 0) for value in server.ask("HMGET", key, "spent", "reserved"))
            assert (amount, reserved) == (sum(one.amount for one in spent), 0)
            assert amount <= LIMIT
            # Those that came after the first had settled on less found room, too.
            assert ROOM <= sum(one.admitted for one in spent) < processes * calls
            assert server.ask("ZCARD", "{pointsman}:leases") == server.ask("HLEN", "{pointsman}:reserved") == 0


def _round(spending: list[subprocess.Popen[bytes]], name: str) -> list[Spent]:
    """Let all of them begin at once, and wait for all."""
    for process in spending:
        assert process.stdin is not None
        process.stdin.write(f"{name}\n".encode())
        process.stdin.flush()
    return [msgspec.json.decode(process.stdout.readline(), type=Spent) for process in spending if process.stdout]
