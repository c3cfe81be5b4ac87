"""Faults as callers of the HTTP API see them: statuses before the first token, error events after it, and callers who
go away, read nothing, come too often or at the end.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.faults.conftest import Start
from tests.faults.documents import document, keyed
from tests.faults.peers import torrent
from tests.faults.world import PATIENCE, World, until
from tests.unit.access.keyfiles import add

from pointsman.errors import Reason
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.caller import Permission

pytestmark = pytest.mark.anyio

API = 'drain: 0s, api: "127.0.0.1:0"'
ASKED = {"model": "pointsman/task:risky", "messages": [{"role": "user", "content": "How do tides work?"}]}
# What does not depend on the event loop is shown on one, the one that servers run on.
once = pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})], ids=["uvloop"])
both = pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])


def with_api(text: str) -> str:
    return text.replace("drain: 0s", API)


@asynccontextmanager
async def posted(
    world: World, streamed: bool = False, headers: dict[str, str] | None = None, **more: object
) -> AsyncIterator[aiohttp.ClientResponse]:
    url = f"http://{world.app.api_address}/v1/chat/completions"
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as http,
        http.post(url, json={**ASKED, "stream": streamed, **more}, headers=headers) as response,
    ):
        yield response


async def read_through(world: World, streamed: bool = False, headers: dict[str, str] | None = None) -> None:
    async with posted(world, streamed, headers) as response:
        await response.read()


async def events(response: aiohttp.ClientResponse) -> list[str]:
    """The data of all events of a stream."""
    text = (await response.read()).decode()
    return [block.removeprefix("data: ") for block in text.split("\n\n") if block.startswith("data: ")]


@once
@both
@pytest.mark.parametrize(
    ("fault", "status", "reason", "retries"),
    [
        ("http-503", 503, "ALL_PROVIDERS_DOWN", True),
        ("http-401", 502, "PROVIDER_AUTH_FAILED", False),
        ("http-400", 400, "PROVIDER_REFUSED", False),
        ("content-filter", 400, "CONTENT_BLOCKED", False),
        ("html-200", 502, "PROVIDER_PROTOCOL_ERROR", False),
        ("empty-length", 422, "EMPTY_ANSWER", False),
    ],
)
async def test_before_the_first_token_a_failure_has_its_status(
    start: Start, fault: str, status: int, reason: str, retries: bool, streamed: bool
) -> None:
    world = await start(with_api(document(f"fault-{fault}")))
    async with posted(world, streamed) as response:
        error = (await response.json())["error"]
    assert (response.status, response.headers["X-Pointsman-Reason"]) == (status, reason)
    assert ("Retry-After" in response.headers, response.headers.get("x-should-retry")) == (
        retries,
        None if retries else "false",
    )
    assert set(error) == {"message", "type", "param", "code"}
    await world.check_afterwards(unrecorded=-1)


@once
@both
async def test_a_failover_is_not_seen(start: Start, streamed: bool) -> None:
    world = await start(with_api(document("fault-http-500", fallback=True)))
    async with posted(world, streamed) as response:
        assert response.status == 200
        assert response.headers["X-Pointsman-Model"] == "standby"
        chunk = json.loads((await events(response))[0]) if streamed else await response.json()
    assert chunk["model"] == "standby"
    await world.check_afterwards(unrecorded=-1)


@pytest.mark.parametrize("fault", ["reset-mid-stream", "eof-mid-stream", "error-event-mid"])
async def test_after_the_first_token_a_failure_is_an_event(start: Start, fault: str) -> None:
    world = await start(with_api(document(f"fault-{fault}", fallback=True)))
    async with posted(world, True, headers={"X-Pointsman-Details": "true"}) as response:
        assert response.status == 200
        *chunks, last = await events(response)
    assert "".join(json.loads(chunk)["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    told = json.loads(last)
    assert told["error"]["code"] == "stream_interrupted"
    assert told["pointsman"]["output_started"] is True
    assert "[DONE]" not in chunks
    await world.check_afterwards(unrecorded=-1)


@both
@pytest.mark.parametrize("fault", ["hang-accept", "stall-after-20"])
async def test_a_caller_who_goes_away_cancels(start: Start, fault: str, streamed: bool) -> None:
    world = await start(with_api(document(f"fault-{fault}")))
    calling = asyncio.create_task(read_through(world, streamed))
    await world.simulator.until_active()
    calling.cancel()
    await asyncio.wait([calling])
    await world.simulator.until_idle()
    assert [call.ending for call in await world.simulator.ended()] == ["client_closed"]
    await world.until_recorded(1)
    assert [record.status for record in world.records()] == [Reason.CALLER_CANCELLED]
    assert [attempt.outcome for attempt in world.attempts()] == [AttemptOutcome.CANCELLED]
    await world.check_afterwards(unrecorded=-1)


async def test_a_caller_who_stops_reading_is_cut_off(start: Start) -> None:
    async with torrent() as url:
        text = document(timeouts="between_chunks: 2s").replace("SIMULATOR/first", url)
        world = await start(with_api(text))
        host, _, port = world.app.api_address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        body = json.dumps({**ASKED, "stream": True}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await world.until_recorded(1)
        (record,) = world.records()
        assert (record.status, record.message) == (Reason.SLOW_CONSUMER, "the caller took nothing for 2 s")
        # What was on its way ends in a broken connection, not in order.
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1 << 30)
        writer.close()
        await world.check_afterwards(unrecorded=-1, unreached="first")


@once
@both
async def test_a_deadline(start: Start, streamed: bool) -> None:
    world = await start(with_api(document("fault-slow=5")))
    async with posted(world, streamed, headers={"X-Pointsman-Timeout-Ms": "600"}) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"]) == (504, "deadline_exceeded")
    async with posted(world, headers={"x-stainless-read-timeout": "0.6"}) as response:
        assert response.status == 504
    await world.check_afterwards(unrecorded=-2)


async def test_more_calls_than_are_let_in(start: Start) -> None:
    world = await start(
        with_api(document("fault-hang-accept")).replace("drain: 0s", "drain: 0s, max_concurrent_requests: 1")
    )
    calling = asyncio.create_task(read_through(world))
    await world.simulator.until_active()
    async with posted(world) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert (await response.json())["error"]["code"] == "overloaded"
    assert b'pointsman_requests_total{code="UNAVAILABLE",method="ChatCompletions",reason="OVERLOADED"} 1.0' in (
        await world.metrics()
    )
    calling.cancel()
    await asyncio.wait([calling])
    await world.until_recorded(1)
    await world.check_afterwards(unrecorded=-1)


@once
@both
async def test_at_the_end_running_calls_are_told(start: Start, streamed: bool) -> None:
    world = await start(with_api(document("fault-hang-accept")).replace("drain: 0s", "drain: 300ms"))

    async def call() -> tuple[int, str]:
        async with posted(world, streamed) as response:
            return response.status, (await response.json())["error"]["code"]

    calling = asyncio.create_task(call())
    await world.simulator.until_active()
    await world.app.__aexit__(None, None, None)
    assert await calling == (503, "shutting_down")
    await world.simulator.until_idle()


@once
@both
async def test_a_repeat_gets_the_answer_again(start: Start, streamed: bool) -> None:
    world = await start(with_api(document()))
    key = {"Idempotency-Key": "r-1"}
    async with posted(world, streamed, headers=key) as response:
        first, headers = await response.read(), response.headers
        assert "X-Pointsman-Replayed" not in headers
    async with posted(world, streamed, headers=key) as response:
        assert await response.read() == first
        assert response.headers["X-Pointsman-Replayed"] == "true"
        assert response.headers["X-Pointsman-Decision-Id"] == headers["X-Pointsman-Decision-Id"]
        assert response.headers["Content-Type"] == headers["Content-Type"]
    for more, hint in (({"seed": 1}, {}), ({}, {"X-Pointsman-Mode": "eco"})):
        async with posted(world, streamed, headers=key | hint, **more) as response:
            error = (await response.json())["error"]
            assert (response.status, error["code"], error["param"]) == (422, "request_id_reused", "Idempotency-Key")
    await world.check_afterwards(unrecorded=-1)


@once
async def test_a_repeat_while_the_first_runs(start: Start) -> None:
    world = await start(with_api(document("fault-hang-accept")))
    key = {"Idempotency-Key": "r-1"}
    calling = asyncio.create_task(read_through(world, headers=key))
    await world.simulator.until_active()
    async with posted(world, headers=key) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"]) == (409, "request_in_progress")
        assert "this Idempotency-Key is" in error["message"]
    calling.cancel()
    await asyncio.wait([calling])
    await world.until_recorded(1)
    await world.check_afterwards(unrecorded=-1)


@once
async def test_who_may_call_and_name_a_model(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    plain, able = add(path), add(path, Permission.OVERRIDE)
    world = await start(keyed(with_api(document()), path))
    world.caller.metadata = (("authorization", f"Bearer {plain}"),)
    for header, model, status in (
        (None, "failing", 401),
        ("Bearer nobodys", "failing", 401),
        (f"Bearer {plain}", "failing", 403),
        (f"Bearer {plain}", "no such model", 403),
        (f"Bearer {plain}", "pointsman/auto", 200),
        (f"Bearer {able}", "failing", 200),
        (f"Bearer {able}", "no such model", 404),
    ):
        headers = {"Authorization": header} if header else {}
        async with posted(world, headers=headers, model=model) as response:
            assert response.status == status
            assert (status == 401) == ("WWW-Authenticate" in response.headers)
    headers = {"Authorization": f"Bearer {plain}", "X-Pointsman-Tenant": "other"}
    async with posted(world, headers=headers, model="pointsman/auto") as response:
        assert response.status == 403
    assert sorted({record.request.tenant for record in world.records()}) == ["acme"]


@once
async def test_what_a_budget_has_no_room_for(start: Start) -> None:
    budgets = "budgets: [{name: all, daily_usd: 0.000001, at: {100%: refuse}}]\n"
    world = await start(with_api(document(extra="  - {use: budgets}\n")) + budgets)
    async with posted(world) as response:
        error: Any = (await response.json())["error"]
    assert (response.status, error["type"], error["code"]) == (429, "insufficient_quota", "insufficient_quota")
    assert response.headers["x-should-retry"] == "false"
    await until(lambda: world.records())


@once
async def test_a_body_that_is_too_large(start: Start) -> None:
    world = await start(with_api(document()))
    url = f"http://{world.app.api_address}/v1/chat/completions"
    body = b'{"model": "' + b"x" * (4 << 20) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1 << 16):
            yield body[at : at + (1 << 16)]

    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as http:
        for data in (io.BytesIO(body), pieces()):
            async with http.post(url, data=data, headers=headers) as response:
                assert (response.status, (await response.json())["error"]["code"]) == (413, "request_too_large")
    assert await world.simulator.ended() == []


@once
@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "param"),
    [
        ("POST", "/v1/chat/completions", {"Host": "rebound.example:80"}, 403, None),
        ("GET", "/v1/models", {"Host": "127.0.0.1.rebound.example"}, 403, None),
        ("GET", "/v1/models", {"Host": "[::1]:8081"}, 200, None),
        ("GET", "/v1/models", {"Host": "localhost"}, 200, None),
        ("POST", "/v1/chat/completions", {"Content-Type": "text/plain"}, 400, "content-type"),
        ("POST", "/v1/chat/completions", {"Content-Encoding": "gzip"}, 400, "content-encoding"),
        ("GET", "/v1/chat/completions", {}, 405, "path"),
        ("POST", "/v1/embeddings", {}, 404, "path"),
        ("GET", "/", {}, 404, "path"),
    ],
)
async def test_what_does_not_come_from_a_client(
    start: Start, method: str, path: str, headers: dict[str, str], status: int, param: str | None
) -> None:
    world = await start(with_api(document()))
    sent = {"Content-Type": "application/json"} | headers
    url = f"http://{world.app.api_address}{path}"
    async with aiohttp.ClientSession() as http, http.request(method, url, data=b"{}", headers=sent) as response:
        body = await response.json()
        assert response.status == status
        assert "Server" not in response.headers
        assert "Access-Control-Allow-Origin" not in response.headers
        assert (response.headers.get("Allow") == "POST") == (status == 405)
    if status != 200:
        assert body["error"]["param"] == param


@once
@both
@pytest.mark.parametrize("header", ["X-Pointsman-Project", "X-Pointsman-Session-Id", "Idempotency-Key"])
async def test_a_header_that_is_not_utf8_is_refused_before_a_provider_is_asked(
    start: Start, header: str, streamed: bool
) -> None:
    world = await start(with_api(document()))
    answer = await sent_raw(world, header.encode() + b": \xff", streamed)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"is not UTF-8" in answer
    # A paid answer without a row would be one call more than there are records.
    await world.check_afterwards()


@pytest.mark.parametrize("chunk", [b"ZZ\r\n", b"5\r\nabcdeXY", b"-5\r\n"])
async def test_a_body_garbled_on_its_way_is_told_at_once(start: Start, chunk: bytes) -> None:
    world = await start(with_api(document()))
    host, _, port = world.app.api_address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(_request("Content-Type: application/json", "Transfer-Encoding: chunked") + b"1\r\n{\r\n")
    await until(lambda: world.app.running == 1)
    writer.write(chunk)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    await until(lambda: world.app.running == 0)
    writer.close()
    await writer.wait_closed()


async def sent_raw(world: World, header: bytes, streamed: bool) -> bytes:
    """The answer to a request with a header that no client of ours would send."""
    host, _, port = world.app.api_address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({**ASKED, "stream": streamed}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    writer.write(head.encode() + header + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def _request(*lines: str, path: str = "/v1/chat/completions") -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *lines)
    return "\r\n".join(head).encode() + b"\r\n\r\n"


async def _told(address: str, data: bytes) -> bytes:
    """All that is answered to these bytes."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "data",
    [
        _request("Authorization : Bearer canary"),
        _request("X-Api-Key: canary\x01"),
        _request("Transfer-Encoding: chunked") + b"ZZ canary\r\n",
        b"canary\r\n\r\n",
    ],
    ids=["space", "control", "chunk", "no HTTP"],
)
async def test_what_is_no_http_is_neither_logged_nor_sent_back(start: Start, data: bytes) -> None:
    world = await start(with_api(document()))
    for address in (world.app.api_address, world.app.http_address):
        assert address
        answer = await _told(address, data)
        assert answer.split(b" ")[1] == b"400"
        assert b"canary" not in answer
        assert b"Server:" not in answer
    assert "canary" not in world.log.text
    assert {record.levelname for record in world.log.records} <= {"DEBUG", "INFO"}


@once
async def test_what_is_packed_is_not_unpacked(start: Start) -> None:
    world = await start(with_api(document()))
    packed = ("Content-Encoding: gzip", "Content-Length: 2")
    # Whoever unpacked the first would find that it cannot be, and never come to the second.
    data = _request(*packed, path="/nowhere") + b"{}" + _request(*packed, "Connection: close", path="/nowhere") + b"{}"
    for address in (world.app.api_address, world.app.http_address):
        assert address
        assert (await _told(address, data)).count(b"HTTP/1.1 404") == 2
