from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.contract.stores.suite import StateStoreContract
from tests.redis.ageing import AgeingClock
from tests.redis.server import RedisServer
from tests.redis.stores import UNHURRIED, opened

from pointsman.stores.redis import RedisStore


class TestRedisStore(StateStoreContract):
    @pytest.fixture
    def clock(self, server: RedisServer) -> Any:  # no HeldClock, though it passes for one: it makes a Redis older
        return AgeingClock(server)

    @pytest.fixture
    async def store(self, server: RedisServer, clock: AgeingClock) -> AsyncIterator[RedisStore]:
        async with opened(server, clock, timeout=UNHURRIED) as store:
            yield store
            assert not store.degraded
