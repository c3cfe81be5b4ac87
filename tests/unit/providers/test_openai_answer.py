from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.providers.wire import JSON, KEY, FakeTransport, call, provider

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Answer, FinishReason, Usage
from pointsman.model.request import Reasoning, Text, ToolCall
from pointsman.ports import AnswerFailed

pytestmark = pytest.mark.anyio


# Any: bodies as providers write them.
def body(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant"} | message, "logprobs": None, "finish_reason": finish}
    made = {"id": "chatcmpl-1", "object": "chat.completion", "model": "m-2026", "choices": [choice]}
    return msgspec.json.encode(made | more)


async def answered(sent: bytes, headers: dict[str, str] | None = None) -> Answer:
    return await provider(FakeTransport([sent], headers=JSON | (headers or {}))).complete(call())


async def usage_of(written: str) -> tuple[Usage | None, int | None]:
    sent = body({"content": "x"})[:-1] + b',"usage":' + written.encode() + b"}"
    ending = (await answered(sent)).ending
    return ending.usage, ending.cost_nano_usd


async def test_a_plain_answer() -> None:
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": 7,
        "total_tokens": 27,
        "prompt_tokens_details": {"cached_tokens": 12, "cache_write_tokens": 3, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 0},
    }
    answer = await answered(body({"content": "Because – ja 🚂."}, usage=usage, service_tier="default"))
    assert answer.parts == (Text("Because – ja 🚂."),)
    ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.STOP, "stop")
    assert ending.usage == Usage(20, 7, 12, 3, 5)
    assert (ending.served_model, ending.upstream_request_id) == ("m-2026", "chatcmpl-1")
    assert ending.cost_nano_usd is None


async def test_the_request_id_of_the_headers_comes_first() -> None:
    assert (await answered(body({"content": "x"}), {"x-request-id": "req_9"})).ending.upstream_request_id == "req_9"
    assert (await answered(body({"content": "x"}, id=17))).ending.upstream_request_id == "17"


async def test_tool_calls_with_ids_and_without() -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"n": 1}'}},
        {"id": "", "type": "function", "function": {"name": "g", "arguments": '{"broken'}},
        {"function": {"name": "g"}},
    ]
    answer = await answered(body({"content": None, "tool_calls": calls}, "tool_calls"))
    first, second, third = answer.parts
    assert first == ToolCall("c1", "f", '{"n": 1}')
    assert isinstance(second, ToolCall)
    assert isinstance(third, ToolCall)
    assert (second.name, second.arguments_json, third.arguments_json) == ("g", '{"broken', "")
    assert len({second.id, third.id}) == 2
    assert all(len(made) == 9 and made.isalnum() for made in (second.id, third.id))


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Yes.", "reasoning_content": "Hm."},  # DeepSeek
        {"content": "Yes.", "reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text"}]},  # OpenRouter
        {"content": "Yes.", "reasoning": "Hm.", "reasoning_content": "Hm."},  # vLLM, in its transition
        {  # Mistral
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "H"}, {"type": "text", "text": "m."}]},
                {"type": "text", "text": "Yes."},
            ]
        },
    ],
)
async def test_reasoning_in_all_its_places(message: dict[str, Any]) -> None:
    assert (await answered(body(message))).parts == (Reasoning("Hm."), Text("Yes."))


@pytest.mark.parametrize(
    ("message", "finish", "reason"),
    [
        ({"content": "x"}, "length", FinishReason.MAX_TOKENS),
        ({"content": "x"}, "model_length", FinishReason.MAX_TOKENS),
        ({"content": ""}, "content_filter", FinishReason.CONTENT_FILTER),
        ({"content": None}, "function_call", FinishReason.TOOL_CALLS),
        ({"content": "x"}, "STOP", FinishReason.STOP),
        ({"content": "x"}, "eos_token", FinishReason.OTHER),
        ({"content": "x"}, None, FinishReason.OTHER),
        ({"content": None, "refusal": "No."}, "stop", FinishReason.REFUSAL),
        ({"content": None, "refusal": "No."}, "content_filter", FinishReason.CONTENT_FILTER),
        ({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}, "stop", FinishReason.TOOL_CALLS),
    ],
)
async def test_finish_reasons(message: dict[str, Any], finish: str | None, reason: FinishReason) -> None:
    ending = (await answered(body(message, finish))).ending
    assert (ending.reason, ending.upstream_reason) == (reason, finish or "")


async def test_a_refusal_is_text() -> None:
    assert (await answered(body({"content": None, "refusal": "I can't."}))).parts == (Text("I can't."),)


async def test_an_empty_answer_is_left_to_the_engine() -> None:
    answer = await answered(body({"content": ""}, "length", usage={"prompt_tokens": 9, "completion_tokens": 16}))
    assert answer.parts == ()
    assert answer.ending.usage == Usage(9, 16)


