from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.unit.providers.wire import KEY, FakeTransport, call, provider

from pointsman.errors import ProviderError, Reason
from pointsman.model.request import (
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
from pointsman.providers.openai import OpenAIProvider
from pointsman.providers.openai_request import dropped_from_wire, request_to_wire
from pointsman.providers.settings import ProviderSettings, Quirks

SETTINGS = ProviderSettings(provider="acme", api_key=KEY)
MISTRAL = Quirks(stream_usage=False, seed_field="random_seed", omit=frozenset({"user", "name", "seed"}))


def message(role: Role, *parts: Part, name: str = "") -> Message:
    return Message(role, parts, name)


def user(*parts: Part) -> Request:
    return Request(messages=(message(Role.USER, *parts),))


# Any: the decoded body is only compared.
def wire(made: ProviderCall | Request, settings: ProviderSettings = SETTINGS, *, stream: bool = False) -> Any:
    made = call(made) if isinstance(made, Request) else made
    return json.loads(request_to_wire(made, settings, stream=stream))


def quirky(quirks: Quirks) -> ProviderSettings:
    return ProviderSettings(provider="acme", quirks=quirks)


def test_the_least_request() -> None:
    assert wire(user(Text("Why?"))) == {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Why?"}]}


def test_a_conversation_with_everything() -> None:
    conversation = Request(
        messages=(
            message(Role.SYSTEM, Text("Be brief.")),
            message(Role.DEVELOPER, Text("Use"), Text("tools.")),
            message(Role.USER, Text("Weather in Köln and Rome?"), name="ada"),
            message(
                Role.ASSISTANT,
                Reasoning("Two cities."),
                Text("Looking."),
                ToolCall("c1", "weather", '{"city": "Köln"}'),
                ToolCall("c2", "weather", '{"city": '),
            ),
            message(Role.TOOL, ToolResult("c1", "9 °C"), ToolResult("c2", "error")),
            message(Role.SYSTEM, Text("Answer now.")),
        )
    )
    assert wire(call(conversation, system_prompt="House rules."))["messages"] == [
        {"role": "system", "content": "House rules."},
        {"role": "system", "content": "Be brief."},
        {"role": "system", "content": "Use\ntools."},
        {"role": "user", "content": "Weather in Köln and Rome?", "name": "ada"},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "weather", "arguments": '{"city": "Köln"}'}},
                {"type": "function", "id": "c2", "function": {"name": "weather", "arguments": '{"city": '}},
            ],
        },
        {"role": "tool", "content": "9 °C", "tool_call_id": "c1"},
        {"role": "tool", "content": "error", "tool_call_id": "c2"},
        {"role": "system", "content": "Answer now."},
    ]
    assert dropped_from_wire(call(conversation), SETTINGS) == ("reasoning parts",)


def test_tool_calls_without_text_keep_the_content_key() -> None:
    sent = wire(Request(messages=(message(Role.ASSISTANT, ToolCall("c", "f", "{}")),)))["messages"][0]
    assert sent["content"] is None


def test_results_within_a_user_message_come_before_it() -> None:
    sent = wire(user(Text("And now?"), ToolResult("c1", "done")))["messages"]
    assert sent == [
        {"role": "tool", "content": "done", "tool_call_id": "c1"},
        {"role": "user", "content": "And now?"},
    ]


def test_images_are_data_urls_or_urls() -> None:
    picture = bytes(range(256))
    sent = wire(
        user(
            Text("What is it?"),
            Image(data=picture, media_type='image/"png'),
            Image(url='https://x.test/"a"', detail="low"),
        )
    )
    data_url = f'data:image/"png;base64,{base64.b64encode(picture).decode()}'
    assert sent["messages"][0]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": data_url}},
        {"type": "image_url", "image_url": {"url": 'https://x.test/"a"', "detail": "low"}},
    ]


def test_schemas_are_sent_byte_for_byte() -> None:
    schema = '{ "z": 9007199254740993, "a": 1.0, "é": [1e400] }'
    request = Request(
        messages=(message(Role.USER, Text("?")),),
        tools=(Tool("f", "does f", schema, strict=True), Tool("g")),
        response_format=ResponseFormat("json_schema", json_schema=schema, strict=True),
    )
    body = request_to_wire(call(request), SETTINGS, stream=False).decode()
    assert body.count(schema) == 2
    sent = json.loads(body)
    assert sent["tools"][0] == {
        "type": "function",
        "function": {"name": "f", "parameters": json.loads(schema), "description": "does f", "strict": True},
    }
    assert sent["tools"][1]["function"] == {"name": "g", "parameters": {"type": "object", "properties": {}}}
    assert sent["response_format"]["json_schema"].keys() == {"name", "schema", "strict"}
    assert sent["response_format"]["json_schema"]["name"] == "answer"


