from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.unit.providers.gemini_wire import call, model, provider
from tests.unit.providers.wire import KEY, FakeTransport

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
from pointsman.providers.gemini import GeminiProvider
from pointsman.providers.gemini_request import dropped_from_wire, request_to_wire
from pointsman.providers.settings import Omittable, ProviderSettings, Quirks

SETTINGS = ProviderSettings(provider="acme", api_key=KEY)
OLD, NEW = model("gemini-2.5-flash"), model("gemini-3.8-flash")
SIGNED = ProviderState("acme", b"c2lnbmVk")
FOREIGN = ProviderState("other", b"c2lnbmVk")
SKIP = "skip_thought_signature_validator"


def message(role: Role, *parts: Part, name: str = "") -> Message:
    return Message(role, parts, name)


def user(*parts: Part) -> Request:
    return Request(messages=(message(Role.USER, *parts),))


# Any: the decoded body is only compared.
def wire(made: ProviderCall | Request, settings: ProviderSettings = SETTINGS) -> Any:
    made = call(made) if isinstance(made, Request) else made
    return json.loads(request_to_wire(made, settings))


def dropped(made: ProviderCall | Request, settings: ProviderSettings = SETTINGS) -> tuple[str, ...]:
    return dropped_from_wire(call(made) if isinstance(made, Request) else made, settings)


def called(name: str, args: object, call_id: str) -> dict[str, object]:
    return {"functionCall": {"id": call_id, "name": name, "args": args}}


def told(name: str, response: object, call_id: str) -> dict[str, object]:
    return {"functionResponse": {"id": call_id, "name": name, "response": response}}


def test_the_least_request() -> None:
    assert wire(user(Text("Why?"))) == {"contents": [{"parts": [{"text": "Why?"}], "role": "user"}]}


CONVERSATION = Request(
    messages=(
        message(Role.SYSTEM, Text("Be brief.")),
        message(Role.DEVELOPER, Text("Use"), Text("tools.")),
        message(Role.USER, Text("Weather in Köln and Rome?"), name="ada"),
        message(
            Role.ASSISTANT,
            Reasoning("Two cities."),
            Text("Looking."),
            ToolCall("c1", "weather", '{"city": "Köln"}'),
            ToolCall("c2", "clock", '{"city": '),
        ),
        message(Role.TOOL, ToolResult("c1", "9 °C")),
        message(Role.TOOL, ToolResult("c2", '{"error": "no such city"}'), ToolResult("c9", "[1]"), name="stray"),
        message(Role.SYSTEM, Text("Answer now.")),
    )
)


