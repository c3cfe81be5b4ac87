"""Anthropic's own client against the simulator: what it understands is the Messages API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types import MessageParam, RedactedThinkingBlock, TextBlock, ThinkingBlock, ToolParam, ToolUseBlock

from pointsman.sim import SimSettings, serve

pytestmark = pytest.mark.anyio

ASKED: list[MessageParam] = [{"role": "user", "content": "Explain how tides work – ja, in ein paar Sätzen 🌊."}]
WEATHER: list[MessageParam] = [{"role": "user", "content": "Weather in Paris and Rome?"}]
TOOL: ToolParam = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
THINKING: Any = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture
async def client() -> AsyncIterator[AsyncAnthropic]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = SimSettings(port=0, ttft_median=0, token_interval=0, drain=0)
    serving = asyncio.create_task(serve(settings, ready.set_result))
    async with AsyncAnthropic(base_url=f"{await ready}/acme", api_key="any", max_retries=0) as client:
        yield client
    serving.cancel()
    await asyncio.wait([serving])


async def test_a_stream_says_what_the_whole_message_says(client: AsyncAnthropic) -> None:
    whole = await client.messages.create(model="claude-x", max_tokens=1000, messages=ASKED)
    async with client.messages.stream(model="claude-x", max_tokens=1000, messages=ASKED) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        streamed = await stream.get_final_message()
    assert isinstance(streamed.content[0], TextBlock)
    assert isinstance(whole.content[0], TextBlock)
    assert text == streamed.content[0].text == whole.content[0].text
    assert (streamed.stop_reason, whole.stop_reason) == ("end_turn", "end_turn")
    assert streamed.usage.output_tokens == whole.usage.output_tokens > 0
    assert streamed.usage.input_tokens == whole.usage.input_tokens > 0
    assert whole._request_id is not None


async def test_parallel_tools_and_their_results(client: AsyncAnthropic) -> None:
    async with client.messages.stream(model="claude-x", max_tokens=1000, messages=WEATHER, tools=[TOOL]) as stream:
        called = await stream.get_final_message()
    whole = await client.messages.create(model="claude-x", max_tokens=1000, messages=WEATHER, tools=[TOOL])
    calls = [block for block in called.content if isinstance(block, ToolUseBlock)]
    assert [call.input for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    assert (called.stop_reason, whole.content) == ("tool_use", called.content)
    results: Any = [
        {"type": "tool_result", "tool_use_id": calls[0].id, "content": "9 degrees"},
        {
            "type": "tool_result",
            "tool_use_id": calls[1].id,
            "content": [{"type": "text", "text": "hail"}],
            "is_error": True,
        },
    ]
    turns: list[MessageParam] = [
        *WEATHER,
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": results},
    ]
    answer = await client.messages.create(model="claude-x", max_tokens=1000, messages=turns, tools=[TOOL])
    assert isinstance(answer.content[0], TextBlock)
    assert answer.content[0].text.startswith("The tool answered: hail")
    with pytest.raises(anthropic.BadRequestError, match="without `tool_result` blocks"):
        await client.messages.create(
            model="claude-x", max_tokens=9, messages=[*turns[:2], {"role": "user", "content": "Well?"}], tools=[TOOL]
        )


@pytest.mark.parametrize(("model", "kind"), [("claude-x", ThinkingBlock), ("claude-redact", RedactedThinkingBlock)])
async def test_thinking_goes_back_as_it_came_or_not_at_all(client: AsyncAnthropic, model: str, kind: type[Any]) -> None:
    async def ask(turns: list[MessageParam]) -> anthropic.types.Message:
        async with client.messages.stream(model=model, max_tokens=2000, messages=turns, thinking=THINKING) as stream:
            return await stream.get_final_message()

    first = await ask(ASKED)
    assert len(first.content) == 2
    assert isinstance(first.content[0], kind)
    assert first.usage.output_tokens_details is not None
    assert 0 < first.usage.output_tokens_details.thinking_tokens < first.usage.output_tokens
    follow: list[MessageParam] = [{"role": "user", "content": "And the moon?"}]
    again = await ask([*ASKED, {"role": "assistant", "content": first.content}, *follow])
    assert again.stop_reason == "end_turn"
    field = "data" if kind is RedactedThinkingBlock else "thinking"
    forged: Any = [first.content[0].model_copy(update={field: "c29tZXRoaW5n"}), *first.content[1:]]
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        await ask([*ASKED, {"role": "assistant", "content": forged}, *follow])


async def test_a_schema_is_kept_to(client: AsyncAnthropic) -> None:
    schema = {"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"], "additionalProperties": False}
    answer = await client.messages.create(
        model="claude-x",
        max_tokens=100,
        messages=ASKED,
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    assert isinstance(answer.content[0], TextBlock)
    assert answer.content[0].text == '{"n": 7}'


async def test_what_is_marked_is_written_to_the_cache_and_read_from_it(client: AsyncAnthropic) -> None:
    marked: Any = [{"type": "text", "text": "Remember this. " * 50, "cache_control": {"type": "ephemeral"}}]
    turns: list[MessageParam] = [{"role": "user", "content": marked}, {"role": "assistant", "content": "I do."}, *ASKED]
    first = (await client.messages.create(model="claude-x", max_tokens=9, messages=turns)).usage
    second = (await client.messages.create(model="claude-x", max_tokens=9, messages=turns)).usage
    assert (first.cache_read_input_tokens, first.input_tokens) == (0, 0)
    assert second.cache_read_input_tokens
    assert second.cache_creation_input_tokens
    assert second.cache_read_input_tokens + second.cache_creation_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation
    assert second.cache_creation.ephemeral_5m_input_tokens == second.cache_creation_input_tokens
    plain = (await client.messages.create(model="claude-x", max_tokens=9, messages=ASKED)).usage
    assert (plain.cache_read_input_tokens, plain.cache_creation_input_tokens) == (0, 0)


async def test_what_is_written_for_an_hour_is_told_apart(client: AsyncAnthropic) -> None:
    kept: Any = [{"type": "text", "text": "Remember. " * 50, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    used = (
        await client.messages.create(model="claude-x", max_tokens=9, messages=[{"role": "user", "content": kept}])
    ).usage
    assert used.cache_creation
    assert used.cache_creation.ephemeral_1h_input_tokens == used.cache_creation_input_tokens
    assert used.cache_creation.ephemeral_5m_input_tokens == 0


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("no-such-model", anthropic.NotFoundError),
        ("fault-http-429", anthropic.RateLimitError),
        ("fault-http-401", anthropic.AuthenticationError),
        ("fault-context-length", anthropic.BadRequestError),
        ("fault-http-500", anthropic.InternalServerError),
    ],
)
async def test_refusals_are_of_their_kind(
    client: AsyncAnthropic, model: str, error: type[anthropic.APIStatusError]
) -> None:
    with pytest.raises(error) as caught:
        await client.messages.create(model=model, max_tokens=100, messages=ASKED)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["type"] == "error"
    assert caught.value.request_id is not None


async def test_an_error_in_a_stream(client: AsyncAnthropic) -> None:
    async with client.messages.stream(model="fault-error-event-mid", max_tokens=100, messages=ASKED) as stream:
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            await stream.get_final_message()
        assert stream.current_message_snapshot.content


@pytest.mark.parametrize(
    ("more", "told"),
    [
        # The client has no words for sampling any more; the models that it was for still take it.
        ({"extra_body": {"temperature": 1.5}}, "temperature: range: 0..1"),
        ({"extra_body": {"temperature": 0.5, "top_p": 0.5}}, "cannot both be specified"),
        ({"thinking": THINKING, "extra_body": {"temperature": 0.5}}, "only be set to 1"),
        ({"thinking": THINKING, "max_tokens": 1024}, "must be greater than"),
        ({"thinking": THINKING, "tools": [TOOL], "tool_choice": {"type": "any"}}, "forces tool use"),
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "user", "content": " "}]}, "must be non-empty"),
        ({"extra_body": {"seed": 7}}, "unknown field `seed`"),
        ({"stop_sequences": [" "]}, "non-whitespace"),
    ],
)
async def test_what_the_provider_refuses_is_refused(client: AsyncAnthropic, more: dict[str, Any], told: str) -> None:
    asked: dict[str, Any] = {"model": "claude-x", "max_tokens": 2000, "messages": ASKED} | more
    # Any: the client's overloads cannot be chosen by a dict.
    create: Any = client.messages.create
    with pytest.raises(anthropic.BadRequestError, match=told):
        await create(**asked)
