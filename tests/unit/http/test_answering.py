"""What becomes of a call where this server itself fails."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from pointsman.doors.callers import Porch, anybody
from pointsman.doors.once import Once
from pointsman.doors.sight import Sight
from pointsman.doors.traffic import Traffic
from pointsman.engine.route import Engine
from pointsman.http.answering import Answering
from pointsman.http.api import Headers, Question
from pointsman.http.hints import Hinted
from pointsman.http.openai import OpenAi
from pointsman.http.settings import ApiSettings
from pointsman.model.caller import Caller

pytestmark = pytest.mark.anyio


def answering(counted: list[tuple[str, str]]) -> Answering:
    sight = Sight(lambda method, reason: counted.append((method, reason)))
    settings = ApiSettings("127.0.0.1:0", local=True)
    # Neither engine nor store is reached.
    return Answering(cast("Engine", None), cast("Once", None), settings, Porch(anybody, sight, Traffic(1)))


def request(host: str = "127.0.0.1") -> web.Request:
    loop = asyncio.get_running_loop()
    body = StreamReader(BaseProtocol(loop), 2**16, loop=loop)
    body.feed_data(b"{}")
    body.feed_eof()
    headers = {"Host": host, "Content-Type": "application/json"}
    return make_mocked_request("POST", "/v1/chat/completions", headers, payload=body)


class Faulty(OpenAi):
    """Reads nothing."""

    def read(self, body: bytes, headers: Headers, hinted: Hinted) -> Question:
        raise RuntimeError("a bug")


async def test_a_fault_that_the_engine_never_sees_is_counted() -> None:
    counted: list[tuple[str, str]] = []

    async def work(caller: Caller) -> web.Response:
        raise RuntimeError("a bug")

    door = answering(counted)
    for response in (
        await door.complete(request(), Faulty()),
        await door.guarded(request(), OpenAi(), "ListModels", work),
    ):
        assert isinstance(response, web.Response)
        assert (response.status, json.loads(cast("bytes", response.body))["error"]["code"]) == (500, "internal")
    assert counted == [("ChatCompletions", "INTERNAL"), ("ListModels", "INTERNAL")]


@pytest.mark.parametrize("host", ["[x", "[::1", "rebound.example"])
async def test_a_host_that_is_no_name_of_this_machine(host: str) -> None:
    response = await answering([]).complete(request(host), OpenAi())
    assert response.status == 403