def test_a_conversation_with_everything() -> None:
    sent = wire(call(CONVERSATION, OLD, system_prompt="House rules."))
    assert sent["systemInstruction"] == {
        "parts": [
            {"text": "House rules."},
            {"text": "Be brief."},
            {"text": "Use"},
            {"text": "tools."},
            {"text": "Answer now."},
        ]
    }
    assert sent["contents"] == [
        {"role": "user", "parts": [{"text": "Weather in Köln and Rome?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "Looking."},
                called("weather", {"city": "Köln"}, "c1"),
                called("clock", {"arguments": '{"city": '}, "c2"),
            ],
        },
        {
            "role": "user",
            "parts": [
                told("weather", {"output": "9 °C"}, "c1"),
                told("clock", {"error": "no such city"}, "c2"),
                told("stray", {"output": "[1]"}, "c9"),
            ],
        },
    ]
    assert dropped(CONVERSATION) == (
        "message names",
        "places of system messages",
        "reasoning parts",
        "tool call arguments that are not a JSON object",
    )


def test_signatures_go_back_on_the_parts_they_came_on_and_nowhere_else() -> None:
    request = Request(
        messages=(
            message(Role.USER, Text("?")),
            message(
                Role.ASSISTANT,
                Reasoning("Hm.", SIGNED),
                Reasoning("Hm.", FOREIGN),
                Text("So.", SIGNED),
                Text("", SIGNED),
                Text("", FOREIGN),
                Reasoning("", SIGNED),
                ToolCall("c1", "f", "{}", SIGNED),
                ToolCall("c2", "f", "{}"),
            ),
        )
    )
    assert wire(request)["contents"][1]["parts"] == [
        {"text": "Hm.", "thought": True, "thoughtSignature": "c2lnbmVk"},
        {"text": "So.", "thoughtSignature": "c2lnbmVk"},
        {"text": "", "thoughtSignature": "c2lnbmVk"},
        {"text": "", "thought": True, "thoughtSignature": "c2lnbmVk"},
        {**called("f", {}, "c1"), "thoughtSignature": "c2lnbmVk"},
        called("f", {}, "c2"),
    ]
    assert dropped(request) == ("provider state", "reasoning parts")


@pytest.mark.parametrize(("target", "signed"), [(OLD, False), (NEW, True), (model("gemini-flash-latest"), True)])
def test_calls_of_another_model_pass_where_a_signature_is_demanded(target: Any, signed: bool) -> None:
    request = Request(
        messages=(
            message(Role.ASSISTANT, Text("a"), ToolCall("c1", "f", "{}", FOREIGN), ToolCall("c2", "f", "{}")),
            message(Role.ASSISTANT, Text("no calls")),
        )
    )
    first, second = wire(call(request, target))["contents"]
    assert [part.get("thoughtSignature") for part in first["parts"]] == [None, SKIP if signed else None, None]
    assert "thoughtSignature" not in second["parts"][0]


def test_arguments_and_results_that_are_objects_are_sent_byte_for_byte() -> None:
    written = '{ "z": 9007199254740993, "a": 1.0, "é": [1e400], "a": 2 }'
    request = Request(
        messages=(
            message(Role.ASSISTANT, ToolCall("c1", "f", written)),
            message(Role.TOOL, ToolResult("c1", written), ToolResult("c1", written, is_error=True)),
        )
    )
    body = request_to_wire(call(request), SETTINGS).decode()
    assert body.count(f'"args":{written}') == 1
    assert body.count(f'"response":{written}') == 1
    assert body.count(f'"response":{{"error":{written}}}') == 1


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "null", '{}},"role":"model"', "{" * 100_000])
def test_arguments_that_are_no_object_write_nothing_else(text: str) -> None:
    request = Request(messages=(message(Role.ASSISTANT, ToolCall("c", "f", text)),))
    assert wire(call(request, OLD))["contents"][0]["parts"] == [called("f", {"arguments": text}, "c")]
    assert dropped(request) == ("tool call arguments that are not a JSON object",)


def test_no_arguments_are_an_empty_object() -> None:
    request = Request(messages=(message(Role.ASSISTANT, ToolCall("c", "f", "")),))
    assert wire(call(request, OLD))["contents"][0]["parts"] == [called("f", {}, "c")]
    assert dropped(request) == ()


def test_results_within_a_user_message_come_before_it() -> None:
    sent = wire(user(Text("And now?"), ToolResult("c1", "done")))["contents"]
    assert sent == [
        {"role": "user", "parts": [told("c1", {"output": "done"}, "c1")]},
        {"role": "user", "parts": [{"text": "And now?"}]},
    ]


def test_errors_and_images_of_results() -> None:
    picture = Image(data=b"\x89PNG", media_type="image/png")
    result = ToolResult("c1", "no", is_error=True, images=(picture,))
    request = Request(messages=(message(Role.ASSISTANT, ToolCall("c1", "f", "{}")), message(Role.TOOL, result)))
    sent = wire(request)["contents"][1]["parts"][0]["functionResponse"]
    blob = {"mimeType": "image/png", "data": base64.b64encode(b"\x89PNG").decode()}
    assert sent == {"id": "c1", "name": "f", "response": {"error": "no"}, "parts": [{"inlineData": blob}]}
    assert dropped(request) == ()
    assert "parts" not in wire(call(request, OLD))["contents"][1]["parts"][0]["functionResponse"]
    assert dropped(call(request, OLD)) == ("images of tool results",)
    linked = message(Role.TOOL, ToolResult("c1", "no", images=(Image(url="https://x.test/a.png"),)))
    assert dropped(Request(messages=(linked,))) == ("images of tool results",)


