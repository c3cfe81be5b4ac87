from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.postgres_server import PostgresServer, binaries, postgres_server

# As by default, in CI too, but for the time that an example may take: others use this machine as well.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")
# Commands print as into a file, however wide the terminal is that the tests were started from.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for all tests; one that stops or kills it starts it again."""
    found = binaries()
    if found is None:
        assert not os.environ.get("CI"), "CI needs PostgreSQL's server binaries"
        pytest.skip("there is no PostgreSQL here: install the package postgresql")
    with postgres_server(found) as server:
        yield server


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
