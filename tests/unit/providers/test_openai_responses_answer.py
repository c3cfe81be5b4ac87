from __future__ import annotations

import json

import msgspec
import pytest
from tests.unit.providers.responses_wire import (
    UPSTREAM,
    call,
    end,
    function_call,
    message,
    model,
    provider,
    reasoning,
    response,
)
from tests.unit.providers.wire import JSON, KEY, QUESTION, FakeTransport
from tests.unit.providers.wire import provider as openai

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Answer, FinishReason, Usage
from pointsman.model.catalogue import Model
from pointsman.model.request import Params, ProviderState, Reasoning, Request, Text, ToolCall
from pointsman.ports import AnswerFailed, Limits
from pointsman.providers.settings import Quirks

pytestmark = pytest.mark.anyio


async def answered(body: object, status: int = 200) -> Answer:
    transport = FakeTransport([msgspec.json.encode(body)], status, {**JSON, "x-request-id": "req_1"})
    return await provider(transport).complete(call())


async def failed(body: object, status: int = 200) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await answered(body, status)
    return caught.value


async def test_everything_an_answer_can_say() -> None:
    thought = reasoning("**Cities**\nTwo.", "**Ask**", status=None)
    items = [thought, message("Ja, ", "gern.", phase="final_answer"), function_call("call_1", "wetter", '{"a": 1}')]
    answer = await answered(end(*items, {"type": "web_search_call", "content": 7})["response"])
    first, *rest = answer.parts
    assert isinstance(first, Reasoning)
    assert first.state is not None
    assert first.text == "**Cities**\nTwo.\n\n**Ask**"
    kept = {"model": UPSTREAM, "item": {name: value for name, value in thought.items() if name != "status"}}
    assert json.loads(first.state.data) == kept
    phase = ProviderState("acme", b'{"phase":"final_answer"}')
    assert rest == [Text("Ja, ", phase), Text("gern.", phase), ToolCall("call_1", "wetter", '{"a": 1}')]
    ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.TOOL_CALLS, "completed")
    assert (ending.usage, ending.served_model) == (Usage(9, 4, 3, 0, 2), "gpt-5.4-pro-2026")
    assert ending.upstream_request_id == "req_1"


async def test_a_refusal() -> None:
    item = message() | {"content": [{"type": "refusal", "refusal": "No."}]}
    answer = await answered(response("completed", item))
    assert answer.parts == (Text("No."),)
    assert answer.ending.reason is FinishReason.REFUSAL


async def test_an_answer_that_a_limit_cut_off() -> None:
    details = {"reason": "max_output_tokens"}
    answer = await answered(response("incomplete", reasoning("Hm.", encrypted=None), incomplete_details=details))
    assert answer.parts == (Reasoning("Hm."),)
    assert answer.ending.reason is FinishReason.MAX_TOKENS


async def test_what_it_costs_where_that_is_told() -> None:
    usage = {"input_tokens": 9, "output_tokens": 4, "cost": 0.0125}
    assert (await answered(response("completed", usage=usage))).ending.cost_nano_usd == 12_500_000


async def test_what_was_written_to_the_cache() -> None:
    details = {"cached_tokens": 3, "cache_write_tokens": 5}
    usage = {"input_tokens": 9, "output_tokens": 4, "input_tokens_details": details}
    assert (await answered(response("completed", usage=usage))).ending.usage == Usage(9, 4, 3, 5)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (response("failed", error={"code": "server_error", "message": "?"}), Reason.ALL_PROVIDERS_DOWN),
        (response("failed", error={"code": "rate_limit_exceeded"}), Reason.PROVIDER_RATE_LIMITED),
        (response("failed", error={"code": "image_content_policy_violation"}), Reason.CONTENT_BLOCKED),
        (response("cancelled"), Reason.ALL_PROVIDERS_DOWN),
        (response("in_progress"), Reason.PROVIDER_PROTOCOL_ERROR),
        (response("completed", 7), Reason.PROVIDER_PROTOCOL_ERROR),
        ({"object": "list"}, Reason.PROVIDER_PROTOCOL_ERROR),
        ([], Reason.PROVIDER_PROTOCOL_ERROR),
    ],
)
async def test_answers_that_are_none(body: object, reason: Reason) -> None:
    assert (await failed(body)).reason is reason


