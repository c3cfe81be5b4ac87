"""The official Node clients at the HTTP door, with a key of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.e2e.node_clients import node, run
from tests.e2e.test_http_anthropic import CONFIG
from tests.unit.access.keyfiles import add

from pointsman.model.caller import Permission
from pointsman.testing.server import make_config, running_server

pytestmark = pytest.mark.anyio


async def test_openai(tmp_path: Path) -> None:
    await asyncio.to_thread(node)
    keys = tmp_path / "keys.jsonl"
    key = add(keys, Permission.OVERRIDE)
    config = make_config().replace('"auth": "none"', f'"auth": {{"keys": "{keys}"}}')
    async with running_server(config) as server:
        await run("openai.test.mjs", {"POINTSMAN_BASE_URL": f"http://{server.api}/v1", "POINTSMAN_KEY": key})


async def test_anthropic(tmp_path: Path) -> None:
    await asyncio.to_thread(node)
    keys = tmp_path / "keys.jsonl"
    key = add(keys, Permission.OVERRIDE)
    async with running_server(CONFIG + f"auth: {{keys: {keys}}}\n") as server:
        await run("anthropic.test.mjs", {"POINTSMAN_BASE_URL": f"http://{server.api}", "POINTSMAN_KEY": key})
