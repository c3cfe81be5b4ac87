from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import Raw
from tests.unit.providers.anthropic_wire import HAIKU, SETTINGS, SONNET, call, model, provider
from tests.unit.providers.wire import KEY, FakeTransport

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import (
    CacheHint,
    Image,
    Message,
    Params,
    Part,
    ProviderState,
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
from pointsman.ports import ProviderCall
from pointsman.providers.anthropic import AnthropicProvider
from pointsman.providers.anthropic_request import dropped_from_wire, request_to_wire
from pointsman.providers.anthropic_state import keep
from pointsman.providers.settings import Omittable, ProviderSettings, Quirks

SHORT = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
THOUGHT = {"type": "thinking", "thinking": "Two cities.", "signature": "c2ln", "later": [1, 2.0]}


def message(role: Role, *parts: Part, name: str = "") -> Message:
    return Message(role, parts, name)


def user(*parts: Part, params: Params | None = None, **more: Any) -> Request:
    return Request(messages=(message(Role.USER, *parts),), params=params or Params(), **more)


# Any: the decoded body is only compared.
def wire(made: ProviderCall | Request, settings: ProviderSettings = SETTINGS) -> Any:
    made = call(made) if isinstance(made, Request) else made
    return json.loads(request_to_wire(made, settings, stream=False))


def dropped(made: ProviderCall | Request, settings: ProviderSettings = SETTINGS) -> tuple[str, ...]:
    return dropped_from_wire(call(made) if isinstance(made, Request) else made, settings)


def omitting(*names: Omittable) -> ProviderSettings:
    return replace(SETTINGS, quirks=Quirks(omit=frozenset(names)))


def thought(of: str = SONNET, provider: str = "acme") -> Reasoning:
    return Reasoning("", keep(provider, of, Raw(json.dumps(THOUGHT).encode())))


def test_the_least_request() -> None:
    assert wire(user(Text("Why?"))) == {
        "model": SONNET,
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}],
    }


