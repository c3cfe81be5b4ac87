"""The server that `pointsman.testing` runs for plugin authors."""

from __future__ import annotations

import asyncio
import sqlite3
import urllib.request
from pathlib import Path

import pytest
from tests.e2e.conftest import EXAMPLE

from pointsman import Hints
from pointsman.access.keyfile import change_keys
from pointsman.access.keys import mint
from pointsman.errors import ConfigInvalid
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import CallFailed
from pointsman.testing import RunningServer, make_catalogue, make_config, make_request, running_server

pytest_plugins = ["pointsman.testing.fixtures"]


def test_the_fixture_is_a_server_that_any_client_may_call(pointsman_server: RunningServer) -> None:
    with Client(pointsman_server.address) as client:
        assert client.route(make_request()).model == "flash"
        assert list(client.stream(make_request()))
    with urllib.request.urlopen(f"{pointsman_server.simulator}/sim/log") as log:  # noqa: S310 - a URL of our own
        assert b'"google"' in log.read()
    assert pointsman_server.ledger.is_file()


def test_its_configuration_is_the_catalogue_that_tests_are_made_of() -> None:
    async def catalogue() -> object:
        async with running_server() as server:
            return server.config.catalogue

    assert asyncio.run(catalogue()) == make_catalogue()


async def test_faults_and_the_calls_that_meet_them() -> None:
    async with running_server(faults={"google": "http-503"}) as server:
        assert (await server.route("Hello")).plan[0] == "flash"
        events = await server.complete("Hello")
        assert "mini" in repr(events[-1])
        rows = sqlite3.connect(server.ledger).execute("select count(*) from attempts").fetchone()
    assert rows == (2,)
    assert not server.ledger.exists()


async def test_a_file_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    async with running_server(EXAMPLE) as server:
        assert (await server.route("Hello")).model == "oss-20b"
    with pytest.raises(ConfigInvalid):
        async with running_server(make_config("astrology")):
            pass


async def test_with_keys_calls_bring_one(tmp_path: Path) -> None:
    key, token = mint("acme", (), "", None)
    change_keys(tmp_path / "keys.jsonl", lambda keys: [key])
    config = make_config().replace('"auth": "none"', f'"auth": {{"keys": "{tmp_path / "keys.jsonl"}"}}')
    async with running_server(config) as server:
        assert (await server.route("Hello", token)).model == "flash"
        assert await server.complete("Hello", token)
        with pytest.raises(CallFailed, match="CREDENTIALS_MISSING"):
            await server.route("Hello")


async def test_what_the_caller_asks_wrongly_is_its_failure() -> None:
    async with running_server() as server:
        with pytest.raises(CallFailed, match="astrology"):
            await server.route(make_request(hints=Hints(task="astrology")))
