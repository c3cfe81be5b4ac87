from __future__ import annotations

import asyncio
import itertools
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.providers.wire import FakeStream, FakeTransport, ask, call, delta, joined, provider, sse, streamed, tool

from pointsman.errors import DeadlineExceeded, IdleTimeout, ProviderError, Reason, TransportError, Truncated
from pointsman.model.answer import Delta, FinishReason, ReasoningDelta, TextDelta, ToolCallDelta, Usage
from pointsman.ports import AnswerStream
from pointsman.providers.failures import Origin
from pointsman.providers.openai_stream import OpenAIStream

pytestmark = pytest.mark.anyio

USAGE = {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}
PARALLEL = sse(
    b": OPENROUTER PROCESSING\n\n",
    delta(role="assistant", content="", refusal=None),
    delta(reasoning_content="Zwei Städte – "),
    delta(reasoning_content="ok 🚂"),
    delta(content="Ich "),
    delta(content="schaue 👀."),
    delta(tool_calls=[tool(0, id="c1", name="wetter")]),
    delta(tool_calls=[tool(0, '{"stadt": "K')]),
    delta(tool_calls=[tool(1, id="c2", name="wetter")]),
    delta(tool_calls=[tool(1, '{"stadt": '), tool(0, 'öln"}')]),
    delta(tool_calls=[tool(1, '"Rom"}')]),
    delta("tool_calls"),
    USAGE,
)
PARALLEL_PARTS = {
    0: ("reasoning", "Zwei Städte – ok 🚂"),
    1: ("text", "Ich schaue 👀."),
    2: ("c1", "wetter", '{"stadt": "Köln"}'),
    3: ("c2", "wetter", '{"stadt": "Rom"}'),
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
    events = delta(role="assistant", content=""), delta(content="Be"), delta(content="cause."), delta("stop")
    transport = FakeTransport([*(sse(event, done=False) for event in events), sse(USAGE)])
    async with provider(transport).stream(call()) as answer:
        assert await answer.read() == [TextDelta(0, "Be")]
        assert answer.ending.reason is FinishReason.OTHER
        assert await answer.read() == [TextDelta(0, "cause.")]
        assert await answer.read() == []
        assert await answer.read() == []
        ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.STOP, "stop")
    assert (ending.usage, ending.served_model) == (Usage(9, 4), "m-2026")
    assert ending.upstream_request_id == "chatcmpl-1"
    assert b'"stream":true,"stream_options":{"include_usage":true}' in transport.requests[0].body
    assert transport.requests[0].headers["accept"] == "text/event-stream"


async def test_neighbours_of_one_read_become_one_delta() -> None:
    deltas, _ = await ask(
        delta(reasoning="a"),
        delta(reasoning="b"),
        delta(content="c"),
        delta(content="d"),
        delta(reasoning="e"),
        delta(content="f"),
        delta(tool_calls=[tool(0, "{", id="c1", name="f")]),
        delta(tool_calls=[tool(0, "}")]),
        delta("stop"),
    )
    assert deltas == [
        ReasoningDelta(0, "ab"),
        TextDelta(1, "cd"),
        ReasoningDelta(0, "e"),
        TextDelta(1, "f"),
        ToolCallDelta(2, "c1", "f", "{}"),
    ]


@given(st.lists(st.integers(1, len(PARALLEL) - 1), max_size=12))
@settings(max_examples=50, deadline=None)
def test_any_pieces_give_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(PARALLEL)]
    pieces = [PARALLEL[a:b] for a, b in itertools.pairwise(places)]
    asyncio.run(check_pieces(pieces))


async def test_every_split_gives_the_same() -> None:
    for at in range(1, len(PARALLEL)):
        await check_pieces([PARALLEL[:at], PARALLEL[at:]])
    await check_pieces([bytes([byte]) for byte in PARALLEL])


async def check_pieces(chunks: list[bytes]) -> None:
    deltas, ending = await streamed(FakeTransport(chunks))
    assert joined(deltas) == PARALLEL_PARTS
    assert (ending.reason, ending.usage) == (FinishReason.TOOL_CALLS, Usage(9, 4))


