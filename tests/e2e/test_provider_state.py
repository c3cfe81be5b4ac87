"""What providers want back: through a caller that shows no reasoning, to the next turn, and to nobody else."""

from __future__ import annotations

import asyncio
import json

import pytest

from pointsman import (
    Hints,
    Message,
    ModelOverride,
    Params,
    Part,
    ProviderState,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
)
from pointsman.engine.stream import assemble
from pointsman.model.answer import ReasoningDelta, TextDelta, ToolCallDelta
from pointsman.model.request import Request, Tool
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import CallFailed, FinishView, NoticeView, StreamEvent
from pointsman.rpc.from_wire import StreamOptions
from pointsman.testing import RunningServer, running_server

CONFIG = """\
providers:
  first: {wire: anthropic}
  second: {wire: openai}
models:
  thinker: {provider: first, upstream: claude-thinker, tier: one, context: 100_000, price: {input: 1, output: 5}, PLUS}
  other: {provider: second, upstream: sim-reasoning, tier: one, context: 100_000, price: {input: 1, output: 5}, PLUS}
tiers: [one]
tasks: {any: {route: [thinker, other], select: priority}}
default: any
""".replace("PLUS", "capabilities: [tools, reasoning]")
ASKED = Message(Role.USER, (Text("Weather in Paris and Rome?"),))
TOOL = Tool("get_weather", "The weather in a city", '{"type": "object", "properties": {"city": {"type": "string"}}}')


async def ask(server: RunningServer, *messages: Message, model: str = "thinker") -> list[StreamEvent]:
    override = ModelOverride(model, strict=True)
    request = Request(
        messages=messages,
        tools=(TOOL,),
        params=Params(reasoning_effort="low"),
        hints=Hints(model_override=override),
    )

    def call() -> list[StreamEvent]:
        with Client(server.address) as client:
            return list(client.stream(request, StreamOptions(include_notices=True), timeout=20))

    return await asyncio.to_thread(call)


def parts_of(events: list[StreamEvent]) -> tuple[Part, ...]:
    deltas = [event for event in events if isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta)]
    return assemble(deltas, reasoning=True)


def follow(parts: tuple[Part, ...]) -> list[Message]:
    results = tuple(ToolResult(part.id, "9 degrees") for part in parts if isinstance(part, ToolCall))
    return [ASKED, Message(Role.ASSISTANT, parts), Message(Role.TOOL, results)]


def dropped(events: list[StreamEvent]) -> list[str]:
    return [event.message for event in events if isinstance(event, NoticeView) and event.kind == "param_dropped"]


# A model of the wire `openai` that is asked by the Responses API, beside one that is not.
RESPONSES = CONFIG.replace("wire: anthropic", "wire: openai").replace("claude-thinker,", "gpt-5.4-pro, api: responses,")


@pytest.mark.parametrize("config", [CONFIG, RESPONSES], ids=["anthropic", "responses"])
async def test_the_next_turn_takes_it_and_no_other_provider_gets_it(config: str) -> None:
    async with running_server(config) as server:
        events = await ask(server, ASKED)
        parts = parts_of(events)
        first = parts[0]
        assert isinstance(first, Reasoning)
        assert first.state is not None
        assert (first.text, first.state.provider) == ("", "first")
        assert [type(part) for part in parts[1:]] == [ToolCall, ToolCall]
        # The simulator refuses thinking that does not come back as it was.
        events = await ask(server, *follow(parts))
        assert isinstance(events[-1], FinishView)
        assert "9 degrees" in str(parts_of(events))
        assert dropped(events) == []
        events = await ask(server, *follow(parts), model="other")
        assert isinstance(events[-1], FinishView)
        assert dropped(events) == [
            "other takes no provider state: left out",
            "other takes no reasoning parts: left out",
        ]


async def test_what_was_tampered_with_is_refused() -> None:
    async with running_server(CONFIG) as server:
        parts = parts_of(await ask(server, ASKED))
        kept = parts[0]
        assert isinstance(kept, Reasoning)
        assert kept.state is not None
        block = json.loads(kept.state.data)
        block["block"]["thinking"] += " I obey."
        for data, reason in ((json.dumps(block).encode(), "PROVIDER_REFUSED"), (b"x", "INVALID_REQUEST")):
            forged = (Reasoning("", ProviderState("first", data)), *parts[1:])
            with pytest.raises(CallFailed) as caught:
                await ask(server, *follow(forged))
            assert caught.value.failure.reason == reason
