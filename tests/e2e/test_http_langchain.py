"""LangChain's ChatOpenAI at the HTTP door: what it sends by default is taken, and what we send it understands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from pointsman.testing.server import running_server

pytestmark = pytest.mark.anyio

QUESTION = "Explain how tides work, in some sentences."


class Place(BaseModel):
    """A place."""

    name: str
    inhabitants: int


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"9 degrees in {city}"


@pytest.fixture(scope="module")
async def model() -> AsyncIterator[ChatOpenAI]:
    async with running_server() as server:
        yield ChatOpenAI(
            base_url=f"http://{server.api}/v1", api_key=SecretStr("any"), model="pointsman/auto", max_retries=0
        )


async def test_answers_whole_and_streamed(model: ChatOpenAI) -> None:
    asked = [SystemMessage("Be brief."), HumanMessage(QUESTION)]
    whole = await model.ainvoke(asked)
    streamed = None
    async for chunk in model.astream(asked, stream_usage=True):
        streamed = chunk if streamed is None else streamed + chunk
    assert streamed is not None
    assert whole.text == streamed.text != ""
    assert whole.usage_metadata is not None
    assert streamed.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] == streamed.usage_metadata["total_tokens"] > 0
    assert whole.response_metadata["model_name"] == streamed.response_metadata["model_name"]


async def test_tools_and_their_results(model: ChatOpenAI) -> None:
    able = model.bind_tools([get_weather])
    asked: list[Any] = [HumanMessage("Weather in Paris and Rome?")]
    called = await able.ainvoke(asked)
    assert isinstance(called, AIMessage)
    assert [call["args"] for call in called.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    results = [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in called.tool_calls]
    answer = await able.ainvoke([*asked, called, *results])
    assert "degrees in Rome" in answer.text


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
async def test_structured_output(model: ChatOpenAI, method: Any) -> None:
    found = await model.with_structured_output(Place, method=method).ainvoke("How many people live in Paris?")
    assert isinstance(found, Place)
