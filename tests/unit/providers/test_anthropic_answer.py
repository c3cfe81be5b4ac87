from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.unit.providers.anthropic_wire import SONNET, call, provider, streamed
from tests.unit.providers.wire import JSON, KEY, QUESTION, FakeTransport

from pointsman.errors import ProviderError, Reason
from pointsman.model.answer import Answer, FinishReason, Usage
from pointsman.model.request import Reasoning, Text, ToolCall

pytestmark = pytest.mark.anyio

SAID = f"You said 'Why?' with {KEY}"
DOWN = (Reason.ALL_PROVIDERS_DOWN, True)
LIMITED = (Reason.PROVIDER_RATE_LIMITED, True)
BAD_KEY = (Reason.PROVIDER_AUTH_FAILED, True)
REFUSED = (Reason.PROVIDER_REFUSED, False)
TOO_LONG = (Reason.CONTEXT_TOO_LONG, True)


# Any: bodies as they are written.
def body(*content: Any, reason: str | None = "end_turn", **more: Any) -> bytes:
    made = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026", "content": content}
    return msgspec.json.encode(made | {"stop_reason": reason, "stop_sequence": None} | more)


async def answered(sent: bytes, headers: dict[str, str] | None = None) -> Answer:
    return await provider(FakeTransport([sent], headers=JSON | (headers or {}))).complete(call())


async def test_a_plain_answer() -> None:
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 12,
        "cache_creation_input_tokens": 3,
        "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 4},
        "service_tier": "standard",
    }
    answer = await answered(body({"type": "text", "text": "Because – ja 🚂.", "citations": None}, usage=usage))
    assert answer.parts == (Text("Because – ja 🚂."),)
    ending = answer.ending
    assert (ending.reason, ending.upstream_reason) == (FinishReason.STOP, "end_turn")
    assert ending.usage == Usage(20, 7, 12, 3, 4, cache_write_1h_input_tokens=2)
    assert (ending.served_model, ending.upstream_request_id, ending.cost_nano_usd) == ("m-2026", "msg_1", None)


async def test_blocks_in_their_order_and_thinking_as_it_came() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln", "later": 1.0}
    redacted = {"type": "redacted_thinking", "data": "b3BhcXVl"}
    answer = await answered(
        body(
            thought,
            redacted,
            {"type": "text", "text": "Looking."},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": 1.0, "big": 9007199254740993}},
            {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}},
            {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
            {"type": "text", "text": ""},
            reason="tool_use",
        )
    )
    first, second, *rest = answer.parts
    assert isinstance(first, Reasoning)
    assert isinstance(second, Reasoning)
    assert (first.text, second.text) == ("Hm.", "")
    for part, block in ((first, thought), (second, redacted)):
        assert part.state is not None
        assert part.state.provider == "acme"
        assert json.loads(part.state.data) == {"model": SONNET, "block": block}
    assert rest == [
        Text("Looking."),
        ToolCall("toolu_1", "f", '{"n":1.0,"big":9007199254740993}'),
        ToolCall("toolu_2", "g", "{}"),
    ]
    assert answer.ending.reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize(
    ("upstream", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.MAX_TOKENS),
        ("model_context_window_exceeded", FinishReason.MAX_TOKENS),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.REFUSAL),
        ("pause_turn", FinishReason.OTHER),
        ("invented_later", FinishReason.OTHER),
        (None, FinishReason.OTHER),
    ],
)
async def test_why_it_ended(upstream: str | None, reason: FinishReason) -> None:
    ending = (await answered(body({"type": "text", "text": "x"}, reason=upstream))).ending
    assert (ending.reason, ending.upstream_reason) == (reason, upstream or "")


async def test_the_stop_sequence_that_ended_it() -> None:
    met = body({"type": "text", "text": "x"}, reason="stop_sequence", stop_sequence="END")
    assert (await answered(met)).ending.stop_sequence == "END"
    assert (await answered(body({"type": "text", "text": "x"}))).ending.stop_sequence == ""


