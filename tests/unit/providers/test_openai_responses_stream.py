from __future__ import annotations

import asyncio
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.providers.responses_wire import (
    UPSTREAM,
    added,
    ask,
    call,
    called,
    done,
    end,
    function_call,
    message,
    provider,
    reasoning,
    response,
    said,
    sse,
    start,
    streamed,
    thought,
)
from tests.unit.providers.wire import FakeTransport, joined

from pointsman.engine.stream import assemble
from pointsman.errors import DeadlineExceeded, IdleTimeout, ProviderError, Reason, TransportError, Truncated
from pointsman.model.answer import Delta, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.model.request import ProviderState, Reasoning, Text, ToolCall
from pointsman.ports import AnswerStream

pytestmark = pytest.mark.anyio

THOUGHT = reasoning("Zwei Städte – ok 🚂", "Fragen.")
SPOKEN = message("Ich schaue 👀.", phase="commentary")
CALLS = [
    function_call("call_1", "wetter", '{"stadt": "Köln"}'),
    function_call("call_2", "wetter", '{"stadt": "Rom"}'),
    function_call("call_3", "uhr", "{}"),
]
RECORDED = {
    "parallel calls": sse(
        *start(),
        b": keepalive\n\n",
        *thought(0, THOUGHT, (0, "Zwei Städte – "), (0, "ok 🚂"), (1, "Fra"), (1, "gen.")),
        *said(1, SPOKEN, "Ich ", "schaue 👀."),
        *called(2, CALLS[0], '{"stadt": "K', 'öln"}'),
        *called(3, CALLS[1], '{"stadt": ', '"Rom"}'),
        *called(4, CALLS[2]),
        end(THOUGHT, SPOKEN, *CALLS),
    ),
    "plain": sse(*start(), *said(0, message("Because."), "Be", "cause."), end(message("Because."))),
    "other line ends": b": hello\r\n\r\n"
    + sse(*start(), *said(0, message("Because."), "Be", "cause."), end(message("Because."))).replace(b"\n", b"\r\n"),
    "interleaved": sse(
        *start(),
        *said(0, message("ab"), "a")[:-1],
        *called(1, CALLS[0], "{")[:-2],
        *said(0, message("ab"), "b")[2:-1],
        *called(1, CALLS[0], "}")[1:],
        done(0, message("ab")),
        end(),
    ),
    "nothing but the end": sse(end(THOUGHT, SPOKEN, *CALLS)),
}


def state(item: object) -> dict[str, object]:
    return {"model": UPSTREAM, "item": item}


async def broken(*chunks: bytes | TransportError) -> tuple[list[Delta], ProviderError]:
    async with provider(FakeTransport(chunks)).stream(call()) as answer:
        return await until_error(answer)


async def until_error(answer: AnswerStream) -> tuple[list[Delta], ProviderError]:
    deltas: list[Delta] = []
    try:
        while some := await answer.read():
            deltas += some
    except ProviderError as error:
        return deltas, error
    pytest.fail(f"no error after {deltas}")


@pytest.mark.parametrize("recorded", ["parallel calls", "nothing but the end"])
async def test_everything_a_stream_can_say(recorded: str) -> None:
    deltas, ending = await streamed(FakeTransport([RECORDED[recorded]]))
    first, *rest = assemble(deltas, reasoning=True)
    assert isinstance(first, Reasoning)
    assert first.state is not None
    assert first.text == "Zwei Städte – ok 🚂\n\nFragen."
    assert json.loads(first.state.data) == state(THOUGHT)
    assert rest == [
        Text("Ich schaue 👀.", ProviderState("acme", b'{"phase":"commentary"}')),
        ToolCall("call_1", "wetter", '{"stadt": "Köln"}'),
        ToolCall("call_2", "wetter", '{"stadt": "Rom"}'),
        ToolCall("call_3", "uhr", "{}"),
    ]
    assert (ending.reason, ending.upstream_reason) == (FinishReason.TOOL_CALLS, "completed")
    assert (ending.usage, ending.served_model) == (Usage(9, 4, 3, 0, 2), "gpt-5.4-pro-2026")
    assert ending.upstream_request_id == "resp_1"


