"""Anthropic's own client against the HTTP door, with another base URL and key and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic, AsyncAnthropic
from anthropic.types import Message, MessageParam, TextBlock, ThinkingBlock, ToolParam, ToolUseBlock
from pydantic import BaseModel
from tests.unit.access.keyfiles import add

from pointsman.testing import RunningServer, running_server

pytestmark = pytest.mark.anyio

CONFIG = """\
providers:
  first: {wire: anthropic}
  second: {wire: openai}
  third: {wire: gemini}
models:
  claude: {provider: first, upstream: claude-thinker, EVERY, FULL}
  gpt: {provider: second, upstream: sim-reasoning, EVERY, FULL}
  o: {provider: second, upstream: gpt-5.4-pro, api: responses, EVERY, FULL}
  gemini: {provider: third, upstream: gemini-3, EVERY, FULL}
  broken: {provider: first, upstream: fault-error-event-mid, EVERY}
  endless: {provider: second, upstream: "sim-endless:fault-drip=20000", EVERY}
  down: {provider: first, upstream: fault-http-503, EVERY}
tiers: [one]
tasks: {any: {route: [claude, gpt], select: priority}}
default: any
server: {api: "127.0.0.1:0"}
"""
CONFIG = CONFIG.replace("EVERY", "tier: one, context: 100_000, price: {input: 1, output: 5}")
CONFIG = CONFIG.replace("FULL", "capabilities: [tools, json_schema, images, reasoning]")

ASKED: list[MessageParam] = [{"role": "user", "content": "Explain how tides work – ja, in ein paar Sätzen 🌊."}]
WEATHER: list[MessageParam] = [{"role": "user", "content": "Weather in Paris and Rome?"}]
TOOL: ToolParam = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
THINKING: Any = {"type": "enabled", "budget_tokens": 1024}
BOTH = pytest.mark.parametrize("model", ["claude", "gpt"])
ALL = pytest.mark.parametrize("model", ["claude", "gpt", "o", "gemini"])


class Place(BaseModel):
    city: str
    inhabitants: int


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[RunningServer]:
    async with running_server(CONFIG) as server:
        yield server


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=f"http://{server.api}", api_key="any", max_retries=0) as client:
        yield client


def text_of(message: Message) -> str:
    return "".join([block.text for block in message.content if isinstance(block, TextBlock)])


@ALL
async def test_a_stream_says_what_the_whole_message_says(client: AsyncAnthropic, model: str) -> None:
    raw = await client.messages.with_raw_response.create(model=model, max_tokens=1000, messages=ASKED)
    whole = await raw.parse()
    async with client.messages.stream(model=model, max_tokens=1000, messages=ASKED) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        streamed = await stream.get_final_message()
    # The first block is where every example looks.
    assert isinstance(whole.content[0], TextBlock)
    assert isinstance(streamed.content[0], TextBlock)
    assert text == streamed.content[0].text == whole.content[0].text
    assert (whole.stop_reason, streamed.stop_reason, whole.model, streamed.model) == (*["end_turn"] * 2, *[model] * 2)
    assert streamed.usage.output_tokens == whole.usage.output_tokens > 0
    assert streamed.usage.input_tokens == whole.usage.input_tokens > 0
    assert whole._request_id == raw.headers["x-pointsman-decision-id"] == whole.id.removeprefix("msg_")
    assert raw.headers["x-pointsman-model"] == model
    assert float(raw.headers["x-pointsman-cost-usd"]) > 0


@ALL
async def test_tools_are_called_and_answered(client: AsyncAnthropic, model: str) -> None:
    async with client.messages.stream(model=model, max_tokens=1000, messages=WEATHER, tools=[TOOL]) as stream:
        pieces = [event.partial_json async for event in stream if event.type == "input_json"]
        called = await stream.get_final_message()
    whole = await client.messages.create(model=model, max_tokens=1000, messages=WEATHER, tools=[TOOL])
    calls = [block for block in called.content if isinstance(block, ToolUseBlock)]
    assert [call.input for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    assert "".join(pieces).replace(" ", "") == '{"city":"Paris"}{"city":"Rome"}'
    assert called.stop_reason == whole.stop_reason == "tool_use"
    assert [block.input for block in whole.content if isinstance(block, ToolUseBlock)] == [call.input for call in calls]
    # What Gemini wants back with a call comes in front of it.
    assert (called.content[0].type == "redacted_thinking") == (model == "gemini")
    results: Any = [
        {"type": "tool_result", "tool_use_id": calls[0].id, "content": "9 degrees"},
        {"type": "tool_result", "tool_use_id": calls[1].id, "content": [{"type": "text", "text": "hail"}]},
    ]
    turns: list[MessageParam] = [
        *WEATHER,
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": results},
    ]
    answer = await client.messages.create(model=model, max_tokens=1000, messages=turns, tools=[TOOL])
    assert "hail" in text_of(answer)
    forced = await client.messages.create(
        model=model,
        max_tokens=1000,
        messages=WEATHER,
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "get_weather", "disable_parallel_tool_use": True},
    )
    # Gemini has no words for one call at a time.
    assert len([block for block in forced.content if isinstance(block, ToolUseBlock)]) == (
        2 if model == "gemini" else 1
    )


@BOTH
async def test_structured_output(client: AsyncAnthropic, model: str) -> None:
    asked: Any = {"model": model, "max_tokens": 1000, "messages": ASKED, "output_format": Place}
    assert isinstance((await client.messages.parse(**asked)).parsed_output, Place)
    async with client.messages.stream(**asked) as stream:
        assert isinstance((await stream.get_final_message()).parsed_output, Place)


@ALL
async def test_thinking_comes_and_goes_back(client: AsyncAnthropic, model: str) -> None:
    async def ask(turns: list[MessageParam], **more: Any) -> Message:
        asked: Any = {"model": model, "max_tokens": 3000, "messages": turns, "thinking": THINKING} | more
        async with client.messages.stream(**asked) as stream:
            return await stream.get_final_message()

    first = await ask(WEATHER, tools=[TOOL])
    assert isinstance(first.content[0], ThinkingBlock)
    assert first.usage.output_tokens_details is not None
    assert 0 < first.usage.output_tokens_details.thinking_tokens < first.usage.output_tokens
    calls = [block for block in first.content if isinstance(block, ToolUseBlock)]
    results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "hail"} for call in calls]
    turns: list[MessageParam] = [
        *WEATHER,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": results},
    ]
    # The simulator refuses state that does not come back as it was.
    assert "hail" in text_of(await ask(turns, tools=[TOOL]))
    # What is another provider's is left out for this one.
    other = "gpt" if model == "claude" else "claude"
    assert "hail" in text_of(await ask(turns, tools=[TOOL], model=other))


async def test_what_was_changed_on_its_way_is_refused(client: AsyncAnthropic) -> None:
    first = await client.messages.create(model="claude", max_tokens=3000, messages=ASKED, thinking=THINKING)
    thought = first.content[0]
    assert isinstance(thought, ThinkingBlock)
    forged: Any = [thought.model_copy(update={"signature": thought.signature[:-8]}), *first.content[1:]]
    turns: Any = [*ASKED, {"role": "assistant", "content": forged}, *ASKED]
    with pytest.raises(anthropic.BadRequestError, match=r"messages\[1\].content\[0\].signature"):
        await client.messages.create(model="claude", max_tokens=3000, messages=turns, thinking=THINKING)


@BOTH
async def test_images_caches_and_parameters_reach_the_provider(client: AsyncAnthropic, model: str) -> None:
    picture: Any = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}
    marked: Any = {"type": "text", "text": "Remember this. " * 50, "cache_control": {"type": "ephemeral"}}
    answer = await client.messages.create(
        model=model,
        max_tokens=3,
        system=[marked],
        messages=[{"role": "user", "content": [picture, {"type": "text", "text": "Explain tides."}]}],
        stop_sequences=["never"],
        metadata={"user_id": "u-1"},
        extra_body={"temperature": 0.5},
    )
    assert (answer.stop_reason, answer.usage.output_tokens) == ("max_tokens", 3)
    assert model == "gpt" or answer.usage.cache_creation_input_tokens


async def test_the_beta_client_and_hints(client: AsyncAnthropic) -> None:
    answer = await client.beta.messages.with_raw_response.create(
        model="pointsman/auto:eco",
        max_tokens=3000,
        messages=[{"role": "user", "content": "Hello"}],
        betas=["context-management-2025-06-27"],
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        extra_headers={"X-Pointsman-Exclude-Providers": "first,third"},
    )
    assert answer.headers["x-pointsman-provider"] == "second"


async def test_details_for_who_wants_them(client: AsyncAnthropic) -> None:
    asked: Any = {"model": "gpt", "max_tokens": 1000, "messages": ASKED}
    asked["extra_headers"] = {"X-Pointsman-Details": "true"}
    whole: Any = await client.messages.create(**asked)
    assert (whole.pointsman["model"], whole.pointsman["provider"]) == ("gpt", "second")
    async with client.messages.stream(**asked) as stream:
        told: list[Any] = [event async for event in stream if event.type == "message_delta"]
    assert told[0].pointsman["cost_nano_usd"] == whole.pointsman["cost_nano_usd"] > 0


async def test_errors_are_of_their_kind(client: AsyncAnthropic) -> None:
    async def fail(error: type[anthropic.APIStatusError], **more: Any) -> anthropic.APIStatusError:
        asked: dict[str, Any] = {"model": "claude", "max_tokens": 100, "messages": ASKED} | more
        # Any: the client's overloads cannot be chosen by a dict.
        create: Any = client.messages.create
        with pytest.raises(error) as caught:
            await create(**asked)
        assert isinstance(caught.value.body, dict)
        assert caught.value.body["type"] == "error"
        return caught.value

    unknown = await fail(anthropic.NotFoundError, model="no-such-model")
    assert (unknown.type, unknown.error_code) == ("not_found_error", "unknown_model")
    bad = await fail(anthropic.BadRequestError, max_tokens=0)
    assert (bad.type, bad.api_message) == ("invalid_request_error", bad.api_message)
    assert "max_tokens" in str(bad.api_message)
    down = await fail(anthropic.ServiceUnavailableError, model="down", extra_headers={"X-Pointsman-Strict": "true"})
    assert (down.type, down.error_code) == ("overloaded_error", "all_providers_down")
    assert down.request_id
    assert down.response.headers["retry-after"]
    await fail(anthropic.BadRequestError, extra_headers={"anthropic-version": "2020-01-01"})
    await fail(anthropic.BadRequestError, extra_headers={"anthropic-beta": "no-such-thing-2026-01-01"})
    await fail(anthropic.BadRequestError, extra_headers={"X-Pointsman-Colour": "red"})
    await fail(anthropic.BadRequestError, service_tier="standard_only")


async def test_an_error_in_a_stream(client: AsyncAnthropic) -> None:
    async with client.messages.stream(model="broken", max_tokens=100, messages=ASKED) as stream:
        with pytest.raises(anthropic.APIStatusError, match="stream_interrupted"):
            await stream.get_final_message()
        assert stream.current_message_snapshot.content


async def test_keys_are_asked_for(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    key = add(keys)
    async with running_server(CONFIG + f"auth: {{keys: {keys}}}\n") as server:

        async def ask(key: str | None, model: str = "pointsman/auto", headers: dict[str, str] | None = None) -> Message:
            async with AsyncAnthropic(base_url=f"http://{server.api}", api_key=key, max_retries=0) as client:
                return await client.messages.create(model=model, max_tokens=3000, messages=ASKED, extra_headers=headers)

        assert text_of(await ask(key))
        # As clients of the version before send it.
        assert text_of(await ask(None, headers={"x-api-key": key}))
        with pytest.raises(anthropic.AuthenticationError):
            await ask("pm_wrong")
        with pytest.raises(anthropic.PermissionDeniedError):
            await ask(key, model="claude")


async def test_the_synchronous_client(server: RunningServer) -> None:
    def ask() -> tuple[str, str]:
        with Anthropic(base_url=f"http://{server.api}", api_key="any", max_retries=0) as client:
            whole = client.messages.create(model="gpt", max_tokens=1000, messages=ASKED)
            with client.messages.stream(model="gpt", max_tokens=1000, messages=ASKED) as stream:
                return text_of(whole), "".join(stream.text_stream)

    whole, streamed = await asyncio.to_thread(ask)
    assert whole == streamed != ""


async def test_tokens_are_counted_and_models_listed(client: AsyncAnthropic) -> None:
    short = await client.messages.count_tokens(model="claude", messages=ASKED)
    long = await client.messages.count_tokens(model="claude", messages=ASKED, tools=[TOOL], system="Be brief. " * 50)
    assert 0 < short.input_tokens < long.input_tokens
    with pytest.raises(anthropic.NotFoundError):
        await client.messages.count_tokens(model="no-such-model", messages=ASKED)
    names = [model.id async for model in client.models.list()]
    assert {"claude", "gpt", "pointsman/auto"} <= set(names)
    assert (await client.models.retrieve("claude")).max_input_tokens == 100_000


async def test_whoever_goes_away_takes_the_provider_along(client: AsyncAnthropic, server: RunningServer) -> None:
    async with client.messages.stream(model="endless", max_tokens=30_000, messages=ASKED) as stream:
        async for _ in stream.text_stream:
            break
    async with anthropic.DefaultAsyncHttpxClient() as http, asyncio.timeout(5):
        while (await http.get(f"{server.simulator}/sim/active")).json()["count"]:
            pass
        log = (await http.get(f"{server.simulator}/sim/log")).json()
    assert [call["ending"] for call in log if "endless" in call["model"]] == ["client_closed"]