@pytest.mark.parametrize(
    "usage", [None, {}, {"input_tokens": 5}, [], "many", {"input_tokens": "5", "output_tokens": 1}]
)
async def test_usage_that_is_not_told_is_none_and_not_zero(usage: object) -> None:
    assert (await answered(body({"type": "text", "text": "x"}, usage=usage))).ending.usage is None


async def test_the_request_id_of_the_headers_comes_first() -> None:
    for name in ("request-id", "x-request-id"):
        assert (await answered(body(), {name: "req_9"})).ending.upstream_request_id == "req_9"


async def test_a_request_id_that_is_not_utf_8_is_one_that_callers_and_the_ledger_take() -> None:
    assert (await answered(body(), {"request-id": "r\udcffé"})).ending.upstream_request_id == "r?é"


@pytest.mark.parametrize(
    "sent", [b"{broken", b"[]", b"{}", b'{"content": 5}', b'{"content": ["x"]}', b'{"content":[{"text":"\xff"}]}']
)
async def test_what_is_not_an_answer_is_a_protocol_error(sent: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        await answered(sent)
    assert (caught.value.reason, caught.value.retryable) == (Reason.PROVIDER_PROTOCOL_ERROR, True)


def told(kind: str, message: str = SAID) -> bytes:
    return msgspec.json.encode({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})


REFUSALS = [
    (400, told("invalid_request_error"), REFUSED),
    (400, told("invalid_request_error", "prompt is too long: 207791 tokens > 200000 maximum"), TOO_LONG),
    (
        400,
        told(
            "invalid_request_error", "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, ..."
        ),
        TOO_LONG,
    ),
    (400, told("invalid_request_error", "Output blocked by content filtering policy"), (Reason.CONTENT_BLOCKED, False)),
    (400, told("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), LIMITED),
    (401, told("authentication_error", "invalid x-api-key"), BAD_KEY),
    (402, told("billing_error"), LIMITED),
    (403, told("permission_error"), BAD_KEY),
    (404, told("not_found_error", "model: claude-none"), (Reason.PROVIDER_REFUSED, True)),
    (413, told("request_too_large"), (Reason.REQUEST_TOO_LARGE, True)),
    (429, told("rate_limit_error"), LIMITED),
    (500, told("api_error"), DOWN),
    (504, told("timeout_error"), DOWN),
    (529, told("overloaded_error"), DOWN),
    (529, b"<html>", DOWN),
    (400, b'{"error": "odd"}', REFUSED),
    (400, b"{}", REFUSED),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "sent", "expected"), REFUSALS)
async def test_refusals(status: int, sent: bytes, expected: tuple[Reason, bool], stream: bool) -> None:
    error = await failure(FakeTransport([sent], status, JSON | {"request-id": "req_1"}), stream=stream)
    assert (error.reason, error.retryable) == expected
    assert (error.status, error.upstream_request_id, error.sent) == (status, "req_1", True)
    assert str(status) in error.message


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", DOWN),
        ("api_error", DOWN),
        ("rate_limit_error", LIMITED),
        ("invalid_request_error", REFUSED),
        ("authentication_error", BAD_KEY),
    ],
)
async def test_errors_inside_a_success(kind: str, expected: tuple[Reason, bool]) -> None:
    event = b"event: error\ndata: " + told(kind) + b"\n\n"
    for transport, stream in (
        (FakeTransport([told(kind)], headers=JSON), False),
        (FakeTransport([told(kind)], headers=JSON), True),
        (FakeTransport([event]), True),
    ):
        error = await failure(transport, stream=stream)
        assert (error.reason, error.retryable, error.status) == (*expected, 200)


async def test_when_to_come_back_is_told() -> None:
    transport = FakeTransport([told("rate_limit_error")], 429, JSON | {"retry-after": "7"})
    assert (await failure(transport, stream=False)).retry_after == 7.0


async def failure(transport: FakeTransport, *, stream: bool) -> ProviderError:
    """The error that a call ends with, checked for what no error may show."""
    with pytest.raises(ProviderError) as caught:
        await (streamed(transport) if stream else provider(transport).complete(call()))
    error = caught.value
    assert KEY not in f"{error} {error!r} {error.__cause__}"
    assert QUESTION.text() not in f"{error}"
    assert error.message.startswith("acme ")
    return error
