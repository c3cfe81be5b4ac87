from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.providers.anthropic_wire import (
    SONNET,
    ask,
    block,
    call,
    end,
    provider,
    sse,
    start,
    streamed,
    text,
    thinking,
    tool_use,
)
from tests.unit.providers.wire import FakeTransport, joined

from pointsman.engine.stream import assemble
from pointsman.errors import DeadlineExceeded, IdleTimeout, ProviderError, Reason, TransportError, Truncated
from pointsman.model.answer import Delta, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.request import Reasoning, Text, ToolCall
from pointsman.ports import AnswerStream

pytestmark = pytest.mark.anyio

PING = b'event: ping\ndata: {"type": "ping"}\n\n'
RECORDED = {
    "parallel calls": sse(
        start(cache_read_input_tokens=3),
        PING,
        *thinking(0, "Zwei Städte – ", "ok 🚂", signature="c2ln"),
        *block(1, {"type": "redacted_thinking", "data": "b3BhcXVl"}),
        *text(2, "Ich ", "schaue 👀."),
        *tool_use(3, "toolu_1", "wetter", '{"stadt": "K', 'öln"}'),
        PING,
        *tool_use(4, "toolu_2", "wetter", "", '{"stadt": ', '"Rom"}'),
        *tool_use(5, "toolu_3", "uhr", ""),
        *end("tool_use"),
    ),
    "plain": sse(start(), *text(0, "Be", "cause."), *end()),
    "comments and other line ends": b": hello\r\n\r\n"
    + sse(start(), *text(0, "Be", "cause."), *end()).replace(b"\n", b"\r\n"),
    "interleaved": sse(
        start(),
        *text(0, "a")[:-1],
        *tool_use(1, "t1", "f", "{")[:-1],
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "}"}},
        *end(),
    ),
}


def state(block: dict[str, Any]) -> dict[str, Any]:
    return {"model": SONNET, "block": block}


async def until_error(answer: AnswerStream) -> tuple[list[Delta], ProviderError]:
    deltas: list[Delta] = []
    try:
        while some := await answer.read():
            deltas += some
    except ProviderError as error:
        return deltas, error
    pytest.fail(f"no error after {deltas}")


async def broken(*chunks: bytes | TransportError) -> tuple[list[Delta], ProviderError]:
    async with provider(FakeTransport(chunks)).stream(call()) as answer:
        return await until_error(answer)


async def test_everything_a_stream_can_say() -> None:
    deltas, ending = await streamed(FakeTransport([RECORDED["parallel calls"]]))
    first, second, *rest = assemble(deltas, reasoning=True)
    assert isinstance(first, Reasoning)
    assert isinstance(second, Reasoning)
    assert first.state is not None
    assert second.state is not None
    thought = {"type": "thinking", "thinking": "Zwei Städte – ok 🚂", "signature": "c2ln"}
    assert (first.text, json.loads(first.state.data)) == ("Zwei Städte – ok 🚂", state(thought))
    assert (second.text, json.loads(second.state.data)) == (
        "",
        state({"type": "redacted_thinking", "data": "b3BhcXVl"}),
    )
    assert rest == [
        Text("Ich schaue 👀."),
        ToolCall("toolu_1", "wetter", '{"stadt": "Köln"}'),
        ToolCall("toolu_2", "wetter", '{"stadt": "Rom"}'),
        ToolCall("toolu_3", "uhr", "{}"),
    ]
    assert (ending.reason, ending.upstream_reason) == (FinishReason.TOOL_CALLS, "tool_use")
    assert (ending.usage, ending.served_model) == (Usage(12, 4, 3), "claude-sonnet-4-6-2026")
    assert ending.upstream_request_id == "msg_1"


