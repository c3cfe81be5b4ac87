from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.providers.gemini_wire import ask, call, called, chunk, provider, sse, streamed, text
from tests.unit.providers.wire import JSON, FakeTransport, joined

from pointsman.errors import DeadlineExceeded, IdleTimeout, ProviderError, Reason, TransportError, Truncated
from pointsman.model.answer import Delta, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.ports import AnswerStream

pytestmark = pytest.mark.anyio

USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 2, "totalTokenCount": 15}
PARALLEL = sse(
    chunk(text("Zwei Städte – ", thought=True), usageMetadata={"promptTokenCount": 9}),
    chunk(text("ok 🚂", thought=True)),
    b": ping\r\n\r\n",
    chunk(text("Ich ")),
    chunk(text("schaue 👀."), called("wetter", {"stadt": "Köln"}, id="c1")),
    chunk(called("wetter", {"stadt": "Rom"}, id="c2"), finish="STOP", usageMetadata=USAGE),
)
PARALLEL_PARTS = {
    0: ("reasoning", "Zwei Städte – ok 🚂"),
    1: ("text", "Ich schaue 👀."),
    2: ("c1", "wetter", '{"stadt":"Köln"}'),
    3: ("c2", "wetter", '{"stadt":"Rom"}'),
}


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


async def test_a_stream() -> None:
    events = chunk(text("")), chunk(text("Be")), chunk(text("cause."), finish="STOP", usageMetadata=USAGE)
    transport = FakeTransport([sse(event) for event in events])
    async with provider(transport).stream(call()) as answer:
        assert await answer.read() == [TextDelta(0, "Be")]
        assert answer.ending.reason is FinishReason.OTHER
        assert await answer.read() == [TextDelta(0, "cause.")]
        assert await answer.read() == []
        assert await answer.read() == []
        ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.STOP, "STOP")
    assert (ending.usage, ending.served_model) == (Usage(9, 6, reasoning_tokens=2), "m-2026")
    assert ending.upstream_request_id == "r-1"
    assert transport.requests[0].url.endswith("/models/gemini-3.8-flash:streamGenerateContent?alt=sse")
    assert transport.requests[0].headers["accept"] == "text/event-stream"


@given(st.lists(st.integers(1, len(PARALLEL) - 1), max_size=12))
@settings(max_examples=50, deadline=None)
def test_any_pieces_give_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(PARALLEL)]
    asyncio.run(check_pieces([PARALLEL[a:b] for a, b in itertools.pairwise(places)]))


async def test_every_split_gives_the_same() -> None:
    for at in range(1, len(PARALLEL)):
        await check_pieces([PARALLEL[:at], PARALLEL[at:]])
    await check_pieces([bytes([byte]) for byte in PARALLEL])


async def check_pieces(chunks: list[bytes]) -> None:
    deltas, ending = await streamed(FakeTransport(chunks))
    assert joined(deltas) == PARALLEL_PARTS
    assert (ending.reason, ending.usage) == (FinishReason.TOOL_CALLS, Usage(9, 6, reasoning_tokens=2))


async def test_parts_begin_where_the_kind_changes() -> None:
    deltas, _ = await ask(
        chunk(text("a", thought=True), text("b", thought=True)),
        chunk(text("c")),
        chunk(text("d")),
        chunk(text("e", thought=True)),
        chunk(text("f"), called("f", {}, id="c1"), text("g")),
        chunk(text("h"), finish="STOP"),
    )
    assert deltas == [
        ReasoningDelta(0, "ab"),
        TextDelta(1, "cd"),
        ReasoningDelta(2, "e"),
        TextDelta(3, "f"),
        ToolCallDelta(4, "c1", "f", "{}"),
        TextDelta(5, "gh"),
    ]


async def test_calls_without_ids_get_some() -> None:
    deltas, _ = await ask(chunk(called("f", {"n": 1})), chunk(called("f", {"n": 1}), finish="STOP"))
    found = [part for part in deltas if isinstance(part, ToolCallDelta)]
    assert [(part.part, part.name, part.arguments_json) for part in found] == [(0, "f", '{"n":1}'), (1, "f", '{"n":1}')]
    assert len({part.id for part in found}) == 2


async def test_an_answer_goes_on_after_a_chunk_that_says_why_it_ended() -> None:
    deltas, ending = await ask(chunk(text("a"), finish="STOP"), chunk(text("b"), finish="MAX_TOKENS"))
    assert (deltas, ending.reason) == ([TextDelta(0, "ab")], FinishReason.MAX_TOKENS)


async def test_the_last_usage_counts_and_a_chunk_without_one_does_not_undo_it() -> None:
    first = chunk(text("a"), usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 1})
    _, ending = await ask(first, chunk(text("b"), usageMetadata=USAGE), chunk(finish="STOP", usageMetadata=None))
    assert ending.usage == Usage(9, 6, reasoning_tokens=2)


@pytest.mark.parametrize(
    "chunks",
    [
        [sse(chunk(text("Be")))],
        [sse(chunk(text("Be"))), sse(chunk(finish="STOP"))[:-3]],
        [sse(chunk(text("Be"))), b'{\n  "error": {\n    "code": 503\n  }\n}\n\n'],
        [sse(chunk(text("Be")), b"data: [DONE]\n\n")[:-14]],
    ],
)
async def test_an_end_without_a_finish_reason_is_an_error_after_what_came(chunks: list[bytes]) -> None:
    deltas, error = await broken(*chunks)
    assert deltas == [TextDelta(0, "Be")]
    assert (error.reason, error.retryable, error.status) == (Reason.ALL_PROVIDERS_DOWN, True, 200)


@pytest.mark.parametrize("kind", [Truncated, IdleTimeout, DeadlineExceeded])
async def test_a_finish_reason_without_the_end_of_the_body_is_an_error(kind: type[TransportError]) -> None:
    deltas, error = await broken(sse(chunk(text("x"), finish="STOP")), kind("", sent=True))
    assert deltas == [TextDelta(0, "x")]
    assert error.reason in (Reason.ALL_PROVIDERS_DOWN, Reason.DEADLINE_EXCEEDED)


async def test_an_empty_stream_is_an_error() -> None:
    assert (await broken())[1].reason is Reason.ALL_PROVIDERS_DOWN
    assert (await broken(b"<html>no events here</html>\n"))[1].reason is Reason.ALL_PROVIDERS_DOWN


@pytest.mark.parametrize("line", [b"{broken", b"[]", b'"text"', b'{"candidates": 5}', b"[DONE]"])
async def test_a_malformed_event_is_an_error_after_what_came(line: bytes) -> None:
    deltas, error = await broken(sse(chunk(text("good")), b"data: " + line + b"\n\n", chunk(text("!"), finish="STOP")))
    assert deltas == [TextDelta(0, "good")]
    assert (error.reason, error.retryable) == (Reason.PROVIDER_PROTOCOL_ERROR, True)


async def test_an_error_event_is_told_after_what_came_and_told_again() -> None:
    transport = FakeTransport([sse(chunk(text("good")), {"error": {"code": 429}}, chunk(text("!"), finish="STOP"))])
    async with provider(transport).stream(call()) as answer:
        deltas, error = await until_error(answer)
        assert (deltas, error.reason) == ([TextDelta(0, "good")], Reason.PROVIDER_RATE_LIMITED)
        assert (await until_error(answer))[1] is error


async def test_an_event_over_the_limit_is_a_protocol_error() -> None:
    deltas, error = await broken(sse(chunk(text("x"))), b"data: " + b"x" * (1 << 20))
    assert (deltas, error.reason) == ([TextDelta(0, "x")], Reason.PROVIDER_PROTOCOL_ERROR)


async def test_usage_so_far_is_known_when_a_stream_breaks() -> None:
    async with provider(FakeTransport([sse(chunk(text("x"), usageMetadata=USAGE))])).stream(call()) as answer:
        await until_error(answer)
        assert answer.ending.usage == Usage(9, 6, reasoning_tokens=2, estimated=True)
        assert answer.ending.reason is FinishReason.OTHER


async def test_what_was_said_is_counted_where_a_stream_breaks_before_it_was_told() -> None:
    thought, said = text("four by four by four", thought=True), text("four by four by four")
    first = chunk(thought, said, called("f", {"n": 1}), usageMetadata={"promptTokenCount": 9})
    async with provider(FakeTransport([sse(first)])).stream(call()) as answer:
        await until_error(answer)
        usage = answer.ending.usage
    assert usage is not None
    assert (usage.input_tokens, usage.estimated) == (9, True)
    assert 10 < usage.output_tokens < 20


async def test_an_error_of_the_reader_closes_the_stream_and_passes() -> None:
    transport = FakeTransport([sse(chunk(text("x")))])

    async def reader() -> None:
        async with provider(transport).stream(call()) as answer:
            await answer.read()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await reader()
    assert transport.closed == 1


SIGNED_STREAM = [
    chunk(text("Hm", thought=True)),
    chunk(text("", thought=True, thoughtSignature="dDE=")),
    chunk(text("Be"), text("cause.")),
    chunk(text("", thoughtSignature="dDI=")),
    chunk(text("More", thoughtSignature="dDM="), text(" and more")),
    chunk(called("f", {}, id="c1") | {"thoughtSignature": "dDQ="}, called("f", {}, id="c2")),
    chunk(text("", thoughtSignature="dDU="), finish="STOP"),
]


def states(deltas: Sequence[Delta]) -> dict[int, str]:
    return {delta.part: delta.state.data.decode() for delta in deltas if delta.state is not None}


async def test_signatures_belong_to_the_part_that_they_end() -> None:
    for sent in ([sse(*SIGNED_STREAM)], [sse(one) for one in SIGNED_STREAM]):
        deltas, _ = await streamed(FakeTransport(sent))
        assert joined(deltas) == {
            0: ("reasoning", "Hm"),
            1: ("text", "Because."),
            2: ("text", "More"),
            3: ("text", " and more"),
            4: ("c1", "f", "{}"),
            5: ("c2", "f", "{}"),
            6: ("text", ""),
        }
        assert states(deltas) == {0: "dDE=", 1: "dDI=", 2: "dDM=", 4: "dDQ=", 6: "dDU="}
        assert {delta.state.provider for delta in deltas if delta.state is not None} == {"acme"}


async def test_a_whole_answer_has_its_signatures_on_its_parts() -> None:
    parts = [part for one in SIGNED_STREAM for part in one["candidates"][0]["content"]["parts"]]  # type: ignore[index]
    body = msgspec.json.encode(chunk(*parts, finish="STOP"))
    answer = await provider(FakeTransport([body], headers=JSON)).complete(call())
    deltas, _ = await streamed(FakeTransport([sse(*SIGNED_STREAM)]))
    assert [getattr(part, "text", "") for part in answer.parts] == ["Hm", "Because.", "More", " and more", "", "", ""]
    found = {at: state.data.decode() for at, part in enumerate(answer.parts) if (state := getattr(part, "state", None))}
    assert found == states(deltas)
