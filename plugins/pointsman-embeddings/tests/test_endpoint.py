"""An endpoint of our own on a free port: what it is told, how it fails, and what never leaves it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pointsman import Assessed, Hints, Mode
from pointsman.config.load import load
from pointsman.errors import ConfigInvalid
from pointsman.testing import make_config, make_request, running_server
from pointsman_embeddings.embedder import EmbedderFailed
from pointsman_embeddings.endpoint import BATCH, connected
from pointsman_embeddings.policy import RETRY_FIRST, RETRY_LAST, Embeddings

Policy = Callable[..., Embeddings]

SECRET = "sk-emb-0123456789"
EXAMPLES = str(Path(__file__).parent / "tasks.jsonl")
OPEN = Assessed(task="simple", mode=Mode.BALANCED, confidence=0.0, source="default")
TOPICS = {"code": ("fix", "write", "function", "python", "query", "test"), "proof": ("prove", "theorem", "why", "odds")}


class Endpoint:
    """Vectors by topic. `answer` replaces what it says, `hold` keeps it from saying anything."""

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self.keys: list[str | None] = []
        self.base_url = ""
        self.answer: Callable[[list[str]], web.Response] | None = None
        self.hold: asyncio.Event | None = None
        self.asked, self.gone = asyncio.Event(), asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        asked = await request.json()
        assert asked["model"] == "tiny"
        self.texts.append(asked["input"])
        self.keys.append(request.headers.get("Authorization"))
        self.asked.set()
        if self.hold:
            try:
                await self.hold.wait()
            except asyncio.CancelledError:
                self.gone.set()
                raise
        if self.answer:
            return self.answer(asked["input"])
        rows = [{"object": "embedding", "index": n, "embedding": _vector(t)} for n, t in enumerate(asked["input"])]
        # In any order: the index counts.
        return web.json_response({"object": "list", "data": rows[::-1], "usage": {"total_tokens": 1}})


def _vector(text: str) -> list[float]:
    words = text.lower().split()
    code, proof = (sum(word in words for word in topic) for topic in TOPICS.values())
    return [float(code), float(proof), 1.0 if not code + proof else 0.1]


@asynccontextmanager
async def serving(endpoint: Endpoint) -> AsyncIterator[Endpoint]:
    app = web.Application()
    app.router.add_post("/v1/embeddings", endpoint.handle)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield endpoint
    finally:
        await runner.cleanup()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with serving(Endpoint()) as running:
        yield running


def options(endpoint: Endpoint, **more: object) -> dict[str, Any]:
    return {"endpoint": {"base_url": endpoint.base_url, "model": "tiny", **more}, "examples": EXAMPLES}


async def test_it_embeds_in_batches_and_in_order(endpoint: Endpoint) -> None:
    texts = ["prove" if n % 3 else "fix" for n in range(BATCH + 5)]
    async with connected(endpoint.base_url, "tiny", "") as client:
        vectors = await client.embed(texts)
    assert [len(asked) for asked in endpoint.texts] == [BATCH, 5]
    assert [row.argmax() for row in vectors] == [1 if n % 3 else 0 for n in range(BATCH + 5)]
    assert endpoint.keys == [None, None]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: web.json_response({"error": f"Incorrect API key provided: {SECRET}"}, status=401), "status 401"),
        (lambda _: web.Response(status=307, headers={"Location": f"http://127.0.0.1:1/{SECRET}"}), "status 307"),
        (lambda _: web.Response(text=f"<html>{SECRET}</html>"), "no list of embeddings"),
        (lambda _: web.json_response({"data": [{"index": 0, "embedding": [SECRET]}]}), "no list of embeddings"),
        (lambda _: web.json_response({"data": []}), "0 embeddings for 1 texts"),
        (lambda _: web.json_response({"data": [{"index": 1, "embedding": [1.0]}]}), "1 embeddings for 1 texts"),
        (lambda _: web.json_response({"data": [{"index": 0, "embedding": [0.0, 0]}]}), "zero or not finite"),
        (lambda _: web.Response(body=b"[" + b" " * (33 << 20)), "more than 32 MiB"),
    ],
)
async def test_what_it_should_not_say_is_an_error_that_repeats_nothing(
    endpoint: Endpoint, answer: Callable[[list[str]], web.Response], why: str
) -> None:
    endpoint.answer = answer
    async with connected(endpoint.base_url, "tiny", SECRET) as client:
        with pytest.raises(EmbedderFailed, match=why) as raised:
            await client.embed(["fix"])
    assert endpoint.keys == [f"Bearer {SECRET}"]
    assert SECRET not in f"{raised.value!r}{raised.value.__cause__!r}"


async def test_nobody_there_is_an_error(endpoint: Endpoint) -> None:
    async with connected("http://127.0.0.1:1/v1", "tiny", "") as client:
        with pytest.raises(EmbedderFailed, match="did not answer: ClientConnectorError"):
            await client.embed(["fix"])


async def test_it_is_asked_once_a_text_and_never_where_the_task_is_named(endpoint: Endpoint, policy: Policy) -> None:
    async with policy(**options(endpoint)) as entered:
        assert sum(map(len, endpoint.texts)) == 27
        endpoint.texts.clear()
        named = Assessed(task="code", mode=Mode.BALANCED, confidence=1.0, source="tag", task_by="tags")
        assert await entered.pointsman_gather_signal(make_request("fix it"), named) is None
        assert endpoint.texts == []
        first = await entered.pointsman_gather_signal(make_request("Fix it"), OPEN)
        again = await entered.pointsman_gather_signal(make_request("Fix it"), OPEN)
    assert first == again
    assert first is not None
    assert first["label"] == "code"
    assert endpoint.texts == [["Fix it"]]


@pytest.mark.parametrize(
    ("regions", "allowed", "told"),
    [((), (), True), ((), ("eu",), False), (("eu",), ("eu",), True), (("us",), ("eu",), False), (("us",), (), True)],
)
async def test_a_prompt_goes_to_no_region_that_the_caller_does_not_allow(
    endpoint: Endpoint, policy: Policy, regions: tuple[str, ...], allowed: tuple[str, ...], told: bool
) -> None:
    request = make_request("fix it", hints=Hints(allowed_regions=allowed))
    async with policy(**options(endpoint, regions=list(regions))) as entered:
        endpoint.texts.clear()
        signal = await entered.pointsman_gather_signal(request, OPEN)
    assert bool(signal) is bool(endpoint.texts) is told


async def test_who_goes_away_hangs_up_and_leaves_the_next_one_a_connection(endpoint: Endpoint, policy: Policy) -> None:
    async with policy(**options(endpoint)) as entered:
        for _ in range(20):  # more than there are connections
            endpoint.hold = asyncio.Event()
            endpoint.asked.clear()
            endpoint.gone.clear()
            asking = asyncio.create_task(entered.pointsman_gather_signal(make_request("fix it"), OPEN))
            await endpoint.asked.wait()
            asking.cancel()
            await asyncio.wait({asking})
            assert asking.cancelled()
            await endpoint.gone.wait()
        endpoint.hold = None
        assert await entered.pointsman_gather_signal(make_request("fix it"), OPEN)


class Indexed(logging.Handler):
    """Waits until the log says that there is an index."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "indexed" in record.getMessage():
            self.told.set()