async def test_a_stream_read_by_read() -> None:
    events = [start(), *text(0, "Be", "cause."), *end()]
    transport = FakeTransport([sse(event) for event in events])
    async with provider(transport).stream(call()) as answer:
        assert await answer.read() == [TextDelta(0, "Be")]
        assert answer.ending.reason is FinishReason.OTHER
        assert await answer.read() == [TextDelta(0, "cause.")]
        assert await answer.read() == []
        assert await answer.read() == []
    assert b'"stream":true' in transport.requests[0].body
    assert transport.requests[0].headers["accept"] == "text/event-stream"


@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED)
async def test_every_split_gives_the_same(recorded: bytes) -> None:
    whole = told(*await streamed(FakeTransport([recorded])))
    for at in range(1, len(recorded)):
        assert told(*await streamed(FakeTransport([recorded[:at], recorded[at:]]))) == whole
    assert told(*await streamed(FakeTransport([bytes([byte]) for byte in recorded]))) == whole


@given(st.sampled_from(sorted(RECORDED)), st.lists(st.integers(1, 5_000), max_size=12))
@settings(max_examples=50, deadline=None)
def test_any_pieces_give_the_same(name: str, cuts: list[int]) -> None:
    recorded = RECORDED[name]
    places = [0, *sorted({cut % len(recorded) or 1 for cut in cuts}), len(recorded)]
    pieces = [recorded[a:b] for a, b in itertools.pairwise(places)]
    whole = asyncio.run(streamed(FakeTransport([recorded])))
    assert told(*asyncio.run(streamed(FakeTransport(pieces)))) == told(*whole)


def told(deltas: list[Delta], ending: object) -> tuple[object, ...]:
    """What a client makes of a stream, states included."""
    return joined(deltas), assemble(deltas, reasoning=True), ending


async def test_neighbours_of_one_read_become_one_delta() -> None:
    deltas, _ = await ask(start(), *text(0, "a", "b"), *tool_use(1, "t1", "f", "{", "}"), *text(2, "c"), *end())
    assert deltas == [TextDelta(0, "ab"), ToolCallDelta(1, "t1", "f", "{}"), TextDelta(2, "c")]


async def test_thinking_that_is_not_shown_still_comes_back() -> None:
    deltas, _ = await ask(start(), *thinking(0, signature="c2ln"), *text(1, "Yes."), *end())
    assert [type(delta) for delta in deltas] == [ReasoningDelta, TextDelta]
    first = assemble(deltas, reasoning=False)[0]
    assert isinstance(first, Reasoning)
    assert first.state is not None
    assert json.loads(first.state.data) == state({"type": "thinking", "thinking": "", "signature": "c2ln"})


async def test_blocks_and_events_that_are_not_known_say_nothing() -> None:
    server_tool = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    deltas, ending = await ask(
        start(),
        *block(0, server_tool, {"type": "input_json_delta", "partial_json": "{}"}),
        {"type": "invented_later", "index": 1},
        *text(1, ""),
        *block(
            2,
            {"type": "text", "text": "Yes"},
            {"type": "citations_delta", "citation": {}},
            {"type": "text_delta", "text": "."},
        ),
        *end(),
    )
    assert deltas == [TextDelta(0, "Yes.")]
    assert ending.reason is FinishReason.STOP


async def test_arguments_that_come_with_the_call() -> None:
    whole = block(0, {"type": "tool_use", "id": "t1", "name": "f", "input": {"n": 1}})
    assert (await ask(start(), *whole, *end()))[0] == [ToolCallDelta(0, "t1", "f", '{"n":1}')]


@pytest.mark.parametrize(
    "chunks",
    [
        [sse(start(), *text(0, "Be"))],
        [sse(start(), *text(0, "Be"), *end()[:-1])],
        [sse(start(), *text(0, "Be"), *end())[:-2]],
    ],
)
async def test_an_end_before_the_end_mark_is_an_error_after_what_came(chunks: list[bytes]) -> None:
    deltas, error = await broken(*chunks)
    assert deltas == [TextDelta(0, "Be")]
    assert (error.reason, error.retryable, error.status) == (Reason.ALL_PROVIDERS_DOWN, True, 200)
    assert "stream ended before it finished" in error.message