@pytest.mark.parametrize(
    ("status", "code", "reason", "retryable"),
    [
        (400, "invalid_encrypted_content", Reason.PROVIDER_REFUSED, True),
        (400, "unknown_parameter", Reason.PROVIDER_REFUSED, False),
        (400, "invalid_prompt", Reason.CONTENT_BLOCKED, False),
        (400, "context_length_exceeded", Reason.CONTEXT_TOO_LONG, True),
        (404, "model_not_found", Reason.PROVIDER_REFUSED, True),
    ],
)
async def test_refusals(status: int, code: str, reason: Reason, retryable: bool) -> None:
    body = {"error": {"message": f"{KEY} Why?", "type": "invalid_request_error", "param": None, "code": code}}
    error = await failed(body, status)
    assert (error.reason, error.retryable) == (reason, retryable)
    assert error.message == f"acme answered {status} ({code})"


async def test_where_it_is_asked_and_probed() -> None:
    transport = FakeTransport([b"{}"], 200, JSON)
    azure = provider(transport, base_url="https://r.openai.azure.com/openai/v1/?api-version=preview")
    await azure.probe(Limits())
    with pytest.raises(ProviderError):
        await azure.complete(call())
    with pytest.raises(ProviderError):
        await provider(transport).complete(call())
    assert [(sent.method, sent.url) for sent in transport.requests] == [
        ("GET", "https://r.openai.azure.com/openai/v1/models?api-version=preview"),
        ("POST", "https://r.openai.azure.com/openai/v1/responses?api-version=preview"),
        ("POST", "https://api.openai.com/v1/responses"),
    ]
    assert transport.requests[1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("to", "base_url", "path"),
    [
        (model("gpt-5.4-mini"), "", "chat/completions"),
        (model("gpt-5.4-mini", api="responses"), "", "responses"),
        (model("gpt-5.4-mini", api="responses"), "https://openrouter.ai/api/v1", "responses"),
        (model("gpt-5.4-pro"), "", "responses"),
        (model("o3-pro-2025-06-10"), "", "responses"),
        (model("gpt-5.3-codex"), "https://r.openai.azure.com/openai/v1", "responses"),
        (model("o4-mini-deep-research"), "", "responses"),
        (model("gpt-5.4-pro"), "https://openrouter.ai/api/v1", "chat/completions"),
        (model("gpt-5.4-pro", api="chat_completions"), "", "chat/completions"),
        (model("gpt-5.4-professional"), "", "chat/completions"),
    ],
)
async def test_the_openai_wire_asks_by_the_api_that_a_model_needs(to: Model, base_url: str, path: str) -> None:
    transport = FakeTransport([b"{}"], 200, JSON)
    account = openai(transport, base_url=base_url)
    made = call(Request(messages=QUESTION.messages, params=Params(seed=7)), to=to)
    with pytest.raises(ProviderError):
        await account.complete(made)
    with pytest.raises(ProviderError):
        async with account.stream(made):
            pass
    assert [sent.url.partition("/v1/")[2] for sent in transport.requests] == [path, path]
    assert account.dropped(made) == (("seed",) if path == "responses" else ())


async def test_what_only_one_of_both_apis_knows_may_be_omitted() -> None:
    transport = FakeTransport([b"{}"], 200, JSON)
    account = openai(transport, Quirks(omit=frozenset({"include", "reasoning_summary"})))
    for api in ("chat_completions", "responses"):
        assert account.dropped(call(to=model(api=api))) == ()
        with pytest.raises(ProviderError):
            await account.complete(call(to=model(api=api)))
    assert b"include" not in transport.requests[1].body
    assert b"summary" not in transport.requests[1].body


@pytest.mark.parametrize(
    "said",
    [
        {"status": "failed"},
        {"error": {"code": "server_error"}},
        {"status": "completed"},
        {"status": "queued", "output": []},
    ],
)
async def test_an_answer_that_failed_still_says_what_is_charged(said: dict[str, object]) -> None:
    error = await failed(said | {"usage": {"input_tokens": 9, "output_tokens": 4, "cost": 0.5}})
    assert isinstance(error, AnswerFailed)
    assert (error.usage, error.cost_nano_usd) == (Usage(9, 4), 500_000_000)
