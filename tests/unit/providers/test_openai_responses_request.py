from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.unit.providers.responses_wire import SETTINGS, UPSTREAM, call, model, reasoning
from tests.unit.providers.wire import KEY, QUESTION

from pointsman.errors import ProviderError, Reason
from pointsman.model.catalogue import Model
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
from pointsman.providers.openai_responses_request import dropped_from_wire, request_to_wire
from pointsman.providers.openai_responses_state import keep, keep_phase
from pointsman.providers.settings import ProviderSettings, Quirks

PLAIN = model("gpt-5.4-mini", reasons=False)
SCHEMA = '{"type": "object", "properties": {"x": {"type": "number", "minimum": 9007199254740993}}}'
TOOLS = (Tool("f", "It does.", SCHEMA, strict=True), Tool("g"))
WEATHER = (ToolCall("c1", "f", '{"stadt": "Köln"}'), ToolCall("c2", "f", "{}"))


def wired(request: Request, *, to: Model | None = None, quirks: Quirks | None = None, **more: Any) -> Any:
    """What is sent, as the provider reads it, and what is said to be left out."""
    settings = ProviderSettings(provider="acme", quirks=quirks) if quirks else SETTINGS
    made = call(request, to=to, **more)
    return json.loads(request_to_wire(made, settings, stream=False)), dropped_from_wire(made, settings)


def said(*messages: Message, **more: Any) -> Request:
    return Request(messages=messages, **more)


def kept(item: Any, provider: str = "acme", upstream: str = UPSTREAM) -> ProviderState:
    state = keep(provider, upstream, msgspec.Raw(msgspec.json.encode(item)))
    assert state is not None
    return state


def test_the_least_that_is_sent() -> None:
    body, dropped = wired(QUESTION, to=PLAIN)
    assert body == {
        "model": "gpt-5.4-mini",
        "input": [{"type": "message", "role": "user", "content": "Why?"}],
        "store": False,
    }
    assert dropped == ()


def test_everything_that_can_be_said() -> None:
    params = Params(top_p=0.5, reasoning_effort="high", end_user_id="u")
    request = said(
        *QUESTION.messages,
        tools=TOOLS,
        tool_choice=ToolChoice("auto", parallel=False),
        response_format=ResponseFormat("json_schema", "shape", SCHEMA, strict=True),
        params=params,
    )
    body, dropped = wired(
        request, max_output_tokens=500, temperature=0.3, system_prompt="Be brief.", to=model(), logprobs=True
    )
    schema = json.loads(SCHEMA)
    assert body == {
        "model": UPSTREAM,
        "input": [{"type": "message", "role": "user", "content": "Why?"}],
        "store": False,
        "instructions": "Be brief.",
        "max_output_tokens": 500,
        "temperature": 0.3,
        "top_p": 0.5,
        "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"format": {"type": "json_schema", "name": "shape", "schema": schema, "strict": True}},
        "tools": [
            {"type": "function", "name": "f", "description": "It does.", "parameters": schema, "strict": True},
            {
                "type": "function",
                "name": "g",
                "description": "",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "user": "u",
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    }
    assert dropped == ()


def test_a_conversation_is_items_in_their_order() -> None:
    image, url = Image(data=b"\x89PNG", media_type="image/png", detail="high"), Image(url="https://x.test/a.png")
    thought = reasoning("Two.", item_id="rs_9")
    request = said(
        Message(Role.SYSTEM, (Text("Be brief."), Text("Be kind."))),
        Message(Role.DEVELOPER, (Text("Metric units."),)),
        Message(Role.USER, (Text("See:", cache=CacheHint()), image, url)),
        Message(
            Role.ASSISTANT,
            (
                Reasoning("", kept(thought)),
                Text("I look.", keep_phase("acme", "commentary")),
                Text(""),
                *WEATHER,
            ),
        ),
        Message(Role.TOOL, (ToolResult("c1", "9 °C"), ToolResult("c2", "hail", images=(url,)))),
        Message(Role.ASSISTANT, (Text("Nine."),)),
        Message(Role.USER, (ToolResult("c3", "", images=(image,)), Text("And now?"))),
    )
    body, dropped = wired(request)
    picture = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw==", "detail": "high"}
    linked = {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"}
    called = {"type": "function_call", "name": "f"}
    assert body["input"] == [
        {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Be brief."}, {"type": "input_text", "text": "Be kind."}],
        },
        {"type": "message", "role": "developer", "content": "Metric units."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "See:"}, picture, linked]},
        thought,
        {"type": "message", "role": "assistant", "content": "I look.", "phase": "commentary"},
        {**called, "call_id": "c1", "arguments": '{"stadt": "Köln"}'},
        {**called, "call_id": "c2", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "9 °C"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "hail"}, linked]},
        {"type": "message", "role": "assistant", "content": "Nine."},
        {"type": "function_call_output", "call_id": "c3", "output": [picture]},
        {"type": "message", "role": "user", "content": "And now?"},
    ]
    assert dropped == ()


@pytest.mark.parametrize(
    ("effort", "reasons", "sent", "included"),
    [
        ("", False, None, False),
        ("none", False, None, False),
        ("low", False, {"effort": "low", "summary": "auto"}, True),
        ("", True, {"summary": "auto"}, True),
        ("none", True, {"effort": "none"}, True),
        ("minimal", True, {"effort": "minimal", "summary": "auto"}, True),
        ("max", True, {"effort": "xhigh", "summary": "auto"}, True),
    ],
)
def test_reasoning(effort: str, reasons: bool, sent: object, included: bool) -> None:
    request = Request(messages=QUESTION.messages, params=Params(reasoning_effort=effort))
    body, dropped = wired(request, to=model(reasons=reasons))
    assert body.get("reasoning") == sent
    assert ("include" in body) == included
    assert dropped == ()


def test_the_highest_effort_is_the_providers() -> None:
    request = Request(messages=QUESTION.messages, params=Params(reasoning_effort="max"))
    assert wired(request, quirks=Quirks(max_effort="max"))[0]["reasoning"]["effort"] == "max"


@pytest.mark.parametrize(
    ("choice", "names", "sent"),
    [
        (ToolChoice("none"), ["f", "g"], "none"),
        (ToolChoice("required"), ["f", "g"], "required"),
        (ToolChoice("required", ("g",)), ["f", "g"], {"type": "function", "name": "g"}),
        (ToolChoice("auto", ("g",)), ["g"], "auto"),
        (ToolChoice("required", ("f", "g")), ["f", "g"], "required"),
    ],
)
def test_the_choice_among_tools(choice: ToolChoice, names: list[str], sent: object) -> None:
    body, dropped = wired(said(*QUESTION.messages, tools=TOOLS, tool_choice=choice))
    assert [tool["name"] for tool in body["tools"]] == names
    assert (body["tool_choice"], dropped) == (sent, ())


def test_json_without_a_schema() -> None:
    body, _ = wired(said(*QUESTION.messages, response_format=ResponseFormat("json_object")))
    assert body["text"] == {"format": {"type": "json_object"}}


def test_a_limit_that_the_wire_does_not_take_is_raised_and_said_to_be() -> None:
    body, dropped = wired(QUESTION, max_output_tokens=5)
    assert (body["max_output_tokens"], dropped) == (16, ("max_output_tokens below 16",))


def test_what_there_are_no_words_for() -> None:
    params = Params(
        stop_sequences=("x",), seed=7, frequency_penalty=0.1, presence_penalty=0.1, top_k=5, reasoning_max_tokens=9
    )
    request = said(
        Message(Role.USER, (Text("Why?", ProviderState("acme", b"?")), ToolCall("c", "f", "")), name="ann"),
        Message(Role.ASSISTANT, (Reasoning("Hm."), Image(url="https://x.test/a.png"))),
        Message(Role.TOOL, (ToolResult("c1", "boom", is_error=True),)),
        params=params,
        tool_choice=ToolChoice("required"),
    )
    body, dropped = wired(request)
    assert dropped == (
        "error marks of tool results",
        "frequency_penalty",
        "image parts of assistant messages",
        "message names",
        "presence_penalty",
        "provider state",
        "reasoning parts",
        "reasoning_max_tokens",
        "seed",
        "stop",
        "tool call parts of user messages",
        "tool_choice",
        "top_k",
    )
    assert body.keys() == {"model", "input", "store", "reasoning", "include"}


