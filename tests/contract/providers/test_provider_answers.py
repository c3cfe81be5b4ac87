from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from tests.contract.providers.conftest import World, calling
from tests.unit.providers.wire import joined

from pointsman.engine.stream import assemble, without_reasoning
from pointsman.model.answer import Answer, Delta, Ending, FinishReason
from pointsman.model.request import (
    CacheHint,
    Image,
    Message,
    Params,
    Part,
    Reasoning,
    Request,
    ResponseFormat,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.ports import Limits, Provider, ProviderCall

pytestmark = pytest.mark.anyio

CITY = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'
TOOLS = (Tool("get_weather", "The weather in a city", CITY), Tool("book_flight", "A flight to a city", CITY))


def asking(*parts: Part, tools: tuple[Tool, ...] = (), choice: ToolChoice | None = None) -> Request:
    return Request(messages=(Message(Role.USER, parts),), tools=tools, tool_choice=choice)


async def streamed(provider: Provider, call: ProviderCall) -> tuple[list[Delta], Ending]:
    deltas: list[Delta] = []
    async with provider.stream(call) as answer:
        while some := await answer.read():
            deltas += some
        return deltas, answer.ending


def whole(answer: Answer) -> list[tuple[str, ...]]:
    """A whole answer in the form that `joined` gives streams."""
    return [spoken(part) for part in answer.parts]


def spoken(part: Part) -> tuple[str, ...]:
    match part:
        case Text(text):
            return "text", text
        case Reasoning(text):
            return "reasoning", text
        case ToolCall(call_id, name, arguments):
            return call_id, name, arguments
    raise AssertionError(part)


SAME: list[tuple[str, Request]] = [
    ("sim-small", asking(Text("Explain how tides work – ja, in ein paar Sätzen 🌊."))),
    ("sim-reasoning", asking(Text("Prove it."))),
    ("sim-small", asking(Text("Weather in Paris and Rome?"), tools=TOOLS[:1])),
    ("fault-tool-calls-parallel", asking(Text("Go."), tools=TOOLS)),
    ("fault-split-every-byte", asking(Text("Go."), tools=TOOLS)),
]


@pytest.mark.parametrize(("model", "request_"), SAME)
async def test_a_stream_says_what_the_whole_answer_says(world: World, model: str, request_: Request) -> None:
    provider, call = world.provider(), calling(model, request_, limits=Limits())
    answer = await provider.complete(call)
    deltas, ending = await streamed(provider, call)
    parts = joined(deltas)
    assert [parts[at] for at in range(len(parts))] == whole(answer)
    assert ending.reason is answer.ending.reason
    assert ending.served_model == answer.ending.served_model == f"{model}-sim"
    # The first call filled the prompt cache, or would have with more than one message.
    assert ending.usage == answer.ending.usage
    assert ending.upstream_request_id != answer.ending.upstream_request_id


async def test_parallel_calls(world: World) -> None:
    request = asking(Text("Weather in Paris and Rome?"), tools=TOOLS[:1])
    calls = (await world.provider().complete(calling(request=request))).parts
    found = [call for call in calls if isinstance(call, ToolCall)]
    assert [json.loads(call.arguments_json)["city"] for call in found] == ["Paris", "Rome"]
    assert len({call.id for call in found}) == 2
    one = asking(Text("Weather in Paris and Rome?"), tools=TOOLS[:1], choice=ToolChoice("auto", parallel=False))
    if "parallel_tool_calls" not in world.provider().dropped(calling(request=one)):
        assert len((await world.provider().complete(calling(request=one))).parts) == 1


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (ToolChoice("required", ("book_flight",)), {"book_flight"}),
        (ToolChoice("required", ("get_weather",)), {"get_weather"}),
        (ToolChoice("none"), set()),
    ],
)
async def test_tool_choice(world: World, choice: ToolChoice, names: set[str]) -> None:
    request = asking(Text("What is the weather, and which flight?"), tools=TOOLS, choice=choice)
    answer = await world.provider().complete(calling(request=request))
    assert {part.name for part in answer.parts if isinstance(part, ToolCall)} == names
    assert answer.ending.reason is (FinishReason.TOOL_CALLS if names else FinishReason.STOP)


async def test_an_agents_second_turn_with_reasoning_and_results(world: World) -> None:
    messages = (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("Weather in Paris?", cache=CacheHint()),)),
        Message(Role.ASSISTANT, (Reasoning("Ask."), ToolCall("c1", "get_weather", '{"city": "Paris"}'))),
        Message(Role.TOOL, (ToolResult("c1", "9 degrees and drizzle"),)),
    )
    call = calling(request=Request(messages=messages, tools=TOOLS))
    assert world.provider().dropped(call) == ("reasoning parts",)
    answer = await world.provider().complete(call)
    assert "9 degrees and drizzle" in str(whole(answer))
    again = await world.provider().complete(call)
    assert answer.ending.usage is not None
    assert again.ending.usage is not None
    assert answer.ending.usage.cached_input_tokens == 0
    assert 0 < again.ending.usage.cached_input_tokens < again.ending.usage.input_tokens


