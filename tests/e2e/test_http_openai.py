"""OpenAI's own Python client at the HTTP door: another base URL and key, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionMessageParam
from pydantic import BaseModel

from pointsman.testing.server import RunningServer, running_server

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "pointsman.yaml"
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Explain how tides work, in some sentences."}]
WEATHER: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Weather in Paris and Rome?"}]
# Any: what the client's overloads do not take from a plain dict.
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Place(BaseModel):
    name: str
    inhabitants: int


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[RunningServer]:
    async with running_server(EXAMPLE) as server:
        yield server


@pytest.fixture
async def client(server: RunningServer) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"http://{server.api}/v1", api_key="any", max_retries=0) as client:
        yield client


async def test_a_stream_says_what_the_whole_completion_says(client: AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="mini", messages=ASKED)
    options: Any = {"include_usage": True}
    async with client.chat.completions.stream(model="mini", messages=ASKED, stream_options=options) as stream:
        text = "".join([event.delta async for event in stream if event.type == "content.delta"])
        streamed = await stream.get_final_completion()
    assert text == streamed.choices[0].message.content == whole.choices[0].message.content
    assert (streamed.choices[0].finish_reason, whole.choices[0].finish_reason) == ("stop", "stop")
    assert streamed.usage == whole.usage is not None
    assert (whole.model, streamed.model) == ("mini", "mini")
    assert whole._request_id is not None


async def test_the_headers_tell_what_was_decided_and_what_it_cost(client: AsyncOpenAI) -> None:
    hints = {"X-Pointsman-Task": "simple", "X-Pointsman-Mode": "eco", "X-Pointsman-Details": "true"}
    raw = await client.chat.completions.with_raw_response.create(
        model="pointsman/auto", messages=ASKED, extra_headers=hints
    )
    completion, headers = raw.parse(), raw.headers
    told: Any = completion.model_extra
    details = told["pointsman"]
    assert headers["x-pointsman-decision-id"] == headers["x-request-id"] == details["decision_id"]
    assert headers["x-pointsman-model"] == completion.model == details["model"]
    assert headers["x-pointsman-attempts"] == str(len(details["attempts"])) == "1"
    assert float(headers["x-pointsman-cost-usd"]) == details["cost_nano_usd"] / 1e9 > 0
    assert (details["task"], details["mode"]) == ("simple", "eco")


async def test_what_a_model_can_be(client: AsyncOpenAI) -> None:
    names = [model.id for model in (await client.models.list()).data]
    assert {"pointsman/auto", "pointsman/auto:sport", "pointsman/task:code", "mini", "gpt", "gpt-5.4"} <= {*names}
    assert (await client.models.retrieve("pointsman/task:code")).owned_by == "pointsman"
    assert (await client.models.retrieve("gpt-5.4")).owned_by == "openai"
    for name, task, mode in (
        ("pointsman/auto:sport", None, "sport"),
        ("pointsman/task:code", "code", None),
        ("gpt-5.4", None, None),
    ):
        completion = await client.chat.completions.create(
            model=name, messages=ASKED, extra_headers={"X-Pointsman-Details": "true"}
        )
        told: Any = completion.model_extra
        assert task in (None, told["pointsman"]["task"])
        assert mode in (None, told["pointsman"]["mode"])
    assert completion.model == "gpt"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-5'"):
        await client.models.retrieve("gpt-5")


async def test_hints_in_the_metadata(client: AsyncOpenAI) -> None:
    hints = {"pointsman_task": "code", "pointsman_details": "true", "team": "search"}
    completion = await client.chat.completions.create(model="pointsman/auto", messages=ASKED, metadata=hints)
    told: Any = completion.model_extra
    assert told["pointsman"]["task"] == "code"
    with pytest.raises(openai.BadRequestError, match=r"metadata\.pointsman_tusk: is no hint"):
        await client.chat.completions.create(model="mini", messages=ASKED, metadata={"pointsman_tusk": "code"})


async def test_parallel_tools_and_their_results(client: AsyncOpenAI) -> None:
    async with client.chat.completions.stream(model="mini", messages=WEATHER, tools=[TOOL]) as stream:
        called = (await stream.get_final_completion()).choices[0]
    whole = (await client.chat.completions.create(model="mini", messages=WEATHER, tools=[TOOL])).choices[0]
    assert called.finish_reason == whole.finish_reason == "tool_calls"
    for choice in (called, whole):
        calls: Any = choice.message.tool_calls or []
        assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Paris"}, {"city": "Rome"}]
        results: Any = [{"role": "tool", "tool_call_id": call.id, "content": "9 degrees"} for call in calls]
        turns: Any = [*WEATHER, choice.message, *results]
        answer = await client.chat.completions.create(model="mini", messages=turns, tools=[TOOL])
        assert (answer.choices[0].message.content or "").startswith("The tool answered: 9 degrees")


async def test_what_a_tool_is_chosen_by(client: AsyncOpenAI) -> None:
    forced: Any = {"type": "function", "function": {"name": "get_weather"}}
    for choice in (forced, "required"):
        completion = await client.chat.completions.create(
            model="mini", messages=ASKED, tools=[TOOL], tool_choice=choice, parallel_tool_calls=False
        )
        assert len(completion.choices[0].message.tool_calls or ()) == 1
    completion = await client.chat.completions.create(model="mini", messages=WEATHER, tools=[TOOL], tool_choice="none")
    assert completion.choices[0].message.tool_calls is None


@pytest.mark.parametrize("model", ["sonnet", "pro"])
async def test_what_a_provider_wants_back_comes_back(client: AsyncOpenAI, model: str) -> None:
    """Both refuse a call that does not come back with what they sealed it with."""
    thinking: Any = {"reasoning_effort": "low", "tools": [TOOL], "max_completion_tokens": 5000}
    thinking["extra_headers"] = {"X-Pointsman-Strict": "true"}
    async with client.chat.completions.stream(model=model, messages=WEATHER, **thinking) as stream:
        streamed = (await stream.get_final_completion()).choices[0].message
    whole = (await client.chat.completions.create(model=model, messages=WEATHER, **thinking)).choices[0].message
    for message in (streamed, whole):
        extra: Any = message.model_extra
        assert extra["pointsman_state"]
        results: Any = [
            {"role": "tool", "tool_call_id": call.id, "content": "9 degrees"} for call in message.tool_calls or ()
        ]
        turns: Any = [*WEATHER, message, *results]
        answer = await client.chat.completions.create(model=model, messages=turns, **thinking)
        assert (answer.choices[0].message.content or "").startswith("The tool answered: 9 degrees")
        assert answer.model == model


# The client warns of its own field as it sends it back.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_completions_are_parsed(client: AsyncOpenAI) -> None:
    completion = await client.chat.completions.parse(model="mini", messages=ASKED, response_format=Place)
    assert isinstance(completion.choices[0].message.parsed, Place)
    async with client.chat.completions.stream(model="mini", messages=ASKED, response_format=Place) as stream:
        streamed = await stream.get_final_completion()
    assert streamed.choices[0].message.parsed == completion.choices[0].message.parsed
    # A parsed answer goes back with all that the client made of it.
    again: Any = [*ASKED, completion.choices[0].message, {"role": "user", "content": "Thank you."}]
    assert (await client.chat.completions.create(model="mini", messages=again)).choices[0].message.content


async def test_json_objects(client: AsyncOpenAI) -> None:
    asked: Any = [{"role": "user", "content": "The inhabitants of Paris as JSON."}]
    completion = await client.chat.completions.create(
        model="mini", messages=asked, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(completion.choices[0].message.content or ""), dict)


@pytest.mark.parametrize("url", [PIXEL, "https://example.com/tide.png"], ids=["data", "https"])
async def test_images(client: AsyncOpenAI, url: str) -> None:
    parts: Any = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    for model in ("mini", "haiku"):
        completion = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": parts}])
        assert completion.choices[0].message.content


async def test_reasoning_where_it_is_asked_for(client: AsyncOpenAI) -> None:
    for wanted in (True, False):
        headers = {"X-Pointsman-Reasoning": str(wanted).lower()}
        asked: Any = {"model": "flash", "messages": ASKED, "reasoning_effort": "low", "extra_headers": headers}
        whole = await client.chat.completions.create(**asked)
        stream = await client.chat.completions.create(**asked, stream=True)
        streamed = "".join(
            [
                (chunk.choices[0].delta.model_extra or {}).get("reasoning_content", "")
                async for chunk in stream
                if chunk.choices
            ]
        )
        text = (whole.choices[0].message.model_extra or {}).get("reasoning_content", "")
        assert text == streamed
        assert bool(text) is wanted
        assert whole.usage is not None
        assert whole.usage.completion_tokens_details is not None
        assert (whole.usage.completion_tokens_details.reasoning_tokens or 0) > 0


async def test_parameters_are_kept_to(client: AsyncOpenAI) -> None:
    completion = await client.chat.completions.create(
        model="mini", messages=ASKED, max_tokens=7, temperature=0.2, seed=3
    )
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 7
    stopped = await client.chat.completions.create(model="mini", messages=ASKED, stop=" ", user="u", top_p=0.9)
    assert " " not in (stopped.choices[0].message.content or " ")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"store": True}, "store"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"extra_body": {"min_p": 0.1}}, "min_p"),
        ({"extra_body": {"functions": []}}, "functions"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"extra_headers": {"X-Pointsman-Sessionid": "s"}}, "x-pointsman-sessionid"),
        ({"extra_headers": {"X-Pointsman-Mode": "fast"}}, "x-pointsman-mode"),
        ({"model": "pointsman/fast"}, "model"),
        ({"model": "pointsman/task:none such"}, "hints.task"),
    ],
)
async def test_what_is_not_offered_is_refused_by_name(client: AsyncOpenAI, more: dict[str, Any], field: str) -> None:
    asked: Any = {"model": "mini", "messages": ASKED, "extra_headers": {}} | more
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(**asked)
    assert caught.value.param == field
    assert caught.value.type == "invalid_request_error"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("kind", "part"), [("input_audio", {"input_audio": {"data": "", "format": "wav"}}), ("file", {"file": {}})]
)
async def test_contents_that_are_not_taken(client: AsyncOpenAI, kind: str, part: dict[str, Any]) -> None:
    asked: Any = [{"role": "user", "content": [{"type": kind, **part}]}]
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="mini", messages=asked)
    assert (caught.value.code, caught.value.param) == ("unsupported_content_part", "messages[0].content[0].type")


async def test_the_client_that_waits(server: RunningServer) -> None:
    def ask() -> tuple[str, str]:
        with OpenAI(base_url=f"http://{server.api}/v1", api_key="any", max_retries=0) as client:
            whole = client.chat.completions.create(model="mini", messages=ASKED)
            stream = client.chat.completions.create(model="mini", messages=ASKED, stream=True)
            texts = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
        return whole.choices[0].message.content or "", "".join(texts)

    whole, streamed = await asyncio.to_thread(ask)
    assert whole == streamed != ""