# Any: pieces as providers write them
SHAPES: list[tuple[str, list[Any], list[tuple[str, str]]]] = [
    (
        "index, id and name resent in every piece",
        [[tool(0, '{"a":', id="c1", name="f")], [tool(0, "1}", id="c1", name="f")]],
        [("c1", '{"a":1}')],
    ),
    (
        "an id of its own in every piece (vLLM)",
        [[tool(0, id="c1", name="f")], [tool(0, "{", id="x")], [tool(0, "}", id="y")]],
        [("c1", "{}")],
    ),
    (
        "no index, whole calls at once (Mistral)",
        [[tool(None, "{}", id="c1", name="f"), tool(None, "[]", id="c2", name="f")]],
        [("c1", "{}"), ("c2", "[]")],
    ),
    (
        "no index, one call a chunk, arguments go on (Gemini)",
        [[tool(None, "{", id="c1", name="f")], [tool(None, "}")], [tool(None, "[]", id="c2", name="f")]],
        [("c1", "{}"), ("c2", "[]")],
    ),
    (
        "index always 0, another id (vLLM, Gemini proxies)",
        [[tool(0, "{", id="c1", name="f")], [tool(0, "}")], [tool(0, "[", id="c2", name="f")], [tool(0, "]")]],
        [("c1", "{}"), ("c2", "[]")],
    ),
    (
        "no index, the ids resent",
        [
            [tool(None, "{", id="c1", name="f"), tool(None, "[", id="c2", name="f")],
            [tool(None, "}", id="c1"), tool(None, "]", id="c2")],
        ],
        [("c1", "{}"), ("c2", "[]")],
    ),
    (
        "the name later than the arguments",
        [[tool(0, id="c1")], [tool(0, "{")], [tool(0, "", name="f")], [tool(0, "}")]],
        [("c1", "{}")],
    ),
    ("no arguments", [[tool(0, id="c1", name="f")]], [("c1", "")]),
    ("indexes that begin at 1 and skip", [[tool(1, "{}", id="c1", name="f")], [tool(5, "[]", id="c2", name="f")]],
     [("c1", "{}"), ("c2", "[]")]),
]  # fmt: skip


@pytest.mark.parametrize(("chunks", "calls"), [pytest.param(*shape[1:], id=shape[0]) for shape in SHAPES])
async def test_tool_calls_however_they_are_told_apart(chunks: list[Any], calls: list[tuple[str, str]]) -> None:
    for at_once in (True, False):
        events = [delta(tool_calls=pieces) for pieces in chunks] + [delta("tool_calls")]
        sent = [sse(*events)] if at_once else [*(sse(event, done=False) for event in events), sse()]
        deltas, ending = await streamed(FakeTransport(sent))
        expected = {part: (call_id, "f", arguments) for part, (call_id, arguments) in enumerate(calls)}
        assert joined(deltas) == expected
        assert ending.reason is FinishReason.TOOL_CALLS


async def test_calls_without_ids_get_some() -> None:
    pieces = [tool(None, "{}", name="f"), tool(None, "[]", name="g", id="null"), tool(None, "1", name="f", id="")]
    deltas, _ = await ask(*(delta(tool_calls=[piece]) for piece in pieces), delta("tool_calls"))
    found = [part for part in deltas if isinstance(part, ToolCallDelta)]
    assert [(part.name, part.arguments_json) for part in found] == [("f", "{}"), ("g", "[]"), ("f", "1")]
    assert len({part.id for part in found}) == 3
    assert all(len(part.id) == 9 and part.id.isalnum() for part in found)


async def test_a_call_that_is_never_named_is_given_as_it_is() -> None:
    deltas, _ = await ask(delta(tool_calls=[tool(0, "{}", id="c1")]), delta("tool_calls"))
    assert deltas == [ToolCallDelta(0, "c1", "", "{}")]