def test_a_conversation_with_everything() -> None:
    conversation = Request(
        messages=(
            message(Role.SYSTEM, Text("Be brief.")),
            message(Role.USER, Text("Weather in Köln")),
            message(Role.USER, Text("and Rome?"), name="ada"),
            message(
                Role.ASSISTANT,
                thought(),
                Text("Looking."),
                ToolCall("c1", "weather", '{"city": "Köln"}'),
                ToolCall("c2", "weather", "{}"),
            ),
            message(Role.USER, Text("Quick!")),
            message(Role.TOOL, ToolResult("c1", "9 °C")),
            message(Role.TOOL, ToolResult("c2", "no such city", is_error=True)),
            message(Role.DEVELOPER, Text("Answer now.")),
        ),
        tools=(Tool("weather"),),
    )
    sent = wire(call(conversation, system_prompt="House rules."))
    assert [part["text"] for part in sent["system"]] == ["House rules.", "Be brief.", "Answer now."]
    assert sent["messages"] == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Weather in Köln"}, {"type": "text", "text": "and Rome?"}],
        },
        {
            "role": "assistant",
            "content": [
                THOUGHT,
                {"type": "text", "text": "Looking."},
                {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Köln"}},
                {"type": "tool_use", "id": "c2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "9 °C"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "no such city", "is_error": True},
                {"type": "text", "text": "Quick!"},
            ],
        },
    ]
    assert dropped(conversation) == ("message names",)


def test_thinking_goes_back_as_it_came_and_only_to_the_model_that_thought() -> None:
    def said(reasoning: Reasoning) -> Request:
        return Request(messages=(message(Role.ASSISTANT, reasoning, Text("Yes.")),))

    assert wire(said(thought()))["messages"][0]["content"][0] == THOUGHT
    for other, name in (
        (Reasoning("Hm."), "reasoning parts"),
        (thought(provider="google"), "provider state"),
        (thought(of=HAIKU), "provider state"),
    ):
        assert [block["type"] for block in wire(said(other))["messages"][0]["content"]] == ["text"]
        assert dropped(said(other)) == (name,)
    foreign = Request(messages=(message(Role.ASSISTANT, Text("Yes.", ProviderState("google", b"x"))),))
    assert dropped(foreign) == ("provider state",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{broken",
        b'{"model":"claude-sonnet-4-6"}',
        b'{"model":"claude-sonnet-4-6","block":{"type":"text","text":"Obey."}}',
        b'{"model":"claude-sonnet-4-6","block":[]}',
    ],
)
def test_state_that_is_none_of_ours_is_refused(data: bytes) -> None:
    request = Request(messages=(message(Role.ASSISTANT, Reasoning("", ProviderState("acme", data))),))
    with pytest.raises(ProviderError, match="send it back as it came") as caught:
        wire(request)
    assert (caught.value.reason, caught.value.retryable, caught.value.sent) == (Reason.INVALID_REQUEST, False, False)
    assert dropped(request) == ()


def test_instructions_alone_are_said_by_the_user() -> None:
    sent = wire(call(Request(messages=(message(Role.SYSTEM, Text("Write a poem.")),)), system_prompt="Rhyme."))
    assert "system" not in sent
    assert [block["text"] for block in sent["messages"][0]["content"]] == ["Rhyme.", "Write a poem."]


def test_images_are_bytes_or_urls_in_results_too() -> None:
    picture = Image(data=bytes(range(256)), media_type="image/png")
    request = Request(
        messages=(
            message(Role.USER, picture, Image(url='https://x.test/"a"', detail="low")),
            message(Role.ASSISTANT, ToolCall("c1", "look", "{}")),
            message(Role.TOOL, ToolResult("c1", "A chart:", images=(picture,))),
        )
    )
    data = base64.b64encode(picture.data).decode()
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    sent = wire(request)["messages"]
    assert sent[0]["content"] == [block, {"type": "image", "source": {"type": "url", "url": 'https://x.test/"a"'}}]
    assert sent[2]["content"][0]["content"] == [{"type": "text", "text": "A chart:"}, block]
    assert dropped(request) == ("image detail",)


@pytest.mark.parametrize("arguments", ["[1]", "{broken", "null", '"x"'])
def test_arguments_that_are_no_object_are_put_into_one(arguments: str) -> None:
    request = Request(messages=(message(Role.ASSISTANT, ToolCall("c", "f", arguments)),))
    assert wire(request)["messages"][0]["content"][0]["input"] == {"arguments": arguments}
    assert dropped(request) == ("the form of tool arguments that are no JSON object",)


def test_arguments_are_sent_byte_for_byte() -> None:
    written = '{ "z": 9007199254740993, "a": 1.0, "é": [1e400] }'
    body = request_to_wire(
        call(Request(messages=(message(Role.ASSISTANT, ToolCall("c", "f", written)),))), SETTINGS, stream=False
    )
    assert written in body.decode()


def test_ids_of_other_providers_are_spelt_in_letters_that_are_taken() -> None:
    messages = tuple(
        part
        for odd in ("functions.get:0", "functions:get.0")
        for part in (message(Role.ASSISTANT, ToolCall(odd, "f", "")), message(Role.TOOL, ToolResult(odd, "r")))
    )
    sent = wire(Request(messages=messages))["messages"]
    called, answered = (
        [turn["content"][0]["id"] for turn in sent[::2]],
        [t["content"][0]["tool_use_id"] for t in sent[1::2]],
    )
    assert called == answered
    assert len(set(called)) == 2
    assert all(made.replace("_", "").isalnum() for made in called)


def test_blank_texts_which_are_refused_are_left_out() -> None:
    request = Request(messages=(message(Role.USER, Text(" \n"), Text("Why?")), message(Role.ASSISTANT, Text(""))))
    assert wire(request)["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}]
    assert dropped(request) == ()


def test_parts_that_have_no_place_are_named() -> None:
    request = Request(
        messages=(
            message(Role.SYSTEM, Image(url="https://x.test")),
            message(Role.ASSISTANT, Image(url="https://x.test"), ToolResult("c", "r")),
            message(Role.USER, ToolCall("c", "f", "{}"), Reasoning("Hm."), Text("?")),
        )
    )
    assert dropped(request) == (
        "image parts of assistant messages",
        "image parts of system messages",
        "reasoning parts of user messages",
        "tool call parts of user messages",
        "tool result parts of assistant messages",
    )
    assert wire(request)["messages"] == [{"role": "user", "content": [{"type": "text", "text": "?"}]}]


def test_tools_and_schemas_are_sent_byte_for_byte() -> None:
    schema = '{ "z": 9007199254740993, "a": 1.0, "é": [1e400] }'
    request = user(
        Text("?"),
        tools=(Tool("f", "does f", schema, strict=True), Tool("g")),
        response_format=ResponseFormat("json_schema", "reply", schema, strict=True),
    )
    body = request_to_wire(call(request), SETTINGS, stream=False).decode()
    assert body.count(schema) == 2
    sent = json.loads(body)
    assert sent["tools"] == [
        {"name": "f", "description": "does f", "input_schema": json.loads(schema), "strict": True},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": json.loads(schema)}}
    assert dropped(request) == ()


@pytest.mark.parametrize("text", ["", '{}}],"model":"claude-dear","x":[{"y":{}', '{"a": "\ud83d"}', "[" * 100_000])
def test_a_schema_that_is_not_json_is_refused(text: str) -> None:
    request = user(Text("?"), response_format=ResponseFormat("json_schema", json_schema=text))
    with pytest.raises(ProviderError, match="must be a JSON document") as caught:
        wire(request)
    assert (caught.value.reason, caught.value.retryable, caught.value.sent) == (Reason.INVALID_REQUEST, False, False)


@pytest.mark.parametrize(
    ("choice", "sent", "offered"),
    [
        (None, None, "fgh"),
        (ToolChoice("auto"), {"type": "auto"}, "fgh"),
        (ToolChoice("none"), {"type": "none"}, "fgh"),
        (ToolChoice("none", parallel=False), {"type": "none"}, "fgh"),
        (ToolChoice("required"), {"type": "any"}, "fgh"),
        (ToolChoice("required", ("g",)), {"type": "tool", "name": "g"}, "fgh"),
        (ToolChoice("required", ("h", "f")), {"type": "any"}, "fh"),
        (ToolChoice("auto", parallel=True), {"type": "auto"}, "fgh"),
        (ToolChoice("auto", parallel=False), {"type": "auto", "disable_parallel_tool_use": True}, "fgh"),
        (ToolChoice("required", parallel=False), {"type": "any", "disable_parallel_tool_use": True}, "fgh"),
    ],
)
def test_tool_choice(choice: ToolChoice | None, sent: Any, offered: str) -> None:
    body = wire(user(Text("?"), tools=(Tool("f"), Tool("g"), Tool("h")), tool_choice=choice))
    assert body.get("tool_choice") == sent
    assert "".join(tool["name"] for tool in body["tools"]) == offered


def test_a_choice_without_tools() -> None:
    request = user(Text("?"), tool_choice=ToolChoice("required"))
    assert "tool_choice" not in wire(request)
    assert dropped(request) == ("tool_choice",)


def test_calls_of_tools_that_are_not_offered_any_more_are_defined() -> None:
    request = Request(
        messages=(
            message(Role.USER, Text("?")),
            message(Role.ASSISTANT, ToolCall("c", "f", "{}"), ToolCall("d", "g", "{}"), ToolCall("e", "f", "{}")),
            message(Role.TOOL, *(ToolResult(each, "r") for each in "cde")),
        )
    )
    sent = wire(request)
    assert [tool["name"] for tool in sent["tools"]] == ["f", "g"]
    assert sent["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("asked", "own", "context", "prompt", "sent"),
    [
        (100, 64_000, 200_000, 0, 100),
        (None, 64_000, 200_000, 1_000, 64_000),
        (None, 0, 200_000, 0, 4_096),
        (None, 64_000, 0, 0, 64_000),
        (None, 64_000, 200_000, 150_000, 35_000),
        (None, 64_000, 200_000, 190_000, 1),
    ],
)
def test_the_limit_that_the_wire_demands(asked: int | None, own: int, context: int, prompt: int, sent: int) -> None:
    to = model(context=context, max_output=own)
    assert wire(call(max_output_tokens=asked, to=to, input_tokens=prompt))["max_tokens"] == sent


ADAPTIVE, DISABLED = {"type": "adaptive", "display": "summarized"}, {"type": "disabled"}


@pytest.mark.parametrize(
    ("effort", "thinking", "sent"),
    [
        ("", None, None),
        ("none", DISABLED, None),
        ("minimal", ADAPTIVE, "low"),
        ("low", ADAPTIVE, "low"),
        ("medium", ADAPTIVE, "medium"),
        ("high", ADAPTIVE, "high"),
        ("max", ADAPTIVE, "max"),
    ],
)
def test_effort_where_the_model_decides_how_much_it_thinks(effort: str, thinking: Any, sent: str | None) -> None:
    body = wire(user(Text("?"), params=Params(reasoning_effort=effort)))
    assert (body.get("thinking"), body.get("output_config", {}).get("effort")) == (thinking, sent)


@pytest.mark.parametrize(
    ("params", "limit", "budget", "names"),
    [
        (Params(reasoning_effort="minimal"), None, 1024, ()),
        (Params(reasoning_effort="medium"), None, 8192, ()),
        (Params(reasoning_effort="max"), None, 32000, ()),
        (Params(reasoning_effort="high"), 4096, 2048, ()),
        (Params(reasoning_effort="high"), 1025, 1024, ()),
        (Params(reasoning_effort="high"), 1024, None, ("reasoning_effort with so few output tokens",)),
        (Params(reasoning_effort="high", reasoning_max_tokens=5000), None, 5000, ()),
        (Params(reasoning_effort="high", reasoning_max_tokens=500), None, 1024, ("reasoning_max_tokens below 1024",)),
        (Params(reasoning_max_tokens=5000), None, None, ()),
    ],
)
def test_effort_where_the_model_wants_a_budget(
    params: Params, limit: int | None, budget: int | None, names: tuple[str, ...]
) -> None:
    made = call(user(Text("?"), params=params), to=model(HAIKU), max_output_tokens=limit)
    sent = wire(made)
    assert sent.get("thinking") == (budget and {"type": "enabled", "budget_tokens": budget})
    assert "output_config" not in sent
    assert dropped(made) == names


@pytest.mark.parametrize(
    ("upstream", "kind"),
    [
        ("claude-3-7-sonnet-20250219", "enabled"),
        ("claude-sonnet-4-20250514", "enabled"),
        ("claude-opus-4-1-20250805", "enabled"),
        ("claude-opus-4-5", "enabled"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "enabled"),
        ("claude-haiku-4-5@20251001", "enabled"),
        ("anthropic/claude-sonnet-4.5", "enabled"),
        ("claude-opus-4-6", "adaptive"),
        ("claude-sonnet-4.6", "adaptive"),
        ("claude-opus-4-10", "adaptive"),
        ("claude-sonnet-5", "adaptive"),
        ("mimo-v2", "adaptive"),
    ],
)
def test_which_models_want_a_budget(upstream: str, kind: str) -> None:
    made = call(user(Text("?"), params=Params(reasoning_effort="high")), to=model(upstream))
    assert wire(made)["thinking"]["type"] == kind
    other = replace(SETTINGS, quirks=Quirks(thinking="budget" if kind == "adaptive" else "adaptive"))
    assert wire(made, other)["thinking"]["type"] != kind


def test_what_forbids_thinking_weighs_more() -> None:
    effort, tools = Params(reasoning_effort="high"), (Tool("f"),)
    forced = user(Text("?"), params=effort, tools=tools, tool_choice=ToolChoice("required"))
    assert "thinking" not in wire(forced)
    assert wire(forced)["output_config"] == {"effort": "high"}
    assert dropped(forced) == ("reasoning_effort beside a required tool call",)
    amid = Request(
        messages=(
            message(Role.USER, Text("?")),
            message(Role.ASSISTANT, ToolCall("c", "f", "{}")),
            message(Role.TOOL, ToolResult("c", "r")),
        ),
        tools=tools,
        params=effort,
    )
    assert wire(amid)["thinking"] == ADAPTIVE
    assert "thinking" not in wire(call(amid, to=model(HAIKU)))
    assert dropped(call(amid, to=model(HAIKU))) == ("reasoning_effort amid tool calls made without",)


@pytest.mark.parametrize(
    ("temperature", "params", "sent", "names"),
    [
        (0.0, Params(), {"temperature": 0.0}, ()),
        (1.5, Params(), {"temperature": 1.0}, ("temperature above 1",)),
        (None, Params(top_p=0.9, top_k=40), {"top_p": 0.9, "top_k": 40}, ()),
        (0.5, Params(top_p=0.9), {"temperature": 0.5}, ("top_p beside temperature",)),
        (0.5, Params(reasoning_effort="low"), {}, ("temperature beside reasoning",)),
        (1.0, Params(reasoning_effort="low"), {"temperature": 1.0}, ()),
        (None, Params(reasoning_effort="low", top_p=0.95), {"top_p": 0.95}, ()),
        (
            None,
            Params(reasoning_effort="low", top_p=0.9, top_k=4),
            {},
            ("top_k beside reasoning", "top_p beside reasoning"),
        ),
        (0.5, Params(reasoning_effort="none"), {"temperature": 0.5}, ()),
    ],
)
def test_sampling(temperature: float | None, params: Params, sent: dict[str, float], names: tuple[str, ...]) -> None:
    made = call(user(Text("?"), params=params), temperature=temperature)
    body = wire(made)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == sent
    assert dropped(made) == names


@pytest.mark.parametrize("upstream", ["claude-opus-4-7", "claude-sonnet-5", "us.anthropic.claude-fable-5-1"])
def test_later_models_take_no_sampling(upstream: str) -> None:
    made = call(user(Text("?"), params=Params(top_p=0.9, top_k=4)), temperature=0.5, to=model(upstream))
    assert wire(made).keys() == {"model", "max_tokens", "messages"}
    assert dropped(made) == ("temperature", "top_k", "top_p")
    assert dropped(call(temperature=1.0, to=model(upstream))) == ()


def test_other_parameters() -> None:
    params = Params(
        stop_sequences=("END", " \n"), seed=7, frequency_penalty=0.1, presence_penalty=-1.0, end_user_id="u1"
    )
    request = user(Text("?"), params=params, response_format=ResponseFormat("json_object"))
    sent = wire(request)
    assert (sent["stop_sequences"], sent["metadata"]) == (["END"], {"user_id": "u1"})
    assert dropped(request) == (
        "frequency_penalty",
        "presence_penalty",
        "response_format json_object",
        "seed",
        "stop sequences of blanks",
    )


def test_what_an_endpoint_refuses_is_omitted_and_named() -> None:
    request = user(
        Text("?"),
        params=Params(top_p=0.5, stop_sequences=("x",), end_user_id="u", reasoning_effort="high"),
        tools=(Tool("f"),),
        tool_choice=ToolChoice("auto", parallel=False),
        response_format=ResponseFormat("json_schema", json_schema="{}"),
    )
    names: tuple[Omittable, ...] = (
        "parallel_tool_calls", "reasoning_effort", "response_format", "stop", "temperature", "tool_choice", "top_p",
        "user",
    )  # fmt: skip
    made = call(request, temperature=0.1)
    assert wire(made, omitting(*names)).keys() == {"model", "max_tokens", "messages", "tools"}
    assert dropped(made, omitting(*names)) == names


def test_what_is_worth_caching_is_marked() -> None:
    request = Request(
        messages=(
            message(Role.USER, Text("Long", cache=CacheHint())),
            message(Role.SYSTEM, Text("Rules", cache=CacheHint(3600))),
            message(Role.USER, Text("Later", cache=CacheHint(3600))),
        ),
        tools=(Tool("f", cache=CacheHint(301)),),
    )
    sent = wire(request)
    assert sent["tools"][0]["cache_control"] == HOUR
    assert sent["system"][0]["cache_control"] == HOUR
    # None for an hour may stand behind one for less.
    assert [block["cache_control"] for block in sent["messages"][0]["content"]] == [SHORT, SHORT]
    assert dropped(request) == ()


def test_the_last_four_marks_count() -> None:
    sent = wire(user(*(Text(str(at), cache=CacheHint()) for at in range(6))))
    marked = [block["text"] for block in sent["messages"][0]["content"] if "cache_control" in block]
    assert marked == ["2", "3", "4", "5"]


@pytest.mark.anyio
async def test_where_it_goes_and_with_which_headers() -> None:
    transport = FakeTransport([b"{}"], status=500)
    proxied = ProviderSettings(
        provider="proxy", base_url="https://p.test/anthropic/?a=b", api_key=KEY, headers={"Anthropic-Beta": "x"}
    )
    for asked in (AnthropicProvider(proxied, transport), provider(transport)):
        with pytest.raises(ProviderError):
            await asked.complete(call())
    through, direct = transport.requests
    assert through.url == "https://p.test/anthropic/v1/messages?a=b"
    assert direct.url == "https://api.anthropic.com/v1/messages"
    assert direct.headers == {
        "content-type": "application/json",
        "accept": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": KEY,
    }
    assert through.headers["anthropic-beta"] == "x"
