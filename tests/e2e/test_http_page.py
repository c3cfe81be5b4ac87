"""What docs/http.md prints is run as it is printed, against the example configuration."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pointsman.testing import RunningServer, running_server

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http.md").read_text()
OPENAI, ANTHROPIC = re.findall(r"```python\n(.*?)```", PAGE, re.S)
CURL, _ = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
ASKED = [{"role": "user", "content": "Why do trains need points?"}]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[RunningServer]:
    async with running_server(ROOT / "examples" / "pointsman.yaml") as server:
        yield server


def placed(snippet: str, server: RunningServer) -> str:
    mine = snippet.replace("127.0.0.1:8081", str(server.api))
    assert mine != snippet
    return mine


def run(snippet: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(snippet, names)  # noqa: S102 - that is the test
    names["client"].close()
    return names


async def test_openais_client(server: RunningServer) -> None:
    names = await asyncio.to_thread(run, placed(OPENAI, server))
    assert "trains" in names["answer"].choices[0].message.content


async def test_anthropics_client(server: RunningServer) -> None:
    names = await asyncio.to_thread(run, placed(ANTHROPIC, server))
    assert "trains" in names["message"].content[0].text


@pytest.mark.skipif(not (shutil.which("curl") or os.environ.get("CI")), reason="curl is not installed")
async def test_curl(server: RunningServer) -> None:
    process = await asyncio.create_subprocess_shell(placed(CURL, server), stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    assert "trains" in out.decode()


@pytest.mark.parametrize(("path", "field"), [("messages", "max_tokens"), ("chat/completions", "max_completion_tokens")])
async def test_a_callers_own_maximum(server: RunningServer, path: str, field: str) -> None:
    """The row `reasoning`, which the classifier guesses, would have at least 4096; the model `flash` needs them."""
    asked = {"messages": ASKED, field: 1000}
    headers = {"anthropic-version": "2023-06-01", "X-Pointsman-Details": "true"}
    async with httpx.AsyncClient(base_url=f"http://{server.api}/v1/", headers=headers) as client:
        guessed = await client.post(path, json={"model": "pointsman/auto", **asked})
        assert guessed.status_code == 200, guessed.text
        told = guessed.json()["pointsman"]
        assert (told["task"], told["decided_by"]) == ("reasoning", "classifier")
        assert "floor of 4096 output tokens is not applied, the caller allows 1000" in told["reason"]

        strict = await client.post(path, json={"model": "flash", **asked}, headers={"X-Pointsman-Strict": "true"})
        assert strict.status_code == 422
        message = strict.json()["error"]["message"]
        assert "max_output_tokens is 1000" in message
        assert "allow at least 4096" in message
        assert strict.json()["pointsman"]["metadata"] == {"max_output_tokens": "1000", "min_output_tokens": "4096"}
