"""Row 41: every provider is down, and callers come all the same: what they ask for is not multiplied by us."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.world import until

from pointsman.ledger.reading import reading

pytestmark = pytest.mark.anyio

RATE, SECONDS = 500, 2.0
FLOOR = 3
"""Retries that are always allowed."""

HEALTH = "  - {use: health}\n"


async def test_row_41_all_targets_503(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    text = document("fault-http-503", fallback=True, extra=HEALTH, failover="retries: 2")
    world = await start(text.replace("sim-standby", "fault-http-503"))
    caplog.set_level(logging.INFO)
    await world.caller.channel.channel_ready()
    async with asyncio.TaskGroup() as group:
        began = asyncio.get_running_loop().time()
        for number in range(int(RATE * SECONDS)):
            await asyncio.sleep(max(0.0, began + number / RATE - asyncio.get_running_loop().time()))
            group.create_task(world.caller.ask(Question(), streamed=number % 2 == 0))
    replies = world.caller.replies
    assert {(reply.code, reply.reason) for reply in replies} == {(StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")}
    for reply in replies:
        assert int(dict(reply.trailers)["grpc-retry-pushback-ms"]) >= 1000
    ended = await world.simulator.ended()
    assert len(ended) <= 1.2 * len(replies) + FLOOR
    metrics = (await world.metrics()).decode()
    for provider in ("first", "second"):
        assert f'pointsman_provider_state{{provider="{provider}",state="up"}} 0.0' in metrics
    await world.simulator.until_idle()
    await until(lambda: counted(world.ledger, "decisions") == len(replies))
    assert counted(world.ledger, "attempts") == len(ended)
    assert world.turnstile.outstanding == 0


def counted(ledger: Path, table: str) -> int:
    """Rows of a table: reading a thousand records whole would take longer than all the rest."""
    with reading(ledger) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of ours
        return int(count)