def test_images_are_data_or_files() -> None:
    picture = bytes(range(256))
    request = user(
        Text("What is it?"),
        Image(data=picture, media_type='image/"png'),
        Image(url='https://x.test/"a".JPG?size=.png#x', detail="low"),
        Image(url="https://x.test/a", media_type="image/webp", detail="auto"),
        Image(url="https://x.test/a"),
    )
    assert wire(request)["contents"][0]["parts"] == [
        {"text": "What is it?"},
        {"inlineData": {"mimeType": 'image/"png', "data": base64.b64encode(picture).decode()}},
        {"fileData": {"fileUri": 'https://x.test/"a".JPG?size=.png#x', "mimeType": "image/jpeg"}},
        {"fileData": {"fileUri": "https://x.test/a", "mimeType": "image/webp"}},
        {"fileData": {"fileUri": "https://x.test/a"}},
    ]
    assert dropped(request) == ("image detail",)


def test_schemas_are_sent_byte_for_byte() -> None:
    schema = '{ "z": 9007199254740993, "a": 1.0, "é": [1e400] }'
    request = Request(
        messages=(message(Role.USER, Text("?")),),
        tools=(Tool("f", "does f", schema), Tool("g")),
        response_format=ResponseFormat("json_schema", "name", schema, strict=True),
    )
    body = request_to_wire(call(request), SETTINGS).decode()
    assert body.count(schema) == 2
    sent = json.loads(body)
    assert sent["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "does f", "parametersJsonSchema": json.loads(schema)},
                {"name": "g"},
            ]
        }
    ]
    assert sent["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": json.loads(schema),
    }
    assert dropped(request) == ()


@pytest.mark.parametrize("text", ["", '{}},"contents":[]', "{'a': 1}", '{"a": "\ud83d"}', "[" * 100_000])
def test_a_schema_that_is_not_json_is_refused(text: str) -> None:
    request = Request(messages=(), response_format=ResponseFormat("json_schema", json_schema=text))
    with pytest.raises(ProviderError) as caught:
        request_to_wire(call(request), SETTINGS)
    assert (caught.value.reason, caught.value.retryable, caught.value.sent) == (Reason.INVALID_REQUEST, False, False)


TOOLS = (Tool("f"), Tool("g"), Tool("h"))


@pytest.mark.parametrize(
    ("choice", "sent", "offered"),
    [
        (None, None, "fgh"),
        (ToolChoice("auto"), {"mode": "AUTO"}, "fgh"),
        (ToolChoice("none"), {"mode": "NONE"}, "fgh"),
        (ToolChoice("required"), {"mode": "ANY"}, "fgh"),
        (ToolChoice("required", ("h", "f")), {"mode": "ANY", "allowedFunctionNames": ["h", "f"]}, "fgh"),
        (ToolChoice("auto", ("g",)), {"mode": "AUTO"}, "g"),
    ],
)
def test_tool_choice(choice: ToolChoice | None, sent: object, offered: str) -> None:
    body = wire(Request(messages=(), tools=TOOLS, tool_choice=choice))
    assert body.get("toolConfig") == (sent and {"functionCallingConfig": sent})
    assert "".join(each["name"] for each in body["tools"][0]["functionDeclarations"]) == offered


@pytest.mark.parametrize(
    ("mode", "sent"), [("", "VALIDATED"), ("auto", "VALIDATED"), ("required", "ANY"), ("none", "NONE")]
)
def test_strict_tools_are_validated(mode: str, sent: str) -> None:
    choice = ToolChoice(mode) if mode else None
    body = wire(Request(messages=(), tools=(Tool("f", strict=True), Tool("g")), tool_choice=choice))
    assert body["toolConfig"]["functionCallingConfig"]["mode"] == sent


def test_choices_that_have_no_words_are_named() -> None:
    assert dropped(Request(messages=(), tool_choice=ToolChoice("required"))) == ("tool_choice",)
    one = Request(messages=(), tools=TOOLS, tool_choice=ToolChoice("auto", parallel=False))
    assert dropped(one) == ("parallel_tool_calls",)