async def test_stop_after_tool_calls_is_tool_calls() -> None:
    _, ending = await ask(delta(tool_calls=[tool(0, "{}", id="c1", name="f")]), delta("stop"))
    assert (ending.reason, ending.upstream_reason) == (FinishReason.TOOL_CALLS, "stop")


async def test_a_refusal() -> None:
    deltas, ending = await ask(delta(refusal="I "), delta(refusal="can't."), delta("stop"))
    assert (deltas, ending.reason) == ([TextDelta(0, "I can't.")], FinishReason.REFUSAL)


async def test_azure_begins_with_filter_results_and_no_choices() -> None:
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    deltas, ending = await ask(first, delta(content="x"), delta("content_filter"))
    assert deltas == [TextDelta(0, "x")]
    assert (ending.reason, ending.served_model) == (FinishReason.CONTENT_FILTER, "m-2026")
    assert ending.upstream_request_id == "chatcmpl-1"


async def test_groq_has_its_usage_elsewhere() -> None:
    first = delta(role="assistant", content="") | {"x_groq": {"id": "req_1"}}
    last = delta("stop") | {"x_groq": {"id": "req_1", "usage": {"prompt_tokens": 3, "completion_tokens": 1}}}
    assert (await ask(first, delta(content="x"), last))[1].usage == Usage(3, 1)


