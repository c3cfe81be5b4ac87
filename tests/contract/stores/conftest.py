from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.redis.server import RedisServer, redis_server


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    """An empty Redis."""
    running.ask("FLUSHALL")
    return running
