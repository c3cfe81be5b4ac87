"""What a provider says of tokens and money, when that is absurd: it costs no answer, no record and no charge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document
from tests.faults.world import World, until

from pointsman.model.attempt import Attempt, CostSource

pytestmark = pytest.mark.anyio

_HUGE = 10**25
_FEE = {"prompt_tokens": 10, "completion_tokens": 5, "is_byok": True}


@asynccontextmanager
async def telling(wire: str, usage: Mapping[str, Any]) -> AsyncIterator[str]:
    """The URL of a provider that says hello, and this of its usage."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                (length,) = (line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                body = await reader.readexactly(int(length))
                streamed = b'"stream":true' in body or b"streamgenerate" in head
                writer.write(_answered(wire, usage, streamed=streamed))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _answered(wire: str, usage: Mapping[str, Any], *, streamed: bool) -> bytes:
    events = _events(wire, usage)
    if streamed:
        kind, data = b"text/event-stream", b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)
    else:
        kind, data = b"application/json", json.dumps(_whole(wire, usage)).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (kind, len(data), data)


def _whole(wire: str, usage: Mapping[str, Any]) -> dict[str, Any]:
    match wire:
        case "openai":
            choice = {"index": 0, "message": {"content": "hello"}, "finish_reason": "stop"}
            return {"choices": [choice], "usage": usage}
        case "openai-responses":
            output = [{"type": "message", "content": [{"type": "output_text", "text": "hello"}]}]
            return {"status": "completed", "output": output, "usage": usage}
        case "anthropic":
            content = [{"type": "text", "text": "hello"}]
            return {"type": "message", "content": content, "stop_reason": "end_turn", "usage": usage}
        case _:
            candidate = {"content": {"parts": [{"text": "hello"}]}, "finishReason": "STOP"}
            return {"candidates": [candidate], "usageMetadata": usage}