@pytest.fixture
async def indexed(caplog: pytest.LogCaptureFixture) -> AsyncIterator[asyncio.Event]:
    handler, log = Indexed(), logging.getLogger("pointsman_embeddings.policy")
    caplog.set_level(logging.INFO)
    log.addHandler(handler)
    yield handler.told
    log.removeHandler(handler)


def unwell(_: list[str]) -> web.Response:
    return web.Response(status=503)


async def test_an_endpoint_that_was_down_is_asked_again(
    endpoint: Endpoint, policy: Policy, caplog: pytest.LogCaptureFixture, indexed: asyncio.Event
) -> None:
    pauses, tired, go_on = list[float](), asyncio.Event(), asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 8:
            tired.set()
            await go_on.wait()

    endpoint.answer = unwell
    async with policy(pause, **options(endpoint)) as waiting:
        with pytest.raises(EmbedderFailed, match="no index yet"):
            await waiting.pointsman_gather_signal(make_request("fix it"), OPEN)
        await tired.wait()
        endpoint.answer = None
        go_on.set()
        await indexed.wait()
        assert await waiting.pointsman_gather_signal(make_request("fix it"), OPEN)
    assert pauses[:3] == [RETRY_FIRST, 2 * RETRY_FIRST, 4 * RETRY_FIRST]
    assert max(pauses) == RETRY_LAST
    assert "policy near has no opinions until its endpoint answers" in caplog.text


