from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import pytest
from tests.contract.stores.suite import StateStoreContract
from tests.redis.ageing import AgeingClock
from tests.redis.server import RedisServer, redis_server

from pointsman.ports import StateStore
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.stores.redis import RedisOptions, RedisStore
from pointsman.stores.redis_address import parse_address


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    running.ask("FLUSHALL")
    return running


# Long: a machine that is busy must not make Redis look away.
def options(server: RedisServer) -> RedisOptions:
    return RedisOptions(parse_address(server.url), timeout=5.0)


class TestRedisStore(StateStoreContract):
    @pytest.fixture
    def clock(self, server: RedisServer) -> Any:  # not a HeldClock by inheritance: it has a Redis to make older
        return AgeingClock(server)

    @pytest.fixture
    async def store(self, server: RedisServer, clock: AgeingClock) -> AsyncIterator[StateStore]:
        health = HealthBook(clock, Random(), BreakerSettings())  # noqa: S311
        async with RedisStore(options(server), clock, health) as store:
            yield store
            assert not store.degraded