async def test_a_stream_read_by_read() -> None:
    events = [*start(), *said(0, message("Because."), "Be", "cause."), end()]
    transport = FakeTransport([sse(event) for event in events])
    async with provider(transport).stream(call()) as answer:
        assert await answer.read() == [TextDelta(0, "Be")]
        assert (answer.ending.reason, answer.ending.served_model) == (FinishReason.OTHER, "gpt-5.4-pro-2026")
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


@given(st.sampled_from(sorted(RECORDED)), st.lists(st.integers(1, 8_000), max_size=12))
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


async def test_calls_that_are_interleaved_with_text() -> None:
    deltas, _ = await streamed(FakeTransport([RECORDED["interleaved"]]))
    assert joined(deltas) == {0: ("text", "ab"), 1: ("call_1", "wetter", "{}")}


async def test_reasoning_that_nobody_may_read_is_a_part_of_state_alone() -> None:
    deltas, _ = await ask(*start(), *thought(0, reasoning()), *said(1, message("Yes."), "Yes."), end())
    assert isinstance(deltas[0], ReasoningDelta)
    assert deltas[0].text == ""
    assert deltas[0].state is not None
    assert deltas[1] == TextDelta(1, "Yes.")


async def test_reasoning_that_cannot_come_back_has_no_state() -> None:
    kept_nowhere = reasoning("Hm.", encrypted=None)
    deltas, _ = await ask(*start(), *thought(0, kept_nowhere, (0, "Hm.")), end())
    assert deltas == [ReasoningDelta(0, "Hm.")]
    assert (await ask(*start(), *thought(0, reasoning(encrypted=None)), end()))[0] == []


async def test_open_models_tell_their_reasoning_itself() -> None:
    open_ = reasoning(encrypted=None, content=[{"type": "reasoning_text", "text": "Hm."}], status=None)
    delta = {"type": "response.reasoning_text.delta", "output_index": 0, "content_index": 0, "delta": "Hm."}
    for events in ([added(0, reasoning()), delta, done(0, open_)], [done(0, open_)]):
        (part,) = assemble((await ask(*start(), *events, end()))[0], reasoning=True)
        assert isinstance(part, Reasoning)
        assert part.state is not None
        assert part.text == "Hm."
        sent = json.loads(part.state.data)["item"]
        assert sent.keys() == {"id", "type", "summary", "content"}, "what is null is refused where it is written"


async def test_items_that_are_not_told_in_pieces() -> None:
    deltas, ending = await ask(*start(), done(0, message("Yes.")), done(1, CALLS[0]), end())
    assert deltas == [TextDelta(0, "Yes."), ToolCallDelta(1, "call_1", "wetter", '{"stadt": "Köln"}')]
    assert ending.reason is FinishReason.TOOL_CALLS


async def test_what_is_not_ours_says_nothing() -> None:
    searched = {"id": "ws_1", "type": "web_search_call", "status": "completed", "name": ["?"], "content": 7}
    odd = {"type": "response.code_interpreter_call_code.delta", "output_index": 0, "delta": {"code": "?"}}
    events = [added(0, searched), odd, done(0, searched), *said(1, message("Yes."), "Yes.")]
    deltas, ending = await ask(*start(), *events, b"data: [DONE]\n\n", end(searched))
    assert deltas == [TextDelta(0, "Yes.")]
    assert ending.reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("status", "details", "reason", "upstream"),
    [
        ("completed", None, FinishReason.STOP, "completed"),
        ("incomplete", {"reason": "max_output_tokens"}, FinishReason.MAX_TOKENS, "max_output_tokens"),
        ("incomplete", {"reason": "content_filter"}, FinishReason.CONTENT_FILTER, "content_filter"),
        ("incomplete", {"reason": "steered"}, FinishReason.OTHER, "steered"),
        ("incomplete", None, FinishReason.OTHER, "incomplete"),
    ],
)
async def test_why_it_ended(status: str, details: object, reason: FinishReason, upstream: str) -> None:
    last = end(status=status, incomplete_details=details)
    deltas, ending = await ask(*start(), *said(0, message("Yes."), "Yes."), last)
    assert deltas == [TextDelta(0, "Yes.")]
    assert (ending.reason, ending.upstream_reason, ending.usage) == (reason, upstream, Usage(9, 4, 3, 0, 2))