async def test_usage_comes_with_the_finish_or_before_and_null_does_not_undo_it() -> None:
    told = {"usage": {"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.00000125}}
    for chunks in ([delta("stop") | told], [delta(content="") | told, delta("stop") | {"usage": None}]):
        ending = (await ask(delta(content="x"), *chunks))[1]
        assert (ending.usage, ending.cost_nano_usd) == (Usage(3, 1), 1_250)


async def test_usage_without_choices_as_vllm_writes_it() -> None:
    assert (await ask(delta(content="x"), delta("stop"), USAGE | {"choices": None}))[1].usage == Usage(9, 4)


async def test_mistral_thinks_in_pieces() -> None:
    thought = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]
    deltas, _ = await ask(delta(content=thought), delta(content=[{"type": "text", "text": "Yes"}]), delta("stop"))
    assert deltas == [ReasoningDelta(0, "Hm"), TextDelta(1, "Yes")]


async def test_other_choices_are_not_ours() -> None:
    other = {"choices": [{"index": 1, "delta": {"content": "no"}}, {"delta": {"content": "yes"}}]}
    assert (await ask(other, delta("stop")))[0] == [TextDelta(0, "yes")]


@pytest.mark.parametrize(
    "chunks",
    [
        [sse(delta(content="Be"), done=False)],
        [sse(delta(content="Be"))],
        [sse(delta(content="Be"), done=False), sse(delta("stop"), done=False)[:-2]],
    ],
)
async def test_an_end_before_the_finish_reason_is_an_error_after_what_came(chunks: list[bytes]) -> None:
    deltas, error = await broken(*chunks)
    assert deltas == [TextDelta(0, "Be")]
    assert (error.reason, error.retryable, error.status) == (Reason.ALL_PROVIDERS_DOWN, True, 200)
    assert "stream ended before it finished" in error.message


async def test_an_empty_stream_is_an_error() -> None:
    assert (await broken())[1].reason is Reason.ALL_PROVIDERS_DOWN
    assert (await broken(b"<html>no events here</html>\n"))[1].reason is Reason.ALL_PROVIDERS_DOWN


@pytest.mark.parametrize(
    "after",
    [
        [],
        [Truncated("", sent=True)],
        [IdleTimeout("", sent=True)],
        [DeadlineExceeded("", sent=True)],
        [b"data: {broken\n\n"],
        [b'data: {"error": {"code": 500}}\n\n'],
        [b": ping\n\n", b"data: [DONE]\n\n", b"data: {broken\n\n"],
    ],
)
async def test_what_comes_after_the_finish_reason_undoes_nothing(after: list[bytes | TransportError]) -> None:
    deltas, ending = await streamed(FakeTransport([sse(delta(content="x"), delta("stop"), done=False), *after]))
    assert (deltas, ending.reason, ending.usage) == ([TextDelta(0, "x")], FinishReason.STOP, None)


NOT_CHUNKS = [b"{broken", b"[]", b'"text"', b'{"choices": 5}', b'{"choices":[{"delta":{"content":"\xff"}}]}']


@pytest.mark.parametrize("line", NOT_CHUNKS)
async def test_a_malformed_event_is_an_error_after_what_came(line: bytes) -> None:
    sent = sse(delta(content="good"), b"data: " + line + b"\n\n", delta(content="!"), delta("stop"))
    deltas, error = await broken(sent)
    assert deltas == [TextDelta(0, "good")]
    assert (error.reason, error.retryable) == (Reason.PROVIDER_PROTOCOL_ERROR, True)


async def test_an_error_event_is_told_after_what_came_and_told_again() -> None:
    transport = FakeTransport([sse(delta(content="good"), {"error": {"code": 429}}, delta(content="!"))])
    async with provider(transport).stream(call()) as answer:
        deltas, error = await until_error(answer)
        assert (deltas, error.reason) == ([TextDelta(0, "good")], Reason.PROVIDER_RATE_LIMITED)
        assert (await until_error(answer))[1] is error


async def test_an_event_over_the_limit_is_a_protocol_error() -> None:
    deltas, error = await broken(sse(delta(content="x"), done=False), b"data: " + b"x" * (1 << 20))
    assert (deltas, error.reason) == ([TextDelta(0, "x")], Reason.PROVIDER_PROTOCOL_ERROR)


async def test_usage_that_never_comes_is_not_waited_for() -> None:
    class Pinging(FakeStream):
        async def read_some(self) -> bytes:
            if self.read < len(self.chunks):
                return await super().read_some()
            await anyio.sleep(0.001)
            return b": ping\n\n"

    body = Pinging(200, {}, [sse(delta(content="x"), delta("stop"), done=False)])
    answer = OpenAIStream(body, Origin("acme", 200), 1 << 20, usage_wait=0.02)
    assert await answer.read() == [TextDelta(0, "x")]
    assert await answer.read() == []
    assert (answer.ending.reason, answer.ending.usage) == (FinishReason.STOP, None)


async def test_usage_so_far_is_known_when_a_stream_breaks() -> None:
    told = delta(content="x") | {"usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    async with provider(FakeTransport([sse(told, done=False)])).stream(call()) as answer:
        await until_error(answer)
        assert answer.ending.usage == Usage(3, 1)
        assert answer.ending.reason is FinishReason.OTHER


async def test_a_complete_stream_is_read_to_the_end_of_its_body_and_one_left_early_is_not() -> None:
    transport = FakeTransport([sse(delta(content="x"), delta("stop")), b": bye\n\n"])
    await streamed(transport)
    async with provider(transport).stream(call()) as answer:
        await answer.read()
    whole, left = transport.opened
    assert (whole.read, left.read) == (2, 2)
    transport.chunks = [sse(delta(content="x"), done=False), sse(delta("stop"))]
    async with provider(transport).stream(call()) as answer:
        await answer.read()
    assert transport.opened[-1].read == 1
    assert transport.closed == 3


async def test_an_error_of_the_reader_closes_the_stream_and_passes() -> None:
    transport = FakeTransport([sse(delta(content="x"), done=False)])

    async def reader() -> None:
        async with provider(transport).stream(call()) as answer:
            await answer.read()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await reader()
    assert transport.closed == 1


@pytest.mark.parametrize("last", [{}, {"prompt_tokens": None}, {"cost": "none"}, "none"])
async def test_a_usage_that_tells_nothing_undoes_none_before_it(last: object) -> None:
    told = USAGE | {"usage": {"prompt_tokens": 9, "completion_tokens": 4, "cost": 0.5}}
    _, ending = await ask(delta("stop", content="x"), told, USAGE | {"usage": last})
    assert (ending.usage, ending.cost_nano_usd) == (Usage(9, 4), 500_000_000)