def _events(wire: str, usage: Mapping[str, Any]) -> list[dict[str, Any]]:
    whole = _whole(wire, usage)
    match wire:
        case "openai":
            choice = {"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}
            return [{"choices": [choice]}, {"choices": [], "usage": usage}]
        case "openai-responses":
            return [
                {"type": "response.output_text.delta", "delta": "hello"},
                {"type": "response.completed", "response": whole},
            ]
        case "anthropic":
            return [
                {"type": "message_start", "message": {"usage": usage}},
                {"type": "content_block_start", "content_block": {"type": "text", "text": "hello"}},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
                {"type": "message_stop"},
            ]
        case _:
            return [whole]


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        ("openai", {"prompt_tokens": _HUGE, "completion_tokens": 5}),
        ("openai", {"prompt_tokens": 2**62, "completion_tokens": 2**62}),
        ("openai", {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": _HUGE}),
        (
            "openai",
            {"prompt_tokens": 1, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": _HUGE}},
        ),
        ("openai-responses", {"input_tokens": _HUGE, "output_tokens": 5}),
        ("anthropic", {"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": _HUGE}),
        ("gemini", {"promptTokenCount": _HUGE, "candidatesTokenCount": 5}),
        ("openai", {}),
        ("openai-responses", {}),
        ("gemini", {}),
    ],
)
async def test_absurd_tokens_are_estimated(start: Start, wire: str, usage: Mapping[str, Any]) -> None:
    """Huge ones cost the caller his answer and the ledger its record; none at all made the answer free."""
    async with telling(wire, usage) as url:
        world = await start(document(wire=wire).replace("SIMULATOR/first", url))
        for reply in await world.caller.ask_both(Question()):
            assert (reply.code, reply.text) == (StatusCode.OK, "hello")
            assert 0 < reply.usage.cost.total_nano_usd < 1_000_000
        await until(lambda: len(world.attempts()) == 2)
        assert [attempt.cost_source for attempt in world.attempts()] == [CostSource.ESTIMATE] * 2


@pytest.mark.parametrize(
    ("cost", "fee"), [("sNaN", 1), ("NaN", "sNaN"), ("Infinity", "-Infinity"), ("9e999999", "9e999999"), ("-1", "0.5")]
)
async def test_a_cost_that_is_no_number_is_none(start: Start, cost: Any, fee: Any) -> None:
    """It raised in the middle of closing the attempt: the answer was lost, its row, and what it had reserved."""
    usage = _FEE | {"cost": cost, "cost_details": {"upstream_inference_cost": fee}}
    async with telling("openai", usage) as url:
        world = await start(document().replace("SIMULATOR/first", url))
        for reply in await world.caller.ask_both(Question()):
            assert (reply.code, reply.text) == (StatusCode.OK, "hello")
        await until(lambda: len(world.attempts()) == 2)
        assert [attempt.cost_nano_usd for attempt in world.attempts()] == [60_000] * 2


@pytest.mark.parametrize(
    "odd", [{"prompt_tokens": 10.5}, {"prompt_tokens_details": "none"}, {"completion_tokens": "5"}]
)
async def test_odd_tokens_do_not_take_the_cost_with_them(start: Start, odd: Mapping[str, Any]) -> None:
    """The provider said what it charges; a field beside it that is odd made us forget that."""
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5, **odd}
    async with telling("openai", usage) as url:
        world = await start(document().replace("SIMULATOR/first", url))
        for reply in await world.caller.ask_both(Question()):
            assert reply.usage.cost.total_nano_usd == 500_000_000


@asynccontextmanager
async def sending(body: Mapping[str, Any], kind: str, *, then: asyncio.Event) -> AsyncIterator[str]:
    """The URL of a provider that sends this, and closes the connection after it once `then` is set."""
    data = json.dumps(body).encode()
    sent = b"data: %s\n\n" % data if kind == "text/event-stream" else data

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\nconnection: close\r\n\r\n%s" % (kind.encode(), sent))
            await writer.drain()
            await then.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_was_said_is_charged_though_only_the_input_was_told(start: Start, cancelled: bool) -> None:
    """Gemini tells the input with the first chunk, and the output perhaps with the last: none of it was charged."""
    said = {"content": {"parts": [{"text": "four " * 240}]}}
    chunk = {"candidates": [said], "usageMetadata": {"promptTokenCount": 10}}
    then = asyncio.Event()
    async with sending(chunk, "text/event-stream", then=then) as url:
        world = await start(document(wire="gemini").replace("SIMULATOR/first", url))
        call = world.caller.call(Question(), streamed=True)
        await call.until_output()
        call.cancel() if cancelled else then.set()
        await call.reply()
        attempt = await only(world)
        then.set()
    assert (attempt.usage.input_tokens, attempt.usage.estimated) == (10, True)
    assert 250 < attempt.usage.output_tokens < 350
    assert attempt.cost_source is CostSource.ESTIMATE
    assert attempt.cost_nano_usd == 10 * 2_000 + attempt.usage.output_tokens * 8_000


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("failed", [{"error": {"code": 502}}, {"choices": []}])
async def test_an_answer_that_failed_is_charged_as_told(
    start: Start, failed: Mapping[str, Any], streamed: bool
) -> None:
    told = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5}}
    kind, then = "text/event-stream" if streamed else "application/json", asyncio.Event()
    then.set()
    async with sending({**failed, **told}, kind, then=then) as url:
        world = await start(document().replace("SIMULATOR/first", url))
        assert (await world.caller.ask(Question(), streamed=streamed)).code is not StatusCode.OK
        attempt = await only(world)
    assert (attempt.cost_nano_usd, attempt.cost_source) == (500_000_000, CostSource.PROVIDER)
    assert (attempt.usage.input_tokens, attempt.usage.output_tokens) == (10, 5)


async def only(world: World) -> Attempt:
    """The one attempt, once it is recorded."""
    await until(world.attempts)
    (attempt,) = world.attempts()
    return attempt
