"""Rows 24 to 26 at the store itself: Redis paused, killed, started again, empty, or refusing; nothing counted twice."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest
import trustme
from tests.contract.stores.suite import DAY, MINI, MONTH, OPUS, failed, served, stand
from tests.redis.server import RedisServer, redis_server
from tests.redis.stores import UNHURRIED, opened, until

from pointsman.errors import Reason, RequestError
from pointsman.model.account import Account, AccountState, Charge
from pointsman.model.snapshot import HealthState
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.redis import RedisStore
from pointsman.stores.redis_options import RedisOptions, WhenDown, parse_address

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
async def refusing(server: RedisServer) -> AsyncIterator[RedisStore]:
    async with opened(server) as store:
        yield store


@pytest.fixture
async def lenient(server: RedisServer) -> AsyncIterator[RedisStore]:
    async with opened(server, when_down=WhenDown.LAST_KNOWN) as store:
        yield store


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("pointsman.stores.redis")]


async def lose(server: RedisServer, store: RedisStore) -> None:
    """Kill it, and wait until the store knows."""
    server.kill()
    await until(lambda: store.degraded)


async def find(server: RedisServer, store: RedisStore) -> None:
    """Start it again, empty, and wait until the store has it."""
    server.start()
    await until(lambda: not store.degraded)


async def test_paused_and_refusing(server: RedisServer, refusing: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    await refusing.put_pin("default/s1", MINI, 60)
    server.pause()
    for _ in range(3):
        with pytest.raises(RequestError) as refused:
            await refusing.read("default/s1")
        assert (refused.value.reason, refused.value.retry_delay) == (Reason.STATE_UNAVAILABLE, 1.0)
    with pytest.raises(RequestError):
        await refusing.reserve("a/1", [Charge(DAY, 1, 10)], 60)
    server.go_on()
    await until(lambda: not refusing.degraded)
    assert (await refusing.read("default/s1")).pin == MINI
    away, back = said(caplog)
    assert "no answer within 250 ms; requests are refused until it is back" in away
    assert "is available again after" in back


async def test_paused_and_going_on(server: RedisServer, lenient: RedisStore, caplog: pytest.LogCaptureFixture) -> None:
    await lenient.put_pin("default/s1", MINI, 60)
    await lenient.add("spent", 5, 60)
    await lenient.put("tags:a", b"1", 60)
    await lenient.read("default/s1")
    server.pause()
    assert (await lenient.read("default/s1")).pin == MINI
    assert (await lenient.add("spent", 2, 60), await lenient.total("spent")) == (7, 7)
    assert await lenient.get("tags:a") == b"1"
    # Another process may have claimed it: whoever is told otherwise would do it a second time.
    with pytest.raises(RequestError) as unknown:
        await lenient.claim("once:a", b"1", 60)
    assert unknown.value.reason is Reason.STATE_UNAVAILABLE
    await lenient.put_pin("default/s2", OPUS, 60)
    assert (await lenient.read("default/s2")).pin == OPUS
    server.go_on()
    await until(lambda: not lenient.degraded)
    assert await lenient.add("spent", 0, 60) == 7
    async with opened(server) as other:
        assert (await other.read("default/s2")).pin == OPUS
    assert len(said(caplog)) == 2


async def test_what_was_under_way_when_it_paused_counts_once(server: RedisServer, lenient: RedisStore) -> None:
    await lenient.reserve("a/1", [Charge(DAY, 100, 1000)], 60)
    server.pause()
    # These lie in the socket of a Redis that will read them when it goes on, and are sent again as well.
    for number in range(1, 4):
        lenient.settle(f"a/{number}", [Charge(DAY, 10)])
    adding = [asyncio.ensure_future(lenient.add("spent", 1, 60)) for _ in range(5)]
    await asyncio.gather(*adding)
    await lenient.add("spent", 1, 60)
    server.go_on()
    await until(lambda: not lenient.degraded)
    assert await stand(lenient, DAY) == [(30, 0)]
    assert await lenient.total("spent") == 6


async def test_a_reservation_that_was_refused_for_silence_leaves_nothing(
    server: RedisServer, refusing: RedisStore
) -> None:
    server.pause()
    with pytest.raises(RequestError):
        await refusing.reserve("a/1", [Charge(DAY, 700, 1000)], 600)
    server.go_on()
    await until(lambda: not refusing.degraded)
    assert await stand(refusing, DAY) == [(0, 0)]
    assert server.ask("ZCARD", "{pointsman}:leases") == 0


async def test_alone_it_spends_its_share_of_what_was_left(server: RedisServer, lenient: RedisStore) -> None:
    lenient.settle("a/0", [Charge(DAY, 400)])
    assert await stand(lenient, DAY) == [(400, 0)]
    await lose(server, lenient)
    # 600 are left, and there are two who may not know of each other.
    assert await lenient.reserve("a/1", [Charge(DAY, 200, 1000)], 60) is None
    refused = await lenient.reserve("a/2", [Charge(DAY, 101, 1000)], 60)
    assert refused is not None
    assert (refused.charge.limit, refused.state) == (1000, AccountState(400, 200))
    lenient.settle("a/1", [Charge(DAY, 50)])
    assert await lenient.reserve("a/3", [Charge(DAY, 250, 1000)], 60) is None
    assert await stand(lenient, DAY) == [(450, 250)]


async def test_what_was_spent_alone_is_told_in_one(
    server: RedisServer, lenient: RedisStore, caplog: pytest.LogCaptureFixture
) -> None:
    await lenient.reserve("a/0", [Charge(DAY, 100, 10_000)], 60)
    await lose(server, lenient)
    for number in range(300):
        lease = f"a/{number}"
        await lenient.reserve(lease, [Charge(DAY, 10, 10_000)], 60)
        lenient.settle(lease, [Charge(DAY, 2), Charge(MONTH, 3)])
        # Once, however often it is said.
        lenient.settle(lease, [Charge(DAY, 2), Charge(MONTH, 3)])
        await lenient.add("spent", 1, 60)
    assert await lenient.reserve("a/300", [Charge(DAY, 10, 10_000)], 60) is None
    await find(server, lenient)
    assert await stand(lenient, DAY, MONTH) == [(600, 10), (900, 0)]
    assert await lenient.total("spent") == 300
    # The lease that Redis knew of, the sum of the others, the counter, and what is still reserved.
    assert "; 4 writes that waited were sent" in said(caplog)[-1]


async def test_counts_reconcile_when_it_is_back_and_empty(
    server: RedisServer, lenient: RedisStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(server, when_down=WhenDown.LAST_KNOWN) as other:
        lenient.settle("a/0", [Charge(DAY, 400), Charge(MONTH, 4000)])
        await stand(lenient, DAY, MONTH)
        other.settle("b/0", [Charge(DAY, 100)])
        assert await stand(other, DAY) == [(500, 0)]
        other.record(served(), 0)
        lenient.record(failed(reason=Reason.PROVIDER_AUTH_FAILED, status=401), 0)
        server.kill()
        await until(lambda: lenient.degraded and other.degraded)
        lenient.settle("a/1", [Charge(DAY, 7)])
        other.settle("b/1", [Charge(DAY, 20)])
        assert await lenient.reserve("a/2", [Charge(DAY, 1, 1000)], 60) is None
        server.start()
        await until(lambda: not lenient.degraded and not other.degraded)
        # The most that anybody knew of, and what each has spent since; what is under way is reserved.
        assert await stand(lenient, DAY, MONTH) == await stand(other, DAY, MONTH) == [(527, 1), (4000, 0)]
        lenient.settle("a/2", [Charge(DAY, 1)])
        assert await stand(lenient, DAY) == [(528, 0)]
        assert (await other.read()).health["mini"].state is HealthState.DOWN
    assert sum("has begun anew" in line for line in said(caplog)) == 2


async def test_what_it_was_told_last_is_not_forgotten_with_it(server: RedisServer, refusing: RedisStore) -> None:
    assert await stand(refusing, DAY) == [(0, 0)]
    refusing.settle("a/1", [Charge(DAY, 400)])
    # Answered after what was sent before it.
    await refusing.total("spent")
    await lose(server, refusing)
    await find(server, refusing)
    assert await stand(refusing, DAY) == [(400, 0)]


async def test_closed_at_start(tmp_path: Path, server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    server.kill()
    async with (
        opened(server) as refusing,
        opened(server, when_down=WhenDown.LAST_KNOWN) as lenient,
    ):
        assert refusing.degraded
        with pytest.raises(RequestError):
            await refusing.read()
        await lenient.preset([Charge(DAY, 600)])
        assert await stand(lenient, DAY) == [(600, 0)]
        assert await lenient.reserve("a/1", [Charge(DAY, 201, 1000)], 60) is not None
        assert await lenient.reserve("a/1", [Charge(DAY, 200, 1000)], 60) is None
        assert len(said(caplog)) == 2
        server.start()
        await until(lambda: not refusing.degraded and not lenient.degraded)
        assert await stand(refusing, DAY) == [(600, 200)]


async def test_memory_that_was_wiped_under_way(server: RedisServer, refusing: RedisStore) -> None:
    refusing.settle("a/1", [Charge(DAY, 400)])
    assert await stand(refusing, DAY) == [(400, 0)]
    server.ask("FLUSHALL")
    with pytest.raises(RequestError):
        await refusing.reserve("a/2", [Charge(DAY, 601, 1000)], 60)
    await until(lambda: not refusing.degraded)
    assert await stand(refusing, DAY) == [(400, 0)]
    server.ask("FLUSHALL")
    with pytest.raises(RequestError):
        await refusing.read(accounts=[DAY])
    await until(lambda: not refusing.degraded)
    assert await stand(refusing, DAY) == [(400, 0)]


async def test_a_redis_that_refuses_to_write_is_away(
    server: RedisServer, refusing: RedisStore, caplog: pytest.LogCaptureFixture
) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "1")
    refusing.settle("a/1", [Charge(DAY, 5)])
    await until(lambda: refusing.degraded)
    server.ask("CONFIG", "SET", "maxmemory", "0")
    await until(lambda: not refusing.degraded)
    assert await stand(refusing, DAY) == [(5, 0)]
    assert "it answered OOM" in said(caplog)[0]


async def test_leases_of_a_process_that_died_expire(server: RedisServer, refusing: RedisStore) -> None:
    async with opened(server) as other:
        assert await other.reserve("b/1", [Charge(Account("short", 0.05), 700, 1000)], 0.05) is None

    async def free() -> bool:
        return await refusing.reserve("a/1", [Charge(Account("short", 60), 700, 1000)], 60) is None

    async with asyncio.timeout(10):
        while not await free():  # noqa: ASYNC110 - Redis announces nothing
            await asyncio.sleep(0.01)


async def test_a_password_is_in_no_log(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.ask("CONFIG", "SET", "requirepass", "canary-secret-9")
    async with opened(server) as store:
        assert store.degraded
    assert "it answered NOAUTH" in said(caplog)[0]
    assert "canary-secret-9" not in caplog.text


PERMITTED = (
    "+evalsha +script|load +get +set +mget +ping +select +zrem +time +exists +incrby +pexpire +pttl +@hash +@sortedset"
)
"""As docs/scaling.md has it."""


async def test_over_tls_as_a_user_that_may_do_little(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    port = unused_port()
    tls = (
        "--tls-port",
        str(port),
        "--tls-auth-clients",
        "no",
        "--tls-key-file",
        "key.pem",
        "--tls-cert-file",
        "cert.pem",
    )
    with redis_server(
        tmp_path,
        *tls,
        "--tls-ca-cert-file",
        "ca.pem",
        "--user",
        "router",
        "on",
        ">s3cret",
        "~{pointsman}:*",
        *PERMITTED.split(),
    ):
        url = f"rediss://router:s3cret@localhost:{port}/2"
        for ca_file, degraded in ((str(tmp_path / "ca.pem"), False), (None, True)):
            options = RedisOptions(parse_address(url, ca_file), timeout=UNHURRIED)
            health = HealthBook(SystemClock(), Random(), BreakerSettings())  # noqa: S311 - jitter
            async with RedisStore(options, SystemClock(), health) as store:
                assert store.degraded is degraded
                if not degraded:
                    store.settle("a/1", [Charge(DAY, 5)])
                    assert await stand(store, DAY) == [(5, 0)]
                    await uses_everything(store)
                    assert not store.degraded


async def uses_everything(store: RedisStore) -> None:
    await store.preset([Charge(MONTH, 7)])
    assert await store.reserve("a/2", [Charge(DAY, 5, 100)], 60) is None
    await store.put_pin("default/s1", MINI, 60)
    await store.put("tags:a", b"1", 60)
    assert (await store.get("tags:a"), await store.add("spent", 5, 60), await store.total("spent")) == (b"1", 5, 5)
    store.record(failed(reason=Reason.PROVIDER_AUTH_FAILED, status=401), 0)
    store.probed("openai")
    assert (await store.read("default/s1")).pin == MINI


async def test_a_busy_event_loop_is_no_silence_of_redis(refusing: RedisStore) -> None:
    asked = asyncio.ensure_future(refusing.total("spent"))
    await asyncio.sleep(0)
    # Ours, while the answer lies there: many times as long as Redis may take.
    time.sleep(1)  # noqa: ASYNC251
    assert await asked == 0
    assert not refusing.degraded


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
