"""The simulator over real sockets, as a client sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from pointsman.sim import FAULTS, CallRecord, ModelSettings, SimSettings, serve

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops: disconnects and resets are where they differ."""
    return "asyncio", {"use_uvloop": request.param}


QUICK = {"port": 0, "ttft_median": 0.0, "token_interval": 0.0, "drain": 0.2}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}
    for name, properties in {
        "get_weather": {"city": {"type": "string"}},
        "book_flight": {"to": {"type": "string"}},
    }.items()
]


@dataclass
class Sim:
    """A running simulator, a client for it, and the calls that ended, in order."""

    url: str
    http: aiohttp.ClientSession
    ended: asyncio.Queue[CallRecord]
    serving: asyncio.Task[None]

    def post(self, model: str = "m", provider: str = "openai", prompt: str = "Explain clocks.", **more: Any) -> Any:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
        return self.http.post(f"/{provider}/v1/chat/completions", json=body)

    async def ask(self, **more: Any) -> Any:
        async with self.post(**more) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def events(self, **more: Any) -> list[Any]:
        async with self.post(stream=True, **more) as response:
            return [json.loads(line) for line in data_lines(await response.read()) if line != b"[DONE]"]

    async def last(self) -> CallRecord:
        return await asyncio.wait_for(self.ended.get(), 5)

    async def until_active(self, tokens: int = 0) -> None:
        """Wait until a call is in flight and has sent so many tokens."""
        async with asyncio.timeout(5):
            while True:
                async with self.http.get("/sim/active") as response:
                    calls = (await response.json())["calls"]
                if calls and calls[0]["tokens"] >= tokens:
                    return


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Sim]:
    ready = asyncio.get_running_loop().create_future()
    ended: asyncio.Queue[CallRecord] = asyncio.Queue()
    serving = asyncio.create_task(serve(SimSettings(**{**QUICK, **settings}), ready.set_result, ended.put_nowait))
    done, _ = await asyncio.wait([ready, serving], return_when=asyncio.FIRST_COMPLETED)
    if serving in done:
        serving.result()
    try:
        async with aiohttp.ClientSession(ready.result(), headers={"Authorization": "Bearer any"}) as http:
            yield Sim(ready.result(), http, ended, serving)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with running() as started:
        yield started


def data_lines(body: bytes) -> list[bytes]:
    return [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line.startswith(b"data: ")]


def joined(events: list[Any], field: str) -> str:
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    return "".join(delta.get(field) or "" for delta in deltas)