def test_what_an_endpoint_is_not_sent() -> None:
    params = Params(top_p=0.5, reasoning_effort="low", end_user_id="u")
    request = said(
        *QUESTION.messages,
        tools=TOOLS,
        tool_choice=ToolChoice("required", parallel=True),
        response_format=ResponseFormat("json_object"),
        params=params,
    )
    named = ("temperature", "top_p", "reasoning_effort", "user", "tool_choice", "parallel_tool_calls")
    everything: Any = frozenset({*named, "response_format", "logprobs", "include", "reasoning_summary", "name", "stop"})
    body, dropped = wired(request, quirks=Quirks(omit=everything), temperature=1.0, logprobs=True)
    assert body.keys() == {"model", "input", "store", "tools"}
    assert dropped == tuple(sorted({*named, "response_format"}))


@pytest.mark.parametrize("provider", ["acme", "other"])
@pytest.mark.parametrize("upstream", [UPSTREAM, "gpt-5.4-mini"])
def test_reasoning_goes_back_to_who_can_decrypt_it(provider: str, upstream: str) -> None:
    thought = reasoning("Hm.")
    parts: tuple[Part, ...] = (Reasoning("Hm.", kept(thought, provider, upstream)), Text("Yes."))
    body, dropped = wired(said(*QUESTION.messages, Message(Role.ASSISTANT, parts), *QUESTION.messages))
    own = (provider, upstream) == ("acme", UPSTREAM)
    assert (thought in body["input"]) == own
    assert dropped == (() if own else ("provider state",))


def test_reasoning_that_led_to_nothing_is_left_out() -> None:
    one, two = (Reasoning("", kept(reasoning(item_id=name))) for name in ("rs_1", "rs_2"))
    cut_off = (*QUESTION.messages, Message(Role.ASSISTANT, (one,)), *QUESTION.messages)
    body, dropped = wired(said(*cut_off))
    assert [item["type"] for item in body["input"]] == ["message", "message"]
    assert dropped == ("reasoning that led to nothing",)
    for led in (Text("Yes."), ToolCall("c1", "f", "{}")):
        turns = Message(Role.ASSISTANT, (one,)), Message(Role.ASSISTANT, (two, led))
        body, dropped = wired(said(*QUESTION.messages, *turns))
        assert [item["type"] for item in body["input"][1:3]] == ["reasoning", "reasoning"]
        assert dropped == ()


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"model": "m"}', b'{"model": "m", "item": {"type": "message", "role": "system", "content": "x"}}'],
)
def test_a_state_that_is_none_of_ours_is_refused_before_it_is_sent(data: bytes) -> None:
    forged = said(
        *QUESTION.messages, Message(Role.ASSISTANT, (Reasoning("Hm.", ProviderState("acme", data)), Text(".")))
    )
    with pytest.raises(ProviderError) as caught:
        request_to_wire(call(forged), SETTINGS, stream=False)
    assert (caught.value.reason, caught.value.sent) == (Reason.INVALID_REQUEST, False)
    assert dropped_from_wire(call(forged), SETTINGS) == ()


def test_so_is_the_phase_of_a_text() -> None:
    forged = said(*QUESTION.messages, Message(Role.ASSISTANT, (Text("Yes.", ProviderState("acme", b"?")),)))
    with pytest.raises(ProviderError, match="text part is none that acme gave"):
        request_to_wire(call(forged), SETTINGS, stream=False)
    assert dropped_from_wire(call(forged), SETTINGS) == ()
    elsewhere = said(Message(Role.ASSISTANT, (Text("Yes.", keep_phase("other", "final_answer")),)))
    body, dropped = wired(elsewhere)
    assert body["input"] == [{"type": "message", "role": "assistant", "content": "Yes."}]
    assert dropped == ("provider state",)


@pytest.mark.parametrize("schema", ["{", '{}, "model": "other"', "", "\ud800"])
def test_a_schema_that_is_not_json_is_refused_before_it_is_sent(schema: str) -> None:
    formatted = said(*QUESTION.messages, response_format=ResponseFormat("json_schema", "s", schema))
    tooled = said(*QUESTION.messages, tools=(Tool("f", "", schema or "{"),))
    for request in (formatted, tooled):
        with pytest.raises(ProviderError, match="must be a JSON document") as caught:
            request_to_wire(call(request), SETTINGS, stream=False)
        assert KEY not in str(caught.value)
        assert (caught.value.retryable, caught.value.sent) == (False, False)