async def test_leaving_ends_the_tries(endpoint: Endpoint, policy: Policy) -> None:
    tried, ended = asyncio.Event(), asyncio.Event()

    async def pause(_: float) -> None:
        tried.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    endpoint.answer = unwell
    async with policy(pause, **options(endpoint)):
        await tried.wait()
        assert not ended.is_set()
    assert ended.is_set()


async def test_without_its_key_it_has_no_opinions_and_says_why(
    endpoint: Endpoint, policy: Policy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("EMBEDDINGS_KEY", raising=False)
    async with policy(**options(endpoint, api_key="${EMBEDDINGS_KEY}")) as entered:
        with pytest.raises(EmbedderFailed):
            await entered.pointsman_gather_signal(make_request("fix it"), OPEN)
    assert endpoint.texts == []
    assert "policy near has no opinions: environment variable EMBEDDINGS_KEY is not set or empty" in caplog.text


def entry(endpoint: Endpoint, **more: object) -> str:
    return make_config({"id": "near", "use": "embeddings", "timeout": "30s", "with": options(endpoint, **more)})


async def test_the_key_is_sent_and_seen_nowhere_else(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EMBEDDINGS_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    async with running_server(entry(endpoint, api_key="${EMBEDDINGS_KEY}")) as server:
        decision = await server.route("fix my function")
        endpoint.answer = lambda _: web.json_response({"error": SECRET}, status=500)
        failed = await server.route("prove it")
        await server.complete("prove it again")
        files = b"".join(path.read_bytes() for path in server.ledger.parent.iterdir() if path.is_file())
        config = server.config
    assert (decision.task, failed.task) == ("code", "simple")
    assert set(endpoint.keys) == {f"Bearer {SECRET}"}
    everything = f"{config!r}{config.document}{decision!r}{failed!r}{caplog.text}"
    assert SECRET not in everything
    assert SECRET.encode() not in files
    assert b"${EMBEDDINGS_KEY}" in files
    (mine,) = [one for one in config.entries if one.id == "near"]
    assert SECRET not in json.dumps(mine.options.model_dump(mode="json"))  # type: ignore[attr-defined]  # any policy's


async def test_the_version_is_the_same_whatever_the_key_is(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = set()
    for key in (SECRET, "another"):
        monkeypatch.setenv("EMBEDDINGS_KEY", key)
        document = entry(endpoint, api_key="${EMBEDDINGS_KEY}")
        versions.add(load(document, {}, simulated="http://127.0.0.1:1").version)
    assert len(versions) == 1


async def test_a_key_written_down_is_refused_and_never_repeated(endpoint: Endpoint) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load(entry(endpoint, api_key=SECRET), {}, simulated="http://127.0.0.1:1")
    (problem,) = raised.value.problems
    assert problem.path == "chain[0].with.endpoint.api_key"
    assert "must be a reference" in problem.message
    assert SECRET not in repr(raised.value)


async def test_late_it_costs_its_timeout_and_no_more(endpoint: Endpoint) -> None:
    row = {"id": "near", "use": "embeddings", "timeout": "50ms", "with": options(endpoint)}
    async with running_server(make_config(row)) as server:
        endpoint.hold = asyncio.Event()
        decision = await server.route("fix my function")
        await endpoint.gone.wait()
    assert decision.task == "simple"