@pytest.mark.parametrize("model", ["sim-reasoning", "sim-reasoning-redact"])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_turn_takes_an_answer_as_it_came(world: World, model: str, stream: bool) -> None:
    provider, effort = world.provider(), Params(reasoning_effort="low")
    asked = Message(Role.USER, (Text("Weather in Paris and Rome?"),))
    call = calling(model, Request(messages=(asked,), tools=TOOLS[:1], params=effort))
    if stream:
        parts = assemble((await streamed(provider, call))[0], reasoning=True)
    else:
        parts = (await provider.complete(call)).parts
    assert isinstance(parts[0], Reasoning)
    results = tuple(ToolResult(part.id, "9 degrees") for part in parts if isinstance(part, ToolCall))
    assert len(results) == 2
    for kept in (parts, without_reasoning(parts)):
        turns = (asked, Message(Role.ASSISTANT, kept), Message(Role.TOOL, results))
        follow = calling(model, Request(messages=turns, tools=TOOLS[:1], params=effort))
        assert "9 degrees" in str(whole(await provider.complete(follow)))
        stateful = any(isinstance(part, Reasoning) and part.state for part in kept)
        assert provider.dropped(follow) == (() if stateful or kept is not parts else ("reasoning parts",))
        # Nobody else gets it; a call may carry state as well as a thought.
        own = any(isinstance(part, Reasoning) or (isinstance(part, ToolCall) and part.state) for part in kept)
        assert bool(world.provider("elsewhere").dropped(follow)) == own


async def test_a_schema_is_kept_to(world: World) -> None:
    schema = (
        '{"type": "object", "properties": {"n": {"type": "integer", "minimum": 7, "maximum": 7}}, "required": ["n"]}'
    )
    request = Request(
        messages=(Message(Role.USER, (Text("?"),)),), response_format=ResponseFormat("json_schema", json_schema=schema)
    )
    assert whole(await world.provider().complete(calling(request=request))) == [("text", '{"n": 7}')]


async def test_images_are_taken(world: World) -> None:
    plain = await world.provider().complete(calling(request=asking(Text("What is it?"))))
    pictured = asking(
        Text("What is it?"), Image(data=b"\x89PNG" * 50_000, media_type="image/png"), Image(url="https://x.test/a.png")
    )
    answer = await world.provider().complete(calling(request=pictured, limits=Limits()))
    assert answer.ending.usage is not None
    assert plain.ending.usage is not None
    assert answer.ending.usage.input_tokens > plain.ending.usage.input_tokens + 1_000


async def test_reasoning_is_counted_and_the_limit_is_sent(world: World) -> None:
    request = Request(messages=(Message(Role.USER, (Text("?"),)),), params=Params(reasoning_effort="low"))
    answer = await world.provider().complete(calling("sim-reasoning", request))
    usage = answer.ending.usage
    assert usage is not None
    assert 0 < usage.reasoning_tokens < usage.output_tokens
    assert isinstance(answer.parts[0], Reasoning)
    short = await world.provider().complete(calling(limit=20))
    assert short.ending.reason is FinishReason.MAX_TOKENS
    assert short.ending.usage is not None
    assert short.ending.usage.output_tokens == 20


async def test_only_a_provider_that_tells_its_cost_has_one(world: World) -> None:
    assert (await world.provider("acme").complete(calling())).ending.cost_nano_usd is None
    if not world.wire.startswith("openai"):
        return
    for ending in (
        (await world.provider("openrouter").complete(calling())).ending,
        (await streamed(world.provider("openrouter"), calling()))[1],
    ):
        assert ending.usage is not None
        # The simulator's price: 1 and 4 USD per million.
        assert ending.cost_nano_usd == 1_000 * ending.usage.input_tokens + 4_000 * ending.usage.output_tokens


@pytest.mark.parametrize("stream", [False, True])
async def test_an_empty_answer_carries_its_usage(world: World, stream: bool) -> None:
    provider, call = world.provider(), calling("fault-empty-length", limit=64)
    ending = (await streamed(provider, call))[1] if stream else (await provider.complete(call)).ending
    assert ending.reason is FinishReason.MAX_TOKENS
    assert ending.usage is not None
    assert ending.usage.output_tokens == 64


@pytest.mark.parametrize("stream", [False, True])
async def test_no_usage_is_none_and_not_zero(world: World, stream: bool) -> None:
    provider, call = world.provider(), calling("fault-no-usage")
    ending = (await streamed(provider, call))[1] if stream else (await provider.complete(call)).ending
    assert (ending.reason, ending.usage) == (FinishReason.STOP, None)


async def test_what_is_streamed_at_once_is_read_in_few_pieces_and_what_is_paced_at_once(world: World) -> None:
    reads: list[Sequence[Delta]] = []
    async with world.provider().stream(calling()) as answer:
        while some := await answer.read():
            reads.append(some)
    assert len(reads) < 5
    texts = [[delta for delta in some if delta.state is None] for some in reads]
    assert max(map(len, texts)) == 1, "neighbours are merged"
    async with world.provider().stream(calling("sim-small:fault-stall-after-20=1")) as answer:
        assert len(await answer.read()) == 1


async def test_connections_are_used_again_after_streams(world: World) -> None:
    await streamed(world.provider(), calling())
    first = world.connections()
    for _ in range(20):
        await streamed(world.provider(), calling())
        await world.provider().complete(calling())
    assert len(first) == 1
    assert world.connections() == first


@pytest.mark.parametrize("model", ["fault-hang-accept", "fault-headers-then-silence", "fault-stall-after-20"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_cancelled_call_closes_its_connection(world: World, model: str, stream: bool) -> None:
    provider, call = world.provider(), calling(model, limits=Limits())
    task = asyncio.ensure_future(streamed(provider, call) if stream else provider.complete(call))
    await world.until_active(20 if stream and "stall" in model else 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await world.last()).ending == "client_closed"
    assert (await world.active()).count == 0


async def test_a_stream_left_early_closes_its_connection(world: World) -> None:
    async with world.provider().stream(calling("fault-stall-after-20", limits=Limits())) as answer:
        assert await answer.read()
    assert (await world.last()).ending == "client_closed"
