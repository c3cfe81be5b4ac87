"""What becomes of a call at the HTTP door that ends otherwise than it began."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from tests.unit.engine.bench import Bench
from tests.unit.http.stalled import stalled

from pointsman.doors.callers import Porch, anybody
from pointsman.doors.once import Asked, Kept, Once
from pointsman.doors.sight import Sight
from pointsman.doors.traffic import Traffic
from pointsman.http.answering import Answering
from pointsman.http.openai import OpenAi
from pointsman.http.settings import ApiSettings

pytestmark = pytest.mark.anyio


class _Answered(Once):
    """Whatever is asked was answered before, at length."""

    async def claim(self, asked: Asked) -> Kept:
        return Kept(asked.payload, "0197", (b"{}", b"x" * (1 << 20)))


async def test_an_answer_given_again_that_is_broken_off_is_no_place_for_another() -> None:
    bench, traffic = Bench(), Traffic(1)
    porch = Porch(anybody, Sight(lambda method, reason: None), traffic)
    answering = Answering(bench.engine, _Answered(bench.store), ApiSettings("127.0.0.1:0"), porch)

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answering.complete(request, OpenAi())

    body = b'{"model": "pointsman/auto", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
    async with asyncio.timeout(5), stalled(handle, body) as caller:
        await caller.begun()
        assert len(traffic) == 1
        draining = asyncio.create_task(traffic.drain(0))
        read = await caller.rest()
        await draining
    # Of the first answer there may be something; of a refusal behind it, nothing.
    assert b"503" not in read
    assert b"shutting_down" not in read