@pytest.mark.parametrize(
    "text", ["", '{}}],"model":"gpt-dear","x":[{"y":{}', "{'a': 1}", '{"a": "\ud83d"}', "[" * 100_000]
)
def test_a_schema_that_is_not_json_is_refused(text: str) -> None:
    request = Request(messages=(), response_format=ResponseFormat("json_schema", json_schema=text))
    with pytest.raises(ProviderError) as caught:
        request_to_wire(call(request), SETTINGS, stream=False)
    assert (caught.value.reason, caught.value.retryable, caught.value.sent) == (Reason.INVALID_REQUEST, False, False)


TOOLS = (Tool("f"), Tool("g"), Tool("h"))
FORCED = {"type": "function", "function": {"name": "g"}}


@pytest.mark.parametrize(
    ("choice", "sent", "offered"),
    [
        (None, None, "fgh"),
        (ToolChoice("auto"), "auto", "fgh"),
        (ToolChoice("none"), "none", "fgh"),
        (ToolChoice("required"), "required", "fgh"),
        (ToolChoice("required", ("g",)), FORCED, "fgh"),
        (ToolChoice("required", ("h", "f")), "required", "fh"),
        (ToolChoice("auto", ("g",)), "auto", "g"),
    ],
)
def test_tool_choice(choice: ToolChoice | None, sent: object, offered: str) -> None:
    body = wire(Request(messages=(), tools=TOOLS, tool_choice=choice))
    assert body.get("tool_choice") == sent
    assert "".join(each["function"]["name"] for each in body["tools"]) == offered
    assert "parallel_tool_calls" not in body


def test_parallel_calls_are_forbidden_only_where_tools_are_offered() -> None:
    choice = ToolChoice("auto", parallel=False)
    assert wire(Request(messages=(), tools=TOOLS, tool_choice=choice))["parallel_tool_calls"] is False
    assert wire(Request(messages=(), tool_choice=choice)) == {"model": "gpt-5.4-mini", "messages": []}


def test_a_required_call_without_tools_is_named() -> None:
    assert dropped_from_wire(call(Request(messages=(), tool_choice=ToolChoice("required"))), SETTINGS) == (
        "tool_choice",
    )


EVERY_PARAMETER = Params(
    max_output_tokens=9,
    temperature=2.0,
    top_p=0.0,
    stop_sequences=("\n", "END"),
    seed=2**62,
    frequency_penalty=-1.5,
    presence_penalty=0.7,
    reasoning_effort="minimal",
    end_user_id="u-1",
)


def test_parameters() -> None:
    request = Request(messages=(), params=EVERY_PARAMETER, response_format=ResponseFormat("json_object"))
    assert wire(call(request, max_output_tokens=256, temperature=0.0), stream=True) == {
        "model": "gpt-5.4-mini",
        "messages": [],
        "max_completion_tokens": 256,
        "temperature": 0.0,
        "top_p": 0.0,
        "stop": ["\n", "END"],
        "seed": 2**62,
        "frequency_penalty": -1.5,
        "presence_penalty": 0.7,
        "reasoning_effort": "minimal",
        "user": "u-1",
        "response_format": {"type": "json_object"},
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert dropped_from_wire(call(request), SETTINGS) == ()


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        ("", "max_completion_tokens"),
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://acme.openai.azure.com/openai/v1", "max_completion_tokens"),
        ("https://api.mistral.ai/v1", "max_tokens"),
        ("http://localhost:11434/v1", "max_tokens"),
    ],
)
def test_the_name_of_the_token_limit_goes_by_the_host(base_url: str, name: str) -> None:
    settings = ProviderSettings(provider="acme", base_url=base_url)
    assert wire(call(max_output_tokens=5), settings)[name] == 5
    asked = ProviderSettings(provider="acme", base_url=base_url, quirks=Quirks(max_tokens_field="max_tokens"))
    assert wire(call(max_output_tokens=5), asked)["max_tokens"] == 5