async def test_unary_answer_and_its_record(sim: Sim) -> None:
    async with sim.post(model="gpt-x") as response:
        answer = await response.json()
        assert response.headers["x-request-id"].startswith("req_sim_")
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "gpt-x-sim"
    assert answer["choices"][0]["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert "cost" not in usage
    record = await sim.last()
    assert (record.id, record.status, record.ending) == (response.headers["x-request-id"], 200, "complete")
    assert (record.provider, record.model, record.tokens) == ("openai", "gpt-x", usage["completion_tokens"])


async def test_stream_says_the_same_as_the_unary_answer(sim: Sim) -> None:
    whole = await sim.ask()
    async with sim.post(stream=True, stream_options={"include_usage": True}) as response:
        assert response.content_type == "text/event-stream"
        lines = data_lines(await response.read())
    assert lines[-1] == b"[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert joined(events, "content") == whole["choices"][0]["message"]["content"]
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert (events[-1]["choices"], events[-1]["usage"]) == ([], whole["usage"])
    assert {event["id"] for event in events} == {whole["id"]}


async def test_no_usage_chunk_unless_asked_for(sim: Sim) -> None:
    assert not any("usage" in event for event in await sim.events())


async def test_equal_requests_get_equal_bytes_from_equal_seeds() -> None:
    bodies = []
    for seed in (1, 1, 2):
        async with running(seed=seed) as sim, sim.post(temperature=1) as response:
            bodies.append(await response.read())
    assert bodies[0] == bodies[1] != bodies[2]


async def test_limit_cuts_the_answer(sim: Sim) -> None:
    whole, cut = await sim.ask(), await sim.ask(max_completion_tokens=5)
    assert cut["choices"][0]["finish_reason"] == "length"
    assert cut["usage"]["completion_tokens"] == 5
    assert whole["choices"][0]["message"]["content"].startswith(cut["choices"][0]["message"]["content"])


async def test_reasoning_spends_the_limit_first(sim: Sim) -> None:
    full, cut = await sim.ask(model="o3"), await sim.ask(model="o3", max_tokens=50)
    assert full["usage"]["completion_tokens_details"]["reasoning_tokens"] == 256
    assert cut["choices"][0] | {"message": None} == {
        "index": 0,
        "message": None,
        "logprobs": None,
        "finish_reason": "length",
    }
    assert cut["choices"][0]["message"]["content"] == ""
    assert cut["usage"]["completion_tokens_details"]["reasoning_tokens"] == 50
    events = await sim.events(model="o3")
    assert joined(events, "reasoning_content") == full["choices"][0]["message"]["reasoning_content"]


async def test_parallel_tool_calls_streamed_in_fragments(sim: Sim) -> None:
    events = await sim.events(prompt="What is the weather in Paris and Rome?", tools=TOOLS)
    deltas = [call for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
    arguments = {0: "", 1: ""}
    for delta in deltas:
        arguments[delta["index"]] += delta["function"]["arguments"]
    assert [json.loads(text) for text in arguments.values()] == [{"city": "Paris"}, {"city": "Rome"}]
    assert [delta["function"]["name"] for delta in deltas if "id" in delta] == ["get_weather", "get_weather"]
    assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"


async def test_schema_is_kept_to(sim: Sim) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "people": {"type": "integer", "minimum": 1}},
        "required": ["city", "people"],
    }
    shape = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    answer = await sim.ask(prompt="Extract: 700 people live in Delft", response_format=shape)
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"city": "Delft", "people": 700}


async def test_repeated_beginning_counts_as_cached(sim: Sim) -> None:
    first = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    later = [*first, {"role": "assistant", "content": "Because."}, {"role": "user", "content": "And?"}]
    cold = (await sim.ask(messages=first))["usage"]
    warm = (await sim.ask(messages=later))["usage"]
    assert cold["prompt_tokens_details"]["cached_tokens"] == 0
    assert warm["prompt_tokens_details"]["cached_tokens"] == cold["prompt_tokens"]


async def test_openrouter_tells_its_cost() -> None:
    async with running(models={"openrouter/m": ModelSettings(price=(2, 10))}) as sim:
        usage = (await sim.ask(provider="openrouter"))["usage"]
    assert usage["cost"] == pytest.approx((usage["prompt_tokens"] * 2 + usage["completion_tokens"] * 10) / 1e6)


