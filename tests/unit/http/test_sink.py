"""A stream to an HTTP caller: signs of life, and what goes out first and last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import msgspec
import pytest
from aiohttp import web
from tests.unit.http.stalled import stalled

from pointsman.engine.exchange import Completion, Routed
from pointsman.errors import Reason, RequestError
from pointsman.http.hints import Hinted
from pointsman.http.openai import OpenAi
from pointsman.http.openai_answer import ChatQuestion
from pointsman.http.sink import HttpSink
from pointsman.model.answer import TextDelta, ToolCallDelta
from pointsman.model.attempt import Cost
from pointsman.model.caller import ANYBODY
from pointsman.model.plan import AttemptKind, PlannedAttempt
from pointsman.testing import make_request

pytestmark = pytest.mark.anyio

ALIVE = b": still working\n\n"


def _sink(request: web.Request, heartbeat: float = 60.0) -> HttpSink:
    return HttpSink(request, OpenAi(), ChatQuestion(make_request(), Hinted(ANYBODY, "default")), heartbeat)


@asynccontextmanager
async def streamed(
    story: Callable[[HttpSink], Awaitable[object]], heartbeat: float = 60.0
) -> AsyncIterator[aiohttp.ClientResponse]:
    """What a caller gets of a stream that goes as the story tells."""

    async def handle(request: web.Request) -> web.StreamResponse:
        with _sink(request, heartbeat) as sink:
            await story(sink)
        assert sink.response
        return sink.response

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{runner.addresses[0][1]}/") as response:
        yield response
    await runner.cleanup()


async def test_signs_of_life_before_the_first_token_and_none_in_between(routed: Routed, completion: Completion) -> None:
    heard = asyncio.Event()

    async def story(sink: HttpSink) -> None:
        await sink.decided(routed)
        await heard.wait()
        await sink.deltas([TextDelta(0, "x")])
        await sink.end(completion)

    async with streamed(story, heartbeat=0.01) as response:
        assert await response.content.readexactly(2 * len(ALIVE)) == 2 * ALIVE
        heard.set()
        rest = await response.read()
    events = [line for line in rest.split(b"\n\n") if line and not line.startswith(b":")]
    assert [json.loads(event.removeprefix(b"data: "))["choices"][0]["delta"] for event in events[:-1]] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "x"},
        {},
    ]
    assert events[-1] == b"data: [DONE]"


async def test_a_failure_after_a_sign_of_life_is_an_event(routed: Routed) -> None:
    error = RequestError(Reason.ALL_PROVIDERS_DOWN, "nobody is there")
    failed = Completion("0197", routed, (), Cost(), 1.0, error=error)

    async def story(sink: HttpSink) -> None:
        await sink.decided(routed)
        while sink.response is None:  # noqa: ASYNC110 - a sign of life announces nothing
            await asyncio.sleep(0.005)
        assert await sink.end(failed) is error

    async with streamed(story, heartbeat=0.01) as response:
        assert response.status == 200
        last = [block for block in (await response.text()).split("\n\n") if block.startswith("data: ")]
    assert json.loads(last[-1].removeprefix("data: "))["error"]["code"] == "all_providers_down"


async def test_the_model_is_the_one_that_answers(routed: Routed, completion: Completion) -> None:
    async def story(sink: HttpSink) -> None:
        await sink.decided(routed)
        await sink.started(1, PlannedAttempt(routed.decision.target), ())
        await sink.started(2, PlannedAttempt("opus", AttemptKind.HEDGE), ())
        await sink.won(2, PlannedAttempt("opus", AttemptKind.HEDGE))
        await sink.deltas([ToolCallDelta(0, "c", "f", "")])
        await sink.end(completion)

    async with streamed(story) as response:
        assert response.headers["X-Pointsman-Model"] == "opus"
        blocks = [block.removeprefix("data: ") for block in (await response.text()).split("\n\n")]
    chunks = [json.loads(block) for block in blocks if block.startswith("{")]
    assert {chunk["model"] for chunk in chunks} == {"opus"}
    # Arguments that never came are none, in JSON.
    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in calls) == "{}"


async def test_a_caller_who_reads_nothing_of_the_end_is_cut_off(routed: Routed, completion: Completion) -> None:
    timers = replace(routed.rules.timers, between_chunks=0.2)
    impatient = msgspec.structs.replace(routed, rules=replace(routed.rules, timers=timers))
    failure: asyncio.Future[RequestError] = asyncio.get_running_loop().create_future()

    async def handle(request: web.Request) -> web.StreamResponse:
        with _sink(request) as sink:
            await sink.decided(impatient)
            # Up to where a write still returns at once, so that it is the end which has to wait.
            assert request.transport
            while request.transport.get_write_buffer_size() < 1 << 14:
                await sink.deltas([TextDelta(0, "x" * 1024)])
            request.transport.set_write_buffer_limits(0)
            with pytest.raises(RequestError) as failed:
                await sink.end(completion)
        failure.set_result(failed.value)
        assert sink.response
        return sink.response

    async with asyncio.timeout(5), stalled(handle) as caller:
        assert (await failure).reason is Reason.SLOW_CONSUMER
        assert b"[DONE]" not in await caller.rest()
