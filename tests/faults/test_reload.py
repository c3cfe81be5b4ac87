"""Rows 33 and 34: a configuration that breaks while it is reloaded, and what a good reload leaves alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.process import Served, serving
from tests.faults.world import HEALTHY, Simulator, World, until, write

from pointsman.rpc.client.failure_from_wire import failure_from_wire
from pointsman.rpc.client.views import Failure
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub

pytestmark = pytest.mark.anyio

STATEFUL = "  - {use: health}\n  - {use: pinning}\n"


async def reload(world: World, text: str) -> admin.ConfigChange | Failure:
    """Write it and have it read."""
    write(Path(world.ledger.parent, "pointsman.yaml"), text, world.simulator, world.ledger.parent)
    stub: Any = AdminServiceStub(world.caller.channel)
    try:
        response = await stub.ReloadConfig(admin.ReloadConfigRequest())
    except grpc.aio.AioRpcError as error:
        # What it has is what that reads; grpc's own annotations do not say so.
        return failure_from_wire(cast(grpc.Call, error))
    change: admin.ConfigChange = response.change
    return change


async def versions(world: World) -> set[str]:
    return {record.snapshot.config_version for record in world.records()}


GOOD = document()
BROKEN = {
    "half written": GOOD[: len(GOOD) // 2],
    "cut in a word": GOOD[: GOOD.index("route: failing") + 10],
    "nothing": "",
    "no YAML": "{{{",
    "no such model": GOOD.replace("route: failing", "route: failling"),
    "no such policy": GOOD.replace("{use: tags}", "{use: tagz}"),
    "a policy that cannot be imported": document(extra="  - {use: broken}\n"),
    "a policy that cannot be made": document(extra="  - {use: misbehaving, with: {hook: assess, deed: unmakeable}}\n"),
}


async def test_rows_33_and_34_what_is_broken_changes_nothing(start: Start) -> None:
    world = await start(GOOD)
    running = [world.caller.call(Question(), streamed=True) for _ in range(3)]
    for name, text in BROKEN.items():
        refused = await reload(world, text)
        assert isinstance(refused, Failure), name
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "CONFIG_INVALID"), name
        assert refused.violations, name
        for reply in await world.caller.ask_both(Question()):
            assert reply.code is StatusCode.OK
    assert [(await call.reply()).code for call in running] == [StatusCode.OK] * 3
    assert len(await versions(world)) == 1
    await world.check_afterwards()


async def test_row_34_state_survives_a_good_reload(start: Start) -> None:
    text = document("fault-http-503", fallback=True, extra=STATEFUL).replace(
        "failover:", "health: {consecutive_failures: 2, open_for: 1m}\nfailover:"
    )
    world = await start(text)
    for _ in range(2):
        await world.caller.ask(Question(), streamed=False)
    pinned = await world.caller.ask(Question(session="s-1"), streamed=True)
    assert pinned.finish.served_by.model == "standby"
    changed = await reload(world, f"{text}strict_tags: true\n")
    assert isinstance(changed, admin.ConfigChange)
    assert changed.changed
    assert f'pointsman_config_info{{version="{changed.active_version}"}} 1.0'.encode() in await world.metrics()
    stub: Any = AdminServiceStub(world.caller.channel)
    health = await stub.ListProviderHealth(admin.ListProviderHealthRequest(providers=["first"]))
    assert [row.state for row in health.providers] == [admin.HEALTH_STATE_DOWN] * 2
    again = await world.caller.ask(Question(session="s-1"), streamed=True)
    # Not even tried: the breaker is still open, and the conversation stays where it was pinned.
    assert [attempt.ref.model for attempt in again.usage.attempts] == ["standby"]
    assert next(event.decision.decided_by for event in again.events if event.HasField("decision")) == "pinning"
    assert len(await versions(world)) == 2
    await world.check_afterwards()


async def test_row_34_running_requests_keep_their_rules(start: Start) -> None:
    """A provider that is removed is closed after its last request, and a policy is left after it."""
    text = document("fault-slow=0.7", fallback=True)
    world = await start(text)
    call = world.caller.call(Question(), streamed=True)
    await world.simulator.until_active()
    without = text.replace("route: failing", "route: standby")
    lines = [line for line in without.splitlines() if not line.startswith(("  first:", "  failing:"))]
    changed = await reload(world, "\n".join(lines))
    assert isinstance(changed, admin.ConfigChange), changed
    fresh = await world.caller.ask(Question(), streamed=True)
    assert (fresh.code, fresh.finish.served_by.model) == (StatusCode.OK, "standby")
    assert "has served its last request" not in world.log.text
    reply = await call.reply()
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    await until(lambda: "has served its last request" in world.log.text)
    stub: Any = AdminServiceStub(world.caller.channel)
    health = await stub.ListProviderHealth(admin.ListProviderHealthRequest())
    assert {row.provider for row in health.providers} == {"second", "third"}
    assert await versions(world) == {changed.previous_version, changed.active_version}
    await world.check_afterwards()


async def test_what_waits_for_a_start_is_told(start: Start) -> None:
    world = await start(GOOD)
    changed = await reload(world, GOOD.replace("127.0.0.1:0", "127.0.0.1:1", 1))
    assert isinstance(changed, admin.ConfigChange)
    assert list(changed.at_next_start) == ["server.grpc"]
    assert "server.grpc has changed, which takes effect at the next start" in world.log.text
    await world.check_afterwards()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_row_34_files_that_are_written_in_pieces(simulator: Simulator, tmp_path: Path) -> None:
    """The watch, SIGHUP, and row 35 after both of them."""
    text = document("fault-slow=0.3").replace("drain: 0s", "drain: 20s, watch: 100ms")
    async with serving(text, simulator, tmp_path) as served:
        config = tmp_path / "pointsman.yaml"
        good = config.read_text()
        enough = asyncio.Event()
        asking = asyncio.create_task(keep_asking(served, enough))
        _write(config, good[: good.index("route: failing") + 10])
        await until(lambda: "the configuration is refused" in served.log())
        _write(config, f"{good}strict_tags: true\n")
        await until(lambda: "is active (watch)" in served.log())
        _write(config, good[: len(good) // 2])
        served.hang_up()
        await until(lambda: served.log().count("the configuration is refused") >= 2)
        _write(config, f"{good}mode: eco\n")
        served.hang_up()
        await until(lambda: "is active (signal)" in served.log())
        enough.set()
        await asking
        assert {reply.code for reply in served.caller.replies} == {StatusCode.OK}
        calls = [served.caller.call(Question(), streamed=streamed) for streamed in (True, False) * 3]
        await simulator.until_active(len(calls))
        served.terminate()
        assert {(await call.reply()).code for call in calls} == {StatusCode.OK}
        assert await served.exit_status() == 0


async def keep_asking(served: Served, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await served.caller.ask(HEALTHY, streamed=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text)
