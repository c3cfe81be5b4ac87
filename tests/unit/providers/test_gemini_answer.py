from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.providers.gemini_wire import call, called, chunk, provider, text
from tests.unit.providers.wire import JSON, KEY, FakeTransport

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Answer, FinishReason, Usage
from pointsman.model.request import Reasoning, Text, ToolCall
from pointsman.ports import AnswerFailed

pytestmark = pytest.mark.anyio


async def answered(sent: bytes | dict[str, object], headers: dict[str, str] | None = None) -> Answer:
    body = sent if isinstance(sent, bytes) else msgspec.json.encode(sent)
    return await provider(FakeTransport([body], headers=JSON | (headers or {}))).complete(call())


async def test_a_plain_answer() -> None:
    usage = {
        "promptTokenCount": 20,
        "cachedContentTokenCount": 12,
        "candidatesTokenCount": 7,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 32,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
    }
    answer = await answered(chunk(text("Because – ja 🚂."), finish="STOP", usageMetadata=usage))
    assert answer.parts == (Text("Because – ja 🚂."),)
    ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.STOP, "STOP")
    assert ending.usage == Usage(20, 12, 12, 0, 5)
    assert (ending.served_model, ending.upstream_request_id) == ("m-2026", "r-1")
    assert ending.cost_nano_usd is None


async def test_the_request_id_of_the_headers_comes_first() -> None:
    sent = chunk(text("x"), finish="STOP")
    assert (await answered(sent, {"x-request-id": "req_9"})).ending.upstream_request_id == "req_9"


async def test_parts_in_their_order() -> None:
    answer = await answered(
        chunk(
            text("Hm. ", thought=True),
            text("So.", thought=True),
            text("I "),
            text("look."),
            called("f", {"n": 1}, id="c1"),
            text("And then."),
            {"executableCode": {"code": "1"}},
            finish="STOP",
        )
    )
    assert answer.parts == (
        Reasoning("Hm. So."),
        Text("I look."),
        ToolCall("c1", "f", '{"n":1}'),
        Text("And then."),
    )
    assert answer.ending.reason is FinishReason.TOOL_CALLS


async def test_arguments_are_kept_byte_for_byte() -> None:
    written = '{\n  "z": 9007199254740993, "a": 1.0, "é\\u00e9": [1e400],\n "a": 2 }'
    body = b'{"candidates": [{"content": {"parts": [{"functionCall": {"name": "f", "args": %b}}]}}]}'
    part = (await answered(body % written.encode())).parts[0]
    assert isinstance(part, ToolCall)
    assert part.arguments_json == written


async def test_tool_calls_without_ids_or_arguments() -> None:
    answer = await answered(chunk(called("f", {}, id="c1"), called("f"), called("g", id=""), finish="STOP"))
    first, second, third = answer.parts
    assert first == ToolCall("c1", "f", "{}")
    assert isinstance(second, ToolCall)
    assert isinstance(third, ToolCall)
    assert (second.arguments_json, third.arguments_json) == ("{}", "{}")
    assert len({second.id, third.id, "c1"}) == 3
    assert all(len(made) == 9 and made.isalnum() for made in (second.id, third.id))


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.MAX_TOKENS),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
        ("SPII", FinishReason.CONTENT_FILTER),
        ("BLOCKLIST", FinishReason.CONTENT_FILTER),
        ("LANGUAGE", FinishReason.OTHER),
        ("OTHER", FinishReason.OTHER),
        ("SOMETHING_NEW", FinishReason.OTHER),
    ],
)
async def test_finish_reasons(finish: str, reason: FinishReason) -> None:
    for parts in ((text("x"),), ()):
        ending = (await answered(chunk(*parts, finish=finish))).ending
        assert (ending.reason, ending.upstream_reason) == (reason, finish)


async def test_a_limit_reached_in_a_call_is_a_limit_reached() -> None:
    assert (await answered(chunk(called("f"), finish="MAX_TOKENS"))).ending.reason is FinishReason.MAX_TOKENS


async def test_an_empty_answer_is_left_to_the_engine() -> None:
    usage = {"promptTokenCount": 9, "thoughtsTokenCount": 16, "totalTokenCount": 25}
    answer = await answered(chunk(finish="MAX_TOKENS", usageMetadata=usage))
    assert answer.parts == ()
    assert answer.ending.usage == Usage(9, 16, reasoning_tokens=16)


@pytest.mark.parametrize(
    ("written", "usage"),
    [
        (None, None),
        ({}, None),
        ({"promptTokenCount": 3}, Usage(3)),
        ({"promptTokenCount": 3, "toolUsePromptTokenCount": 4, "candidatesTokenCount": 1}, Usage(7, 1)),
        ({"promptTokenCount": -3, "candidatesTokenCount": -1, "thoughtsTokenCount": -1}, Usage()),
        ({"promptTokenCount": "many"}, None),
        ([], None),
    ],
)
async def test_usage(written: object, usage: Usage | None) -> None:
    assert (await answered(chunk(text("x"), finish="STOP", usageMetadata=written))).ending.usage == usage


async def test_other_candidates_are_not_ours() -> None:
    sent: dict[str, Any] = chunk(text("yes"), finish="STOP")
    sent["candidates"].insert(0, {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "MAX_TOKENS"})
    answer = await answered(sent)
    assert (answer.parts, answer.ending.upstream_reason) == ((Text("yes"),), "STOP")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"candidates": []}',
        b'{"candidates": [{"index": 0}]}',
        b'{"candidates": [{"index": 1, "finishReason": "STOP"}]}',
        b'{"candidates": "none"}',
        b'{"candidates": [{"content": {"parts": [{"text": "\xff"}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"functionCall": {"args": {"a": "\xff"}}}]}}]}',
        b'{"candidates": [{"content": {"parts": [{"text": 5}]}}]}',
        b'{"a":' + b"[" * 100_000,
    ],
)
async def test_what_is_no_answer_is_a_protocol_error(sent: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        await answered(sent)
    assert caught.value.reason is Reason.PROVIDER_PROTOCOL_ERROR
    assert caught.value.retryable
    assert caught.value.__cause__ is None


async def test_the_key_goes_nowhere_but_into_its_header() -> None:
    transport = FakeTransport([msgspec.json.encode(chunk(text("x"), finish="STOP"))], headers=JSON)
    await provider(transport).complete(call())
    request = transport.requests[0]
    assert [name for name, value in request.headers.items() if KEY in value] == ["x-goog-api-key"]
    assert KEY.encode() not in request.body
    assert KEY not in request.url


@pytest.mark.parametrize(
    "said",
    [{"promptFeedback": {"blockReason": "OTHER"}}, {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}, {}],
)
async def test_an_answer_that_failed_still_says_what_is_charged(said: dict[str, object]) -> None:
    with pytest.raises(AnswerFailed) as refused:
        await answered(said | {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4}})
    assert refused.value.usage == Usage(9, 4)


async def test_a_whole_answer_is_charged_as_told_though_it_does_not_say_why_it_ended() -> None:
    answer = await answered(chunk(text("four by four by four"), usageMetadata={"promptTokenCount": 9}))
    assert answer.ending.usage == Usage(9, 0)
