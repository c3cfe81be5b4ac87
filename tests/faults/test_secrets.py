"""Row 45: a provider that quotes the key and the prompt wherever it can; they are found nowhere but at the provider."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from grpc import StatusCode
from tests.faults.caller import PROMPT_CANARY, Question
from tests.faults.conftest import Start
from tests.faults.documents import KEY_CANARY, document, keyed
from tests.unit.access.keyfiles import add

pytestmark = pytest.mark.anyio

SHAPES = (
    "400-message",
    "401-code",
    "403-type",
    "429-text",
    "500-page",
    "302-location",
    "200-error-event",
    "200-error-object",
    "200-garbage",
    "200-page",
)


class Parrot:
    """Answers every call with its own headers and body, in the shape that the model's name asks for."""

    def __init__(self) -> None:
        self.heard = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        said = f"{request.headers['Authorization']} {body}"
        self.heard += said
        status, _, shape = json.loads(body)["model"].partition("-")
        error = {"message": said, "type": "server_error", "code": None, "param": said}
        if shape in ("code", "type"):
            error[shape] = request.headers["Authorization"].removeprefix("Bearer ")
        text, kind = json.dumps({"error": error}), "application/json"
        if shape == "error-event":
            text, kind = f"data: {text}\n\n", "text/event-stream"
        elif shape in ("text", "page", "garbage"):
            kinds = {"text": "text/plain", "page": "text/html", "garbage": "text/event-stream"}
            text, kind = f"data: {said}\n\n", kinds[shape]
        headers = {"Location": f"http://127.0.0.1:1/?{said!r}", "Set-Cookie": repr(said)[:500]}
        return web.Response(status=int(status), text=text, content_type=kind, headers=headers)


@asynccontextmanager
async def parroting() -> AsyncIterator[tuple[Parrot, str]]:
    """A parrot and the URL of its API."""
    parrot, app = Parrot(), web.Application()
    app.router.add_post("/v1/chat/completions", parrot.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield parrot, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


@pytest.mark.parametrize("shape", SHAPES)
async def test_row_45_what_a_provider_quotes_goes_no_further(start: Start, shape: str) -> None:
    async with parroting() as (parrot, url):
        world = await start(document(shape).replace("SIMULATOR/first/v1", url))
        for reply in await world.caller.ask_both(Question()):
            assert reply.reason
        assert KEY_CANARY in parrot.heard
        assert PROMPT_CANARY in parrot.heard
        attempts = world.attempts()
        assert [attempt.error_reason != "" for attempt in attempts] == [True, True]
        assert await world.leaks() == []


async def test_row_45_metadata_of_callers_goes_no_further(start: Start) -> None:
    world = await start(document())
    world.caller.metadata = (("authorization", f"Bearer {KEY_CANARY}"), ("x-request-id", KEY_CANARY))
    await world.caller.ask_both(Question())
    await world.check_afterwards()


@pytest.mark.parametrize("header", ["Bearer {}", "Bearer pm_0123456789ab_{}", "bearer pm_{}", "Basic {}", "{}"])
async def test_row_45_credentials_of_callers_go_no_further(start: Start, tmp_path: Path, header: str) -> None:
    token = add(tmp_path / "keys.jsonl")
    world = await start(keyed(document(), tmp_path / "keys.jsonl"))
    world.caller.metadata = (("authorization", header.format(KEY_CANARY)),)
    for reply in await world.caller.ask_both(Question()):
        assert reply.code is StatusCode.UNAUTHENTICATED
    world.caller.metadata = (("authorization", f"Bearer {token}"), ("x-api-key", KEY_CANARY))
    await world.caller.ask_both(Question())
    await world.check_afterwards(unrecorded=2)
    secret = token.rpartition("_")[2]
    assert await world.leaks((secret,)) == []
    assert secret not in (tmp_path / "keys.jsonl").read_text()


async def test_the_check_would_find_them(start: Start) -> None:
    world = await start(document().replace("ledger: {", "ledger: {prompts: text, "))
    await world.caller.ask_both(Question())
    assert {canary for _, canary in await world.leaks()} == {PROMPT_CANARY}
    assert b'pointsman_requests_total{code="OK",method="Complete",reason="OK"} 1.0' in await world.metrics()
