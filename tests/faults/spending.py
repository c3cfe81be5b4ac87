"""A process that spends from a budget in Redis, as fast as it can: `python -m tests.faults.spending SOCKET CALLS`.

For each line on standard input, the name of a round, it makes all its calls at once and prints what came of them.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from random import Random

import msgspec
from tests.redis.server import RedisServer
from tests.redis.stores import UNHURRIED, opened

from pointsman.model.account import Account, Charge
from pointsman.ports import StateStore

WORST, ROOM = 100, 10
LIMIT = WORST * ROOM


class Spent(msgspec.Struct):
    """Of one process in one round: how many calls were admitted, and what they cost together."""

    admitted: int
    amount: int


def account(name: str) -> Account:
    return Account(f"day/{name}", 3600.0)


async def spend(store: StateStore, name: str, lease: str, cost: int) -> int | None:
    """Reserve the worst case, settle on what it was; None where there was no room."""
    if await store.reserve(lease, [Charge(account(name), WORST, LIMIT)], 60) is not None:
        return None
    await store.total("a provider is asked")
    store.settle(lease, [Charge(account(name), cost)])
    return cost


async def main(socket: str, calls: int) -> None:
    random, lines = Random(), asyncio.StreamReader()  # noqa: S311
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with opened(RedisServer(Path(socket).parent), timeout=UNHURRIED) as store:
        while name := (await lines.readline()).decode().strip():
            whose = random.getrandbits(32)
            costs = await asyncio.gather(
                *[spend(store, name, f"{name}/{whose}/{i}", random.randint(1, WORST)) for i in range(calls)]
            )
            # Settled is answered after it.
            await store.total("done")
            paid = [cost for cost in costs if cost is not None]
            print(msgspec.json.encode(Spent(len(paid), sum(paid))).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