async def test_a_refusal_is_text_and_a_reason() -> None:
    item = message() | {"content": [{"type": "refusal", "refusal": "No."}]}
    for events in (said(0, item, "N", "o.", kind="refusal"), [done(0, item)]):
        deltas, ending = await ask(*start(), *events, end(item))
        assert deltas == [TextDelta(0, "No.")]
        assert ending.reason is FinishReason.REFUSAL


async def test_how_likely_its_tokens_were() -> None:
    events = said(0, message("Because."), "Be", "cause.")
    for event, logprob in zip(events[2:4], (-0.5, -1.5), strict=True):
        event["logprobs"] = [{"token": event["delta"], "logprob": logprob, "bytes": [], "top_logprobs": []}]
    assert (await ask(*start(), *events, end()))[1].mean_logprob == -1.0
    assert (await ask(*start(), *said(0, message("Yes."), "Yes."), end()))[1].mean_logprob is None


@pytest.mark.parametrize(
    ("event", "reason", "told"),
    [
        (
            {"type": "error", "code": "rate_limit_exceeded", "message": "Why?", "param": None},
            Reason.PROVIDER_RATE_LIMITED,
            "acme failed inside its answer (rate_limit_exceeded)",
        ),
        (
            {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "Why?"}},
            Reason.ALL_PROVIDERS_DOWN,
            "acme failed inside its answer (server_error)",
        ),
        (
            end(status="failed", error={"code": "server_error", "message": "Why?"}),
            Reason.ALL_PROVIDERS_DOWN,
            "acme failed inside its answer (server_error)",
        ),
        (
            end(status="failed", error={"code": "invalid_prompt", "message": "Why?"}),
            Reason.CONTENT_BLOCKED,
            "acme failed inside its answer (invalid_prompt)",
        ),
        (end(status="failed"), Reason.ALL_PROVIDERS_DOWN, "acme failed inside its answer (500)"),
    ],
)
async def test_errors_inside_a_stream(event: object, reason: Reason, told: str) -> None:
    deltas, error = await broken(sse(*start(), *said(0, message("Yes."), "Yes."), event))
    assert deltas == [TextDelta(0, "Yes.")]
    assert (error.reason, error.message) == (reason, told)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([sse(*start())], Reason.ALL_PROVIDERS_DOWN),
        ([sse(*start()), b"data: [DONE]\n\n"], Reason.ALL_PROVIDERS_DOWN),
        ([sse(*start()), b"data: {\n\n"], Reason.PROVIDER_PROTOCOL_ERROR),
        ([sse(*start(), added(0, 7))], Reason.PROVIDER_PROTOCOL_ERROR),
        ([sse(*start()), Truncated("p", sent=True)], Reason.ALL_PROVIDERS_DOWN),
        ([sse(*start()), IdleTimeout("p", sent=True)], Reason.ALL_PROVIDERS_DOWN),
        ([sse(*start()), DeadlineExceeded("p", sent=True)], Reason.DEADLINE_EXCEEDED),
    ],
)
async def test_streams_that_break(chunks: list[bytes | TransportError], reason: Reason) -> None:
    deltas, error = await broken(*chunks)
    assert (deltas, error.reason) == ([], reason)


async def test_the_usage_of_a_response_that_failed_is_kept() -> None:
    failed = end(status="failed", error={"code": "server_error"})
    async with provider(FakeTransport([sse(*start(), failed)])).stream(call()) as answer:
        await until_error(answer)
        assert answer.ending.usage == Usage(9, 4, 3, 0, 2)


async def test_a_response_that_is_odd_in_its_usage_fails_no_answer() -> None:
    for usage in ({"input_tokens": "many"}, None, [7]):
        assert (await ask(*start(), end(usage=usage)))[1].usage is None
    assert response("completed")["usage"] is None