@pytest.mark.parametrize(
    ("written", "nano"),
    [
        ('{"cost": 0.00014}', 140_000),
        ('{"cost": 0}', 0),
        ('{"cost": 1e-7}', 100),
        ('{"cost": 0.0000000005}', 1),
        ('{"cost": 0.00000000049999999999999999999999999}', 0),
        ('{"cost": 0.1234567895}', 123_456_790),
        ('{"cost": 1.1}', 1_100_000_000),
        ('{"cost": "0.25"}', 250_000_000),
        ('{"cost": {"currency": "USD", "total_cost": 0.006}}', 6_000_000),
        ('{"cost": 0.001, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.001}}', 1_000_000),
        ('{"cost": 0.001, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.02}}', 21_000_000),
        ('{"cost": 0.001, "is_byok": true, "cost_details": {"upstream_inference_cost": null}}', 1_000_000),
        ('{"cost": null}', None),
        ('{"cost": -1}', None),
        ('{"cost": 1e99999999}', None),
        ('{"cost": "NaN"}', None),
        ('{"cost": "Infinity"}', None),
    ],
)
async def test_cost_is_exact(written: str, nano: int | None) -> None:
    usage, cost = await usage_of(written)
    assert usage is None
    assert cost == nano


@pytest.mark.parametrize(
    ("written", "usage"),
    [
        ("null", None),
        ('{"prompt_tokens": 3, "completion_tokens": null, "prompt_tokens_details": null}', Usage(3)),
        # xAI: reasoning beside the completion; the total has both.
        (
            '{"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,'
            ' "completion_tokens_details": {"reasoning_tokens": 94}}',
            Usage(32, 103, reasoning_tokens=94),
        ),
        # Gemini: the same, without saying what the rest is.
        ('{"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623}', Usage(20, 603, reasoning_tokens=405)),
        # DeepSeek
        ('{"prompt_tokens": 20, "completion_tokens": 1, "prompt_cache_hit_tokens": 16}', Usage(20, 1, 16)),
        ('{"prompt_tokens": -1, "completion_tokens": -5}', Usage()),
        ('{"prompt_tokens": "many"}', None),
        ("[]", None),
    ],
)
async def test_usage_in_all_its_forms(written: str, usage: Usage | None) -> None:
    assert (await usage_of(written))[0] == usage


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"choices": [{"index": 0}]}',
        b'{"choices": [{"index": 1, "message": {"content": "x"}}]}',
        b'{"choices": "none"}',
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"a":' + b"[" * 100_000,
    ],
)
async def test_what_is_no_answer_is_a_protocol_error(sent: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        await answered(sent)
    assert caught.value.reason is Reason.PROVIDER_PROTOCOL_ERROR
    assert caught.value.retryable
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/event-stream", "text/plain"])
async def test_what_is_not_json_is_a_protocol_error_that_quotes_nothing(kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await answered(b"<h1>Welcome</h1>", {"content-type": kind})
    assert caught.value.reason is Reason.PROVIDER_PROTOCOL_ERROR
    assert "Welcome" not in str(caught.value)


async def test_json_of_another_name_and_no_name_are_read() -> None:
    for kind in ("application/vnd.acme+json", ""):
        assert (await answered(body({"content": "x"}), {"content-type": kind})).parts == (Text("x"),)


async def test_the_key_goes_nowhere_but_into_its_header() -> None:
    transport = FakeTransport([body({"content": "x"})], headers=JSON)
    await provider(transport).complete(call())
    request = transport.requests[0]
    assert [name for name, value in request.headers.items() if KEY in value] == ["authorization"]
    assert KEY.encode() not in request.body
    assert KEY not in request.url


@pytest.mark.parametrize(
    "failed",
    [
        {"error": {"code": 502}},
        {"choices": [{"index": 0, "finish_reason": "error"}]},
        {"choices": []},
        {"choices": [{}]},
    ],
)
async def test_an_answer_that_failed_still_says_what_is_charged(failed: dict[str, Any]) -> None:
    told = {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5}}
    with pytest.raises(AnswerFailed) as refused:
        await answered(msgspec.json.encode(failed | told))
    assert (refused.value.usage, refused.value.cost_nano_usd) == (Usage(10, 5), 500_000_000)


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": 0, "completion_tokens": 0}])
async def test_a_failure_that_knows_of_no_tokens_charges_none(usage: dict[str, Any]) -> None:
    with pytest.raises(AnswerFailed) as refused:
        await answered(msgspec.json.encode({"error": {"code": 502}, "usage": usage}))
    assert (refused.value.usage, refused.value.cost_nano_usd) == (None, None)