async def test_images_are_accepted_and_counted(sim: Sim) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    seen = await sim.ask(messages=[{"role": "user", "content": parts}])
    assert seen["usage"]["prompt_tokens"] > 700


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, None),
        (b'{"model": "m"}', 400, None),
        (b'{"model": "m", "messages": []}', 400, None),
        (b'{"model": "m", "messages": [{"role": "king", "content": ""}]}', 400, None),
        (b'{"model": "no-such-model", "messages": [{"role": "user", "content": "x"}]}', 404, "model_not_found"),
        (b'{"model": "fault-nope", "messages": [{"role": "user", "content": "x"}]}', 404, None),
    ],
)
async def test_refusals_have_the_shape_of_openais(sim: Sim, body: bytes, status: int, code: str | None) -> None:
    async with sim.http.post("/openai/v1/chat/completions", data=body) as response:
        assert response.status == status
        error = (await response.json())["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["code"] == code


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer bad-key", "Basic abc"])
async def test_key_is_needed(sim: Sim, header: str) -> None:
    async with sim.http.get("/x/v1/models", headers={"Authorization": header}) as response:
        assert response.status == 401
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    async with sim.http.post("/x/v1/chat/completions", json=body, headers={"Authorization": header}) as response:
        assert response.status == 401
    assert not (await sim.last()).authorized


async def test_models_are_listed(sim: Sim) -> None:
    async with sim.http.get("/groq/v1/models") as response:
        listed = {model["id"] for model in (await response.json())["data"]}
    assert {"sim-small", *(f"fault-{name}" for name in FAULTS)} <= listed


async def test_log_holds_no_key_and_is_reset(sim: Sim) -> None:
    async with sim.post(headers={}) as response:
        await response.read()
    async with sim.http.get("/sim/log") as response:
        text = await response.text()
    assert "any" not in text
    assert [call["ending"] for call in json.loads(text)] == ["complete"]
    async with sim.http.delete("/sim/log") as response:
        assert response.status == 204
    async with sim.http.get("/sim/log") as response:
        assert await response.json() == []


async def test_connection_is_used_again(sim: Sim) -> None:
    reader, writer = await asyncio.open_connection(*sim.url.removeprefix("http://").split(":"))
    body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
    head = b"POST /a/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n"
    for _ in range(2):
        writer.write(head % len(body) + body)
        assert (await reader.readuntil(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("model", "settings", "tokens"),
    [
        ("m", {"ttft_median": 30.0}, 0),
        ("m", {"token_interval": 0.005}, 3),
        ("fault-hang-accept", {}, 0),
        ("fault-headers-then-silence", {}, 0),
        ("fault-pings-forever=0.01", {}, 0),
        ("fault-stall-after-20", {}, 20),
        ("fault-drip", {}, 0),
        ("fault-slow=30", {}, 0),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_disconnect_is_noticed_in_every_phase(model: str, settings: Any, tokens: int, stream: bool) -> None:
    async with running(**settings) as sim:

        async def read() -> None:
            async with sim.post(model=model, stream=stream) as response:
                await response.read()

        reading = asyncio.create_task(read())
        await sim.until_active(tokens if stream else 0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        assert (await sim.last()).ending == "client_closed"
        async with sim.http.get("/sim/active") as response:
            assert (await response.json())["count"] == 0


async def test_disconnect_of_a_stalled_reader_is_noticed(sim: Sim) -> None:
    reader, writer = await asyncio.open_connection(*sim.url.removeprefix("http://").split(":"), limit=1024)
    body = b'{"model": "fault-huge-line", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
    head = b"POST /a/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n"
    writer.write(head % len(body) + body)
    await reader.readline()
    await sim.until_active()
    writer.transport.abort()
    assert (await sim.last()).ending == "client_closed"


@pytest.mark.parametrize("name", ["hang-accept", "headers-then-silence", "pings-forever=0.01"])
async def test_stop_ends_silences_at_once(name: str) -> None:
    async with running(drain=30.0) as sim:
        asking = asyncio.create_task(sim.events(model=f"fault-{name}"))
        await sim.until_active()
        sim.serving.cancel()
        assert (await sim.last()).ending == "shutdown"
        with suppress(aiohttp.ClientError):
            await asking


async def test_stop_lets_answers_finish() -> None:
    async with running(token_interval=0.002, drain=30.0) as sim:
        asking = asyncio.create_task(sim.events())
        await sim.until_active(tokens=3)
        sim.serving.cancel()
        assert (await asking)[-1]["choices"][0]["finish_reason"] == "stop"
        assert (await sim.last()).ending == "complete"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("http-500", 500),
        ("http-503", 503),
        ("http-401", 401),
        ("http-400", 400),
        ("http-422", 422),
        ("http-429", 429),
        ("content-filter", 400),
        ("context-length", 400),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_status_faults(sim: Sim, name: str, status: int, stream: bool) -> None:
    async with sim.post(model=f"fault-{name}", stream=stream) as response:
        assert response.status == status
        assert (await response.json())["error"]["message"]
    record = await sim.last()
    assert (record.fault, record.status, record.ending) == (name, status, "complete")


async def test_retry_after_in_seconds_and_as_a_date(sim: Sim) -> None:
    async with sim.post(model="fault-http-429=7") as response:
        assert response.headers["Retry-After"] == "7"
    async with sim.post(model="fault-http-429-date") as response:
        assert parsedate_to_datetime(response.headers["Retry-After"]).tzinfo is not None


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", ["reset-mid-stream", "short-body", "close-after-headers"])
async def test_broken_connections(sim: Sim, name: str, stream: bool) -> None:
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError)):
        async with sim.post(model=f"m:fault-{name}", stream=stream) as response:
            await response.read()
    assert (await sim.last()).ending == "fault"


async def test_reset_comes_after_the_tokens(sim: Sim) -> None:
    got = b""
    async with sim.post(model="fault-reset-mid-stream", stream=True) as response:
        with suppress(aiohttp.ClientError):
            while not response.content.at_eof():
                got += await response.content.readany()
    assert len(data_lines(got)) == 21


async def test_eof_mid_stream_looks_clean(sim: Sim) -> None:
    events = await sim.events(model="fault-eof-mid-stream")
    assert len(events) == 41
    assert (await sim.last()).ending == "fault"
    assert all(event["choices"][0]["finish_reason"] is None for event in events)


async def test_error_events(sim: Sim) -> None:
    first, mid = await sim.events(model="fault-error-event-first"), await sim.events(model="fault-error-event-mid")
    assert [list(event) for event in first] == [["error"]]
    assert len(mid) == 22
    assert "error" in mid[-1]
    assert "error" in await sim.ask(model="fault-error-event-first")


@pytest.mark.parametrize(("name", "at"), [("malformed-line", 6), ("malformed-line-first", 0)])
async def test_malformed_line_stands_among_good_ones(sim: Sim, name: str, at: int) -> None:
    async with sim.post(model=f"fault-{name}", stream=True) as response:
        lines = data_lines(await response.read())
    broken = [number for number, line in enumerate(lines[:-1]) if not readable(line)]
    assert (broken, lines[-1]) == ([at], b"[DONE]")
    async with sim.post(model=f"fault-{name}") as response:
        assert not readable(await response.read())


@pytest.mark.parametrize("stream", [True, False])
async def test_huge_line_is_as_long_as_told(sim: Sim, stream: bool) -> None:
    async with sim.post(model="fault-huge-line=2", stream=stream) as response:
        longest = max(map(len, (await response.read()).split(b"\n")))
    assert 2 * 2**20 < longest < 2 * 2**20 + 1000


async def test_other_wrong_answers(sim: Sim) -> None:
    async with sim.post(model="fault-html-200") as response:
        assert (response.status, response.content_type) == (200, "text/html")
    empty = await sim.ask(model="fault-empty-length", max_tokens=100)
    assert (empty["choices"][0]["finish_reason"], empty["choices"][0]["message"]["content"]) == ("length", "")
    assert empty["usage"]["completion_tokens_details"]["reasoning_tokens"] == 100
    assert "usage" not in await sim.ask(model="fault-no-usage")
    events = await sim.events(model="fault-no-usage", stream_options={"include_usage": True})
    assert not any(event.get("usage") for event in events)


async def test_every_byte_alone_with_parallel_calls(sim: Sim) -> None:
    events = await sim.events(model="fault-split-every-byte", tools=TOOLS)
    calls = [call for event in events for call in event["choices"][0]["delta"].get("tool_calls", [])]
    assert {call["index"] for call in calls} == {0, 1}


@pytest.mark.parametrize("name", ["pings-forever", "role-forever"])
async def test_signs_of_life_without_content(sim: Sim, name: str) -> None:
    async with sim.post(model=f"fault-{name}=0.001", stream=True) as response:
        lines = [await response.content.readuntil(b"\n\n") for _ in range(5)]
    assert len(set(lines)) == 1
    assert (await sim.last()).tokens == 0


async def test_faults_of_providers_can_change_while_it_runs() -> None:
    async with running(faults={"groq": "http-503", "openai/m": "http-500"}) as sim:
        statuses = [(await sim.post(provider=provider)).status for provider in ("groq", "openai", "mistral")]
        assert statuses == [503, 500, 200]
        async with sim.http.put("/sim/faults", json={"mistral": "slow=0"}) as response:
            assert await response.json() == {"mistral": "slow=0"}
        await sim.ask(provider="groq")
        async with sim.http.put("/sim/faults", json={"mistral": "nope"}) as response:
            assert response.status == 400


async def test_what_is_wrong_with_a_whole_provider_is_so_for_its_list_of_models() -> None:
    async with running(faults={"groq": "http-503", "openai/m": "http-500", "mistral": "malformed-line"}) as sim:
        statuses = [(await sim.http.get(f"/{name}/v1/models")).status for name in ("groq", "openai", "mistral")]
        assert statuses == [503, 200, 200]


def readable(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