@pytest.mark.parametrize(
    "after", [Truncated("", sent=True), IdleTimeout("", sent=True), DeadlineExceeded("", sent=True)]
)
async def test_what_does_not_arrive_is_an_error_after_what_came(after: TransportError) -> None:
    deltas, error = await broken(sse(start(), *text(0, "Be")), after)
    assert deltas == [TextDelta(0, "Be")]
    assert error.sent


async def test_what_comes_after_the_end_mark_undoes_nothing() -> None:
    for after in (b"data: {broken\n\n", sse({"type": "error", "error": {"type": "api_error"}}), sse(*text(9, "no"))):
        for chunks in ([RECORDED["plain"] + after], [RECORDED["plain"], after]):
            deltas, ending = await streamed(FakeTransport(chunks))
            assert (joined(deltas), ending.reason) == ({0: ("text", "Because.")}, FinishReason.STOP)


@pytest.mark.parametrize(
    "line",
    [
        b"{broken",
        b"[]",
        b'"text"',
        b'{"type": 5}',
        b'{"type":"content_block_start","content_block":[]}',
        b'{"type":"\xff"}',
    ],
)
async def test_a_malformed_event_is_an_error_after_what_came(line: bytes) -> None:
    sent = sse(start(), *text(0, "good"), b"data: " + line + b"\n\n", *text(1, "!"), *end())
    deltas, error = await broken(sent)
    assert deltas == [TextDelta(0, "good")]
    assert (error.reason, error.retryable) == (Reason.PROVIDER_PROTOCOL_ERROR, True)


async def test_an_error_event_is_told_after_what_came_and_told_again() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with provider(FakeTransport([sse(start(), *text(0, "good"), overloaded)])).stream(call()) as answer:
        deltas, error = await until_error(answer)
        assert (deltas, error.reason) == ([TextDelta(0, "good")], Reason.ALL_PROVIDERS_DOWN)
        assert error.message == "acme failed inside its answer (overloaded_error)"
        assert (await until_error(answer))[1] is error


async def test_usage_of_a_stream_that_breaks_is_what_was_told_and_an_estimate_of_the_rest() -> None:
    said = "four by four by four"
    async with provider(FakeTransport([sse(start(cache_read_input_tokens=3), *text(0, said))])).stream(
        call()
    ) as answer:
        await until_error(answer)
        assert answer.ending.usage == Usage(12, 5, 3, estimated=True)


async def test_usage_is_counted_from_the_beginning_and_the_last_word_counts() -> None:
    last = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"input_tokens": 20, "output_tokens": 6},
    }
    ending = (await ask(start(), *text(0, "x"), last, {"type": "message_stop"}))[1]
    assert ending.usage == Usage(20, 6)


async def test_the_stop_sequence_that_ended_it() -> None:
    last = {"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"}}
    ending = (await ask(start(), *text(0, "x"), last, {"type": "message_stop"}))[1]
    assert (ending.upstream_reason, ending.stop_sequence) == ("stop_sequence", "END")


async def test_no_usage_is_none_and_not_zero() -> None:
    silent = start()
    del silent["message"]["usage"]
    last = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    assert (await ask(silent, *text(0, "x"), last, {"type": "message_stop"}))[1].usage is None


async def test_an_event_over_the_limit_is_a_protocol_error() -> None:
    deltas, error = await broken(sse(start(), *text(0, "x")), b"data: " + b"x" * (1 << 20))
    assert (deltas, error.reason) == ([TextDelta(0, "x")], Reason.PROVIDER_PROTOCOL_ERROR)


async def test_a_complete_stream_is_read_to_the_end_of_its_body() -> None:
    transport = FakeTransport([RECORDED["plain"], b": bye\n\n"])
    await streamed(transport)
    assert (transport.opened[0].read, transport.closed) == (2, 1)