def test_highest_effort() -> None:
    request = Request(messages=(), params=Params(reasoning_effort="max"))
    assert wire(request)["reasoning_effort"] == "xhigh"
    assert wire(request, quirky(Quirks(max_effort="high")))["reasoning_effort"] == "high"


def test_what_an_endpoint_refuses_is_left_out_and_named() -> None:
    request = Request(messages=(message(Role.USER, Text("?"), name="ada"),), params=EVERY_PARAMETER)
    sent = wire(request, quirky(MISTRAL), stream=True)
    assert not sent.keys() & {"user", "seed", "random_seed", "stream_options"}
    assert "name" not in sent["messages"][0]
    assert dropped_from_wire(call(request), quirky(MISTRAL)) == ("message names", "seed", "user")
    assert dropped_from_wire(call(user(Text("?"))), quirky(MISTRAL)) == ()


def test_seed_under_another_name() -> None:
    sent = wire(Request(messages=(), params=Params(seed=0)), quirky(Quirks(seed_field="random_seed")))
    assert sent["random_seed"] == 0


def test_reasoning_goes_back_where_the_endpoint_takes_it() -> None:
    request = Request(messages=(message(Role.ASSISTANT, Reasoning("Hm."), Text("Yes.")),))
    settings = quirky(Quirks(reasoning_field="reasoning_content"))
    assert wire(request, settings)["messages"][0]["reasoning_content"] == "Hm."
    assert dropped_from_wire(call(request), settings) == ()


def test_parts_that_have_no_place_are_named() -> None:
    request = Request(
        messages=(
            message(Role.SYSTEM, Image(url="https://x.test")),
            message(Role.ASSISTANT, Image(url="https://x.test"), Reasoning("Hm.")),
            message(Role.USER, ToolCall("c", "f", "{}"), Text("?")),
            message(Role.TOOL, Text("stray"), ToolResult("c", "r"), name="f"),
        )
    )
    assert dropped_from_wire(call(request), SETTINGS) == (
        "image parts of assistant messages",
        "image parts of system messages",
        "message names",
        "reasoning parts",
        "text parts of tool messages",
        "tool call parts of user messages",
    )
    assert [sent["role"] for sent in wire(request)["messages"]] == ["user", "tool"]


def test_what_other_wires_would_send_with_a_part_is_named() -> None:
    state = ProviderState(SETTINGS.provider, b"x")
    request = Request(
        messages=(
            message(Role.ASSISTANT, Text("Ask.", state), ToolCall("c", "f", "{}")),
            message(Role.TOOL, ToolResult("c", "timeout", is_error=True, images=(Image(url="https://x.test"),))),
        ),
        params=Params(top_k=5, reasoning_max_tokens=100),
    )
    assert dropped_from_wire(call(request), SETTINGS) == (
        "error marks of tool results",
        "images of tool results",
        "provider state",
        "reasoning_max_tokens",
        "top_k",
    )


@pytest.mark.anyio
async def test_where_it_goes_and_with_which_headers() -> None:
    transport = FakeTransport([b"{}"], status=500)
    settings = ProviderSettings(
        provider="azure",
        base_url="https://a.test/openai/v1/?api-version=preview",
        api_key=KEY,
        headers={"Authorization": "Basic 1", "X-Title": "t"},
    )
    with pytest.raises(ProviderError):
        await OpenAIProvider(settings, transport).complete(call())
    with pytest.raises(ProviderError):
        await provider(transport).complete(call())
    keyless = OpenAIProvider(ProviderSettings(provider="local", base_url="http://localhost:8000/v1"), transport)
    with pytest.raises(ProviderError):
        await keyless.complete(call())
    azure, openai, local = transport.requests
    assert (azure.method, azure.url) == ("POST", "https://a.test/openai/v1/chat/completions?api-version=preview")
    assert azure.headers == {
        "content-type": "application/json",
        "accept": "application/json",
        "authorization": "Basic 1",
        "x-title": "t",
    }
    assert openai.url == "https://api.openai.com/v1/chat/completions"
    assert openai.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in local.headers


def test_settings_do_not_print_secrets() -> None:
    settings = ProviderSettings(provider="acme", api_key=KEY, headers={"api-key": KEY})
    assert KEY not in repr(settings)


def test_a_model_that_cannot_reason_is_not_told_to_make_no_effort() -> None:
    assert "reasoning_effort" not in wire(Request(messages=(), params=Params(reasoning_effort="none")))
