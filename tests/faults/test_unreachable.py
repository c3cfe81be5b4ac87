"""Rows 4, 17 and 18: providers that cannot be reached, for their backlog, their name or their certificate."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest
import trustme
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import KEY_CANARY, document, every_wire
from tests.faults.peers import Flaw, SleepingResolver, badly_certified, full_backlog
from tests.faults.world import HEALTHY, World, until

from pointsman.model.answer import Usage
from pointsman.model.attempt import AttemptOutcome, CostSource

pytestmark = pytest.mark.anyio

SOON = "connect: 300ms"
TLS_HANDSHAKE = b"\x16\x03"


def away(url: str, wire: str, *, timeouts: str = "") -> str:
    """A configuration whose failing model is at a provider of this URL."""
    return document(wire=wire, fallback=True, timeouts=timeouts).replace("SIMULATOR/first", url)


@every_wire
async def test_row_4_a_full_backlog(start: Start, wire: str) -> None:
    with full_backlog() as url:
        world = await start(away(url, wire, timeouts=SOON))
        await check_unreachable(world)


@every_wire
async def test_row_17_a_name_that_does_not_exist(start: Start, wire: str) -> None:
    world = await start(away("https://provider.invalid", wire, timeouts="connect: 2s"))
    await check_unreachable(world)


@every_wire
async def test_row_17_a_resolver_that_sleeps(start: Start, wire: str) -> None:
    resolver = SleepingResolver()
    world = await start(away("https://provider.example", wire, timeouts=SOON), resolver)
    await check_unreachable(world)
    resolver.wake()


async def test_row_17_a_resolver_that_sleeps_holds_nobody_else_up(start: Start) -> None:
    resolver = SleepingResolver()
    world = await start(away("https://provider.example", "openai"), resolver)
    call = world.caller.call(Question(model="failing"), streamed=True)
    await until(resolver.asked.is_set)
    for reply in await world.caller.ask_both(HEALTHY):
        assert reply.code is StatusCode.OK
    assert world.attempts() == []
    resolver.wake()
    assert (await call.reply()).reason == "ALL_PROVIDERS_DOWN"
    await world.check_afterwards(unreached="first")


@every_wire
@pytest.mark.parametrize("flaw", get_args(Flaw))
async def test_row_18_a_certificate_that_is_not_good(start: Start, tmp_path: Path, flaw: Flaw, wire: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with badly_certified(authority, flaw) as tap:
        trusting = away(tap.url, wire).replace("first: {", f'first: {{ca_file: "{tmp_path}/ca.pem", ')
        await check_unreachable(await start(trusting))
    assert len(tap.connections) == 4
    for sent in tap.connections:
        assert sent.startswith(TLS_HANDSHAKE)
        assert KEY_CANARY.encode() not in sent
    assert tap.understood == b""


async def check_unreachable(world: World) -> None:
    """Without anybody else it is UNAVAILABLE, and nothing is charged for what was never asked."""
    alone, served = await asyncio.gather(
        world.caller.ask_both(Question(model="failing")), world.caller.ask_both(Question())
    )
    for reply in alone:
        assert (reply.code, reply.reason) == (StatusCode.UNAVAILABLE, "ALL_PROVIDERS_DOWN")
        assert reply.retry_delay == 1.0
        assert [attempt.provider for attempt in reply.failure.attempts] == ["first"]
    for reply in served:
        assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "standby")
    attempts = world.attempts()
    assert len(attempts) == 4
    for attempt in attempts:
        assert (attempt.outcome, attempt.upstream_status) == (AttemptOutcome.FAILED, 0)
        assert (attempt.usage, attempt.cost_nano_usd, attempt.cost_source) == (Usage(), 0, CostSource.NONE)
    await world.check_afterwards(unreached="first")
