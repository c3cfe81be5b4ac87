"""OpenAI's own client against the simulator: what it understands is chat completions, and the Responses API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseIncompleteEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseReasoningItem,
)
from pydantic import BaseModel

from pointsman.sim import SimSettings, serve

pytestmark = pytest.mark.anyio

QUESTION = "Explain how tides work – ja, in ein paar Sätzen 🌊."
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
WEATHER = "Weather in Paris and Rome?"
PARAMETERS: dict[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
# Any: tools as the two APIs write them, for overloads that a plain dict does not choose.
CHAT_TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS, "strict": True}}
TOOL: Any = {"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": True}


class Place(BaseModel):
    name: str
    inhabitants: int


@pytest.fixture
async def client() -> AsyncIterator[AsyncOpenAI]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = SimSettings(port=0, ttft_median=0, token_interval=0, drain=0)
    serving = asyncio.create_task(serve(settings, ready.set_result))
    async with AsyncOpenAI(base_url=f"{await ready}/acme/v1", api_key="any", max_retries=0) as client:
        yield client
    serving.cancel()
    await asyncio.wait([serving])


async def test_a_stream_says_what_the_whole_completion_says(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="gpt-x", messages=ASKED)
    options: Any = {"include_usage": True}
    async with client.chat.completions.stream(model="gpt-x", messages=ASKED, stream_options=options) as stream:
        text = "".join([event.delta async for event in stream if event.type == "content.delta"])
        streamed = await stream.get_final_completion()
    assert text == streamed.choices[0].message.content == whole.choices[0].message.content
    assert (streamed.choices[0].finish_reason, whole.choices[0].finish_reason) == ("stop", "stop")
    assert streamed.usage == whole.usage is not None
    assert whole._request_id is not None


async def test_parallel_tools_of_completions_and_their_results(client: AsyncOpenAI) -> None:
    asked: list[ChatCompletionMessageParam] = [{"role": "user", "content": WEATHER}]
    async with client.chat.completions.stream(model="gpt-x", messages=asked, tools=[CHAT_TOOL]) as stream:
        called = (await stream.get_final_completion()).choices[0]
    whole = (await client.chat.completions.create(model="gpt-x", messages=asked, tools=[CHAT_TOOL])).choices[0]
    calls = called.message.tool_calls or []
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
    assert called.finish_reason == whole.finish_reason == "tool_calls"
    for call, other in zip(calls, whole.message.tool_calls or (), strict=True):
        assert isinstance(other, ChatCompletionMessageFunctionToolCall)
        assert (call.id, call.function.name, call.function.arguments) == (
            other.id,
            other.function.name,
            other.function.arguments,
        )
    results: Any = [{"role": "tool", "tool_call_id": call.id, "content": "9 degrees"} for call in calls]
    turns: Any = [*asked, whole.message, *results]
    answer = await client.chat.completions.create(model="gpt-x", messages=turns, tools=[CHAT_TOOL])
    assert (answer.choices[0].message.content or "").startswith("The tool answered: 9 degrees")


async def test_completions_are_parsed(client: AsyncOpenAI) -> None:
    completion = await client.chat.completions.parse(model="gpt-x", messages=ASKED, response_format=Place)
    assert isinstance(completion.choices[0].message.parsed, Place)
    async with client.chat.completions.stream(model="gpt-x", messages=ASKED, response_format=Place) as stream:
        streamed = await stream.get_final_completion()
    assert streamed.choices[0].message.parsed == completion.choices[0].message.parsed


async def test_log_probabilities_of_completions(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="gpt-x", messages=ASKED, logprobs=True)
    assert whole.choices[0].logprobs is not None
    tokens = whole.choices[0].logprobs.content or []
    assert "".join(token.token for token in tokens) == whole.choices[0].message.content
    assert bytes(byte for token in tokens for byte in token.bytes or ()).decode() == whole.choices[0].message.content
    assert all(token.logprob < 0 for token in tokens)
    async with client.chat.completions.stream(model="gpt-x", messages=ASKED, logprobs=True) as stream:
        streamed = await stream.get_final_completion()
    assert streamed.choices[0].logprobs is not None
    assert streamed.choices[0].logprobs.content == tokens
    plain = await client.chat.completions.create(model="gpt-x", messages=ASKED)
    assert plain.choices[0].logprobs is None
    with pytest.raises(openai.BadRequestError, match="top_logprobs"):
        await client.chat.completions.create(model="gpt-x", messages=ASKED, top_logprobs=3)


async def respond(client: AsyncOpenAI, **more: Any) -> Response:
    """The response that a stream ends with."""
    async with client.responses.stream(**{"model": "gpt-x", "store": False, **more}) as stream:
        async for event in stream:
            if isinstance(event, ResponseCompletedEvent | ResponseIncompleteEvent):
                return event.response
    pytest.fail("no last event")


def told(response: Response) -> list[dict[str, Any]]:
    """The output without what the client adds where it parses."""
    return [item.model_dump(exclude_none=True, exclude={"parsed_arguments", "content"}) for item in response.output]


async def test_a_stream_says_what_the_whole_response_says(client: AsyncOpenAI) -> None:
    whole = await client.responses.create(model="gpt-x", input=QUESTION, store=False)
    texts, numbers = [], []
    async with client.responses.stream(model="gpt-x", input=QUESTION, store=False) as stream:
        async for event in stream:
            numbers.append(event.sequence_number)
            if event.type == "response.output_text.delta":
                texts.append(event.delta)
        streamed = await stream.get_final_response()
    assert numbers == [*range(len(numbers))]
    assert len(texts) > 10
    assert "".join(texts) == streamed.output_text == whole.output_text
    assert streamed.status == whole.status == "completed"
    assert streamed.usage == whole.usage is not None
    assert told(streamed) == told(whole)
    assert whole._request_id is not None


@pytest.mark.parametrize("model", ["sim-reasoning", "sim-reasoning-redact", "gpt-5-codex"])
async def test_parallel_tools_of_responses_with_reasoning_and_their_results(client: AsyncOpenAI, model: str) -> None:
    asked: list[Any] = [{"role": "user", "content": WEATHER}]
    more: Any = {"model": model, "tools": [TOOL], "reasoning": {"effort": "low", "summary": "auto"}}
    more["include"] = ["reasoning.encrypted_content"]
    called = await respond(client, input=asked, **more)
    whole = await client.responses.create(input=asked, store=False, **more)
    assert told(called) == told(whole)
    thought, *calls = whole.output
    assert isinstance(thought, ResponseReasoningItem)
    assert thought.encrypted_content
    assert bool(thought.summary) == ("redact" not in model)
    assert whole.usage is not None
    assert whole.usage.output_tokens_details.reasoning_tokens == 64
    results = []
    for call, city in zip(calls, ("Paris", "Rome"), strict=True):
        assert isinstance(call, ResponseFunctionToolCall)
        assert json.loads(call.arguments) == {"city": city}
        results.append({"type": "function_call_output", "call_id": call.call_id, "output": f"{city}: 9 degrees"})
    answer = await respond(client, input=[*asked, *whole.output, *results], **more)
    assert answer.output_text.startswith("The tool answered: Rome: 9 degrees")
    spoken = answer.output[-1]
    assert isinstance(spoken, ResponseOutputMessage)
    assert spoken.phase == ("final_answer" if "codex" in model else None)
    again = [*asked, *whole.output, *results, *answer.output, {"role": "user", "content": "Thanks?"}]
    assert (await client.responses.create(input=again, store=False, **more)).status == "completed"


async def test_responses_are_parsed(client: AsyncOpenAI) -> None:
    response = await client.responses.parse(model="gpt-x", input=QUESTION, text_format=Place)
    assert isinstance(response.output_parsed, Place)
    async with client.responses.stream(model="gpt-x", input=QUESTION, text_format=Place) as stream:
        streamed = await stream.get_final_response()
    assert streamed.output_parsed == response.output_parsed


async def test_images_and_instructions_of_responses(client: AsyncOpenAI) -> None:
    picture: Any = {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"}
    content: Any = [{"type": "input_text", "text": QUESTION}, picture]
    asked: Any = [{"role": "user", "content": content}]
    plain = await client.responses.create(model="gpt-x", input=QUESTION, instructions="Be brief.", store=False)
    seen = await client.responses.create(model="gpt-x", input=asked, instructions="Be brief.", store=False)
    assert plain.usage is not None
    assert seen.usage is not None
    assert seen.usage.input_tokens > plain.usage.input_tokens + 500


async def test_log_probabilities_of_responses(client: AsyncOpenAI) -> None:
    include: Any = ["message.output_text.logprobs"]
    whole = await client.responses.create(model="gpt-x", input=QUESTION, include=include, store=False)
    streamed = await respond(client, input=QUESTION, include=include)
    for response in (whole, streamed):
        message = response.output[0]
        assert isinstance(message, ResponseOutputMessage)
        assert isinstance(message.content[0], ResponseOutputText)
        tokens = message.content[0].logprobs or []
        assert "".join(token.token for token in tokens) == message.content[0].text


async def test_a_response_that_its_limit_cut_off(client: AsyncOpenAI) -> None:
    cut = await respond(client, input=QUESTION, max_output_tokens=16)
    assert cut.status == "incomplete"
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"
    assert cut.usage is not None
    assert cut.usage.output_tokens == 16


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    ("model", "error", "code"),
    [
        ("no-such-model", openai.NotFoundError, "model_not_found"),
        ("fault-http-429", openai.RateLimitError, "rate_limit_exceeded"),
        ("fault-http-401", openai.AuthenticationError, "invalid_api_key"),
        ("fault-context-length", openai.BadRequestError, "context_length_exceeded"),
        ("fault-http-500", openai.InternalServerError, None),
    ],
)
async def test_refusals_are_of_their_kind(
    client: AsyncOpenAI, api: str, model: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    asking: Awaitable[object]
    if api == "chat":
        asking = client.chat.completions.create(model=model, messages=ASKED)
    else:
        asking = client.responses.create(model=model, input=QUESTION, store=False)
    with pytest.raises(error) as caught:
        await asking
    assert caught.value.code == code
    assert caught.value.request_id is not None


async def test_errors_in_streams(client: AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="fault-error-event-mid", messages=ASKED) as stream:
        with pytest.raises(openai.APIError, match="Provider returned error"):
            await stream.get_final_completion()
    events = await client.responses.create(model="fault-error-event-mid", input=QUESTION, store=False, stream=True)
    last = [event async for event in events][-1]
    assert last.type == "error"
    assert last.code == "server_error"
    failed = await client.responses.create(model="fault-error-event-mid", input=QUESTION, store=False)
    assert (failed.status, failed.error and failed.error.code) == ("failed", "server_error")
    assert failed.output_text


FORGED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c29tZXRoaW5n"}
SAID = {"role": "assistant", "content": "Yes."}
CALLED = {"type": "function_call", "call_id": "c1", "name": "get_weather", "arguments": "{}"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"max_output_tokens": 15}, "Expected a value >= 16"),
        ({"temperature": 2.5}, "from 0 to 2"),
        ({"input": []}, "Missing required parameter: 'input'"),
        ({"extra_body": {"stop": ["x"]}}, "Unknown parameter: 'stop'"),
        ({"extra_body": {"text": {"format": {"type": "text"}, "tone": "kind"}}}, "Unknown parameter: 'text.tone'"),
        ({"previous_response_id": "resp_1"}, "'resp_1' not found"),
        ({"tool_choice": "required"}, "must be specified with 'tools'"),
        ({"input": [FORGED, SAID]}, "could not be verified"),
        ({"input": [{**FORGED, "encrypted_content": None}, SAID]}, "not persisted when `store` is set to false"),
        ({"input": [CALLED]}, "No tool output found for function call c1"),
        ({"input": [{"type": "function_call_output", "call_id": "c1", "output": "x"}]}, "No tool call found"),
        (
            {"input": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]},
            "Invalid value: 'output_text'",
        ),
    ],
)
async def test_what_the_responses_api_refuses_is_refused(client: AsyncOpenAI, more: dict[str, Any], told: str) -> None:
    # Any: the client's overloads cannot be chosen by a dict.
    create: Any = client.responses.create
    with pytest.raises(openai.APIStatusError, match=told) as caught:
        await create(**{"model": "gpt-x", "input": QUESTION, "store": False, **more})
    assert caught.value.status_code in (400, 404)


async def test_reasoning_that_led_to_nothing_is_refused(client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="sim-reasoning", input=QUESTION, max_output_tokens=16, store=False)
    turns: Any = [{"role": "user", "content": QUESTION}, *first.output, {"role": "user", "content": "Well?"}]
    assert [item.type for item in first.output] == ["reasoning"]
    with pytest.raises(openai.BadRequestError, match="without its required following item"):
        await client.responses.create(model="sim-reasoning", input=turns, store=False)


async def test_reasoning_is_one_models_own(client: AsyncOpenAI) -> None:
    first = await client.responses.create(model="sim-reasoning", input=QUESTION, store=False)
    turns: Any = [{"role": "user", "content": QUESTION}, *first.output, {"role": "user", "content": "And the moon?"}]
    assert (await client.responses.create(model="sim-reasoning", input=turns, store=False)).status == "completed"
    with pytest.raises(openai.BadRequestError) as caught:
        await client.responses.create(model="other-reasoning", input=turns, store=False)
    assert caught.value.code == "invalid_encrypted_content"