EVERY_PARAMETER = Params(
    max_output_tokens=9,
    temperature=2.0,
    top_p=0.0,
    top_k=40,
    stop_sequences=("\n", "END"),
    seed=2**31 - 1,
    frequency_penalty=-1.5,
    presence_penalty=0.7,
    reasoning_effort="high",
    end_user_id="u-1",
)


def test_parameters() -> None:
    request = Request(messages=(), params=EVERY_PARAMETER, response_format=ResponseFormat("json_object"))
    target = model("gemini-3.8-flash", "reasoning")
    made = call(request, target, max_output_tokens=256, temperature=0.0)
    assert wire(made)["generationConfig"] == {
        "maxOutputTokens": 256,
        "temperature": 0.0,
        "topP": 0.0,
        "topK": 40,
        "stopSequences": ["\n", "END"],
        "seed": 2**31 - 1,
        "frequencyPenalty": -1.5,
        "presencePenalty": 0.7,
        "responseMimeType": "application/json",
        "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "high"},
    }
    assert dropped(made) == ("user",)


def test_what_does_not_fit_is_named() -> None:
    params = Params(seed=2**31, stop_sequences=tuple("abcdefgh"))
    sent = wire(Request(messages=(), params=params))["generationConfig"]
    assert sent == {"stopSequences": ["a", "b", "c", "d", "e"]}
    assert dropped(Request(messages=(), params=params)) == ("seed", "stop sequences after the first 5")


def test_what_an_endpoint_refuses_is_left_out_and_named() -> None:
    omit: frozenset[Omittable] = frozenset(
        {
            "temperature",
            "top_p",
            "stop",
            "seed",
            "frequency_penalty",
            "presence_penalty",
            "reasoning_effort",
            "tool_choice",
            "response_format",
        }
    )
    settings = ProviderSettings(provider="acme", quirks=Quirks(omit=omit))
    request = Request(
        messages=(),
        tools=TOOLS,
        tool_choice=ToolChoice("none"),
        params=EVERY_PARAMETER,
        response_format=ResponseFormat("json_schema", json_schema="{}"),
    )
    made = call(request, model("gemini-3.8-flash", "reasoning"), temperature=1.0, max_output_tokens=5)
    sent = wire(made, settings)
    assert sent["generationConfig"] == {
        "maxOutputTokens": 5,
        "topK": 40,
        "thinkingConfig": {"includeThoughts": True},
    }
    assert "toolConfig" not in sent
    assert dropped(made, settings) == (*sorted(omit), "user")
    assert dropped(user(Text("?")), settings) == ()


LEVELS = [
    ("gemini-3.8-flash", "none", "low"),
    ("gemini-3.8-flash", "minimal", "low"),
    ("gemini-3.8-flash", "medium", "medium"),
    ("gemini-3.8-flash", "max", "high"),
    ("gemini-3.5-flash-lite", "none", "minimal"),
    ("gemini-3.5-flash-lite", "minimal", "minimal"),
    ("gemini-3-pro-preview", "medium", "high"),
    ("gemini-3-pro-preview", "low", "low"),
    ("gemini-3.1-pro-preview", "xhigh", "high"),
    ("gemini-flash-latest", "high", "high"),
]


@pytest.mark.parametrize(("upstream", "effort", "level"), LEVELS)
def test_levels_of_thinking(upstream: str, effort: str, level: str) -> None:
    made = call(Request(messages=(), params=Params(reasoning_effort=effort)), model(upstream, "reasoning"))
    assert wire(made)["generationConfig"]["thinkingConfig"] == {"includeThoughts": True, "thinkingLevel": level}
    assert dropped(made) == (("reasoning_effort",) if effort == "none" else ())


def test_the_highest_level_can_be_configured() -> None:
    settings = ProviderSettings(provider="acme", quirks=Quirks(max_effort="xhigh"))
    for upstream, effort, sent in (("gemini-9-pro", "max", "xhigh"), ("gemini-9-pro", "xhigh", "high")):
        made = call(Request(messages=(), params=Params(reasoning_effort=effort)), model(upstream, "reasoning"))
        assert wire(made, settings)["generationConfig"]["thinkingConfig"]["thinkingLevel"] == sent


BUDGETS = [
    ("gemini-2.5-flash", "none", None, 0),
    ("gemini-2.5-flash", "low", None, 1024),
    ("gemini-2.5-flash", "max", None, 24_576),
    ("gemini-2.5-flash", "high", 2000, 2000),
    ("gemini-2.5-flash", "low", 2000, 1024),
    ("gemini-2.5-flash", "", 2000, 2000),
    ("gemini-2.5-flash", "", None, None),
    ("gemini-2.5-pro", "none", None, 128),
    ("gemini-2.5-pro", "max", None, 32_768),
    ("gemini-2.5-pro", "high", 1, 128),
]


@pytest.mark.parametrize(("upstream", "effort", "limit", "budget"), BUDGETS)
def test_budgets_for_thinking(upstream: str, effort: str, limit: int | None, budget: int | None) -> None:
    params = Params(reasoning_effort=effort, reasoning_max_tokens=limit)
    made = call(Request(messages=(), params=params), model(upstream, "reasoning"))
    expected = {} if budget is None else {"thinkingBudget": budget}
    assert wire(made)["generationConfig"]["thinkingConfig"] == expected | (
        {"includeThoughts": True} if budget != 0 else {}
    )
    names = (("reasoning_effort",) if (effort, budget) == ("none", 128) else ()) + (
        ("reasoning_max_tokens",) if limit == 1 else ()
    )
    assert dropped(made) == names


def test_models_that_do_not_think_are_told_nothing() -> None:
    request = Request(messages=(), params=Params(reasoning_effort="none", reasoning_max_tokens=5))
    assert wire(request) == {"contents": []}
    assert dropped(request) == ()
    assert dropped(call(request, model("gemini-3.8-flash", "reasoning"))) == (
        "reasoning_effort",
        "reasoning_max_tokens",
    )


def test_parts_that_have_no_place_are_named() -> None:
    request = Request(
        messages=(
            message(Role.SYSTEM, Image(url="https://x.test")),
            message(Role.ASSISTANT, Image(url="https://x.test"), Reasoning("Hm.")),
            message(Role.USER, ToolCall("c", "f", "{}"), Text("?")),
            message(Role.TOOL, Text("stray"), ToolResult("c", "r"), name="f"),
        )
    )
    assert dropped(request) == (
        "image parts of assistant messages",
        "image parts of system messages",
        "reasoning parts",
        "text parts of tool messages",
        "tool call parts of user messages",
    )
    assert [sent["role"] for sent in wire(request)["contents"]] == ["user", "user"]


@pytest.mark.anyio
async def test_where_it_goes_and_with_which_headers() -> None:
    transport = FakeTransport([b"{}"], status=500)
    settings = ProviderSettings(
        provider="proxy",
        base_url="https://a.test/v1beta/?tenant=1",
        api_key=KEY,
        headers={"X-Goog-Api-Key": "other", "X-Title": "t"},
    )
    proxy, google = GeminiProvider(settings, transport), provider(transport)
    keyless = GeminiProvider(ProviderSettings(provider="local", base_url="http://localhost:8000/v1beta"), transport)
    with pytest.raises(ProviderError):
        await proxy.complete(call())
    with pytest.raises(ProviderError):
        async with proxy.stream(call(target=model("tunedModels/mine"))):
            pass
    with pytest.raises(ProviderError):
        await google.complete(call(target=model("a b?c:d")))
    with pytest.raises(ProviderError):
        await keyless.complete(call())
    whole, stream, odd, local = transport.requests
    assert (whole.method, whole.url) == (
        "POST",
        "https://a.test/v1beta/models/gemini-3.8-flash:generateContent?tenant=1",
    )
    assert whole.headers == {
        "content-type": "application/json",
        "accept": "application/json",
        "x-goog-api-key": "other",
        "x-title": "t",
    }
    assert stream.url == "https://a.test/v1beta/tunedModels/mine:streamGenerateContent?alt=sse&tenant=1"
    assert stream.headers["accept"] == "text/event-stream"
    assert odd.url == "https://generativelanguage.googleapis.com/v1beta/models/a%20b%3Fc%3Ad:generateContent"
    assert odd.headers["x-goog-api-key"] == KEY
    assert "x-goog-api-key" not in local.headers
