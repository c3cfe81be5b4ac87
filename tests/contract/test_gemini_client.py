"""Google's own client as a witness that the simulator speaks the `gemini` wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from google import genai
from google.genai import errors, types

from pointsman.sim import SimSettings, create_app

pytestmark = [
    pytest.mark.anyio,
    # The client subclasses aiohttp's session, of which aiohttp warns.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]

QUESTION = "Explain how tides work – ja, in ein paar Sätzen 🌊."
WEATHER = types.FunctionDeclaration(
    name="get_weather",
    description="The weather in a city",
    parameters=types.Schema(
        type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"]
    ),
)
TOOLS = types.GenerateContentConfig(
    tools=[types.Tool(function_declarations=[WEATHER])],
    automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
)


@asynccontextmanager
async def asking(key: str = "any") -> AsyncIterator[genai.client.AsyncClient]:
    """The client, its calls going to a simulator."""
    runner = web.AppRunner(create_app(SimSettings(ttft_median=0, token_interval=0)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/google"
    once = types.HttpRetryOptions(attempts=1)
    options = types.HttpOptions(base_url=url, api_version="v1beta", retry_options=once)
    client = genai.Client(api_key=key, http_options=options).aio
    try:
        yield client
    finally:
        await client.aclose()
        await runner.cleanup()


async def test_a_whole_answer_and_its_stream() -> None:
    async with asking() as client:
        whole = await client.models.generate_content(model="gemini-3.8-flash", contents=QUESTION)
        chunks = [
            chunk
            async for chunk in await client.models.generate_content_stream(model="gemini-3.8-flash", contents=QUESTION)
        ]
    assert whole.text
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    assert whole.model_version == "gemini-3.8-flash-sim"
    assert whole.candidates is not None
    assert whole.candidates[0].finish_reason is types.FinishReason.STOP
    assert whole.usage_metadata is not None
    assert whole.usage_metadata.total_token_count == (
        (whole.usage_metadata.prompt_token_count or 0) + (whole.usage_metadata.candidates_token_count or 0)
    )
    assert chunks[-1].usage_metadata == whole.usage_metadata
    assert len(chunks) > 10


@pytest.mark.parametrize("stream", [False, True])
async def test_tools_and_the_turn_after_them(stream: bool) -> None:
    async with asking() as client:
        chat = client.chats.create(model="gemini-3.8-flash", config=TOOLS)
        calls: list[types.FunctionCall] = []
        if stream:
            async for chunk in await chat.send_message_stream("Weather in Paris and Rome?"):
                calls += chunk.function_calls or []
        else:
            calls += (await chat.send_message("Weather in Paris and Rome?")).function_calls or []
        assert [(call.name, call.args) for call in calls] == [
            ("get_weather", {"city": "Paris"}),
            ("get_weather", {"city": "Rome"}),
        ]
        assert len({call.id for call in calls}) == 2
        results = [
            types.Part(
                function_response=types.FunctionResponse(id=call.id, name=call.name, response={"output": "9 degrees"})
            )
            for call in calls
        ]
        # The client sends back the signatures that it got, without which the simulator refuses the turn.
        assert "9 degrees" in ((await chat.send_message(list(results))).text or "")


async def test_thoughts_schemas_and_images() -> None:
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        response_mime_type="application/json",
        response_json_schema={"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]},
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW),
        max_output_tokens=500,
        stop_sequences=["END"],
        seed=1,
    )
    picture = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    async with asking() as client:
        answer = await client.models.generate_content(model="gemini-3.8-flash", contents=[picture, "?"], config=config)
    assert answer.text == '{"n": 7}'
    assert answer.parts is not None
    assert answer.parts[0].thought
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.thoughts_token_count


@pytest.mark.parametrize(
    ("model", "key", "code", "status"),
    [
        ("no-such-model", "any", 404, "NOT_FOUND"),
        ("gemini-3.8-flash", "bad-key", 400, "INVALID_ARGUMENT"),
        ("fault-http-503", "any", 503, "UNAVAILABLE"),
        ("gemini-3.8-flash:fault-http-429=7", "any", 429, "RESOURCE_EXHAUSTED"),
        ("fault-context-length", "any", 400, "INVALID_ARGUMENT"),
    ],
)
async def test_errors(model: str, key: str, code: int, status: str) -> None:
    async with asking(key) as client:
        with pytest.raises(errors.APIError) as caught:
            await client.models.generate_content(model=model, contents=QUESTION)
        assert (caught.value.code, caught.value.status) == (code, status)
        with pytest.raises(errors.APIError) as caught:
            async for _ in await client.models.generate_content_stream(model=model, contents=QUESTION):
                pass
        assert (caught.value.code, caught.value.status) == (code, status)


async def test_a_filtered_prompt() -> None:
    async with asking() as client:
        answer = await client.models.generate_content(model="fault-content-filter", contents=QUESTION)
    assert answer.prompt_feedback is not None
    assert answer.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT
