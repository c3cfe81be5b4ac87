from __future__ import annotations

import pytest

from pointsman.model.request import (
    IMAGE_TOKENS,
    CacheHint,
    Facts,
    Image,
    Message,
    Reasoning,
    Request,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    measure,
)

PICTURE = Image(data=b"...", media_type="image/png")


def user(*parts: Text | Image) -> Message:
    return Message(Role.USER, parts)


def test_nothing() -> None:
    assert measure([], []) == Facts()


def test_what_is_counted() -> None:
    messages = [
        Message(Role.SYSTEM, (Text("Be brief."),)),
        user(Text("What is on these?"), PICTURE, Image(url="https://images.example/1")),
        Message(Role.ASSISTANT, (Reasoning("Hm."), ToolCall("call-1", "look", "{}"))),
        Message(Role.TOOL, (ToolResult("call-1", "A cat.", images=(PICTURE,)),)),
        user(Text("And now?")),
    ]
    facts = measure(messages, [Tool("look")])
    assert (facts.turns, facts.images, facts.image_urls, facts.tools) == (2, 3, 1, 1)
    assert 3 * IMAGE_TOKENS < facts.input_tokens < 3 * IMAGE_TOKENS + 60


def test_every_message_has_an_overhead() -> None:
    assert measure([user(Text("Hi"))], []).input_tokens == 5
    assert measure([user(Text("Hi"))] * 3, []).input_tokens == 15


def test_tools_are_sent_with_every_request() -> None:
    schema = '{"type": "object", "properties": {"query": {"type": "string"}}}'
    described = Tool("look", description="Looks things up.", parameters_json_schema=schema)
    assert measure([user(Text("Hi"))], [described]).input_tokens > measure([user(Text("Hi"))], []).input_tokens + 20


def test_the_order_of_parts_and_tools_does_not_matter() -> None:
    latin, han = Text("a" * 400_000), Text("字" * 2_000_000)
    exact = 400_000 / 4 + 2_000_000 / 1.3
    for parts in ((latin, han), (han, latin), (Text(latin.text + han.text),), (Text(han.text + latin.text),)):
        assert measure([user(*parts)], []).input_tokens == pytest.approx(exact, rel=0.02)
    assert measure([user(latin)], [Tool("look", han.text)]).input_tokens == pytest.approx(exact, rel=0.02)


def test_what_the_caller_wants_now() -> None:
    messages = (
        user(Text("First.")),
        Message(Role.ASSISTANT, (Text("Answer."),)),
        user(Text("Second,"), PICTURE, Text("in two parts.")),
        Message(Role.TOOL, (ToolResult("call-1", "A cat."),)),
    )
    assert Request(messages=messages).text() == "Second,\nin two parts."
    assert Request(messages=messages[1:2]).text() == ""


@pytest.mark.parametrize(
    ("hint", "hourly"), [(None, False), (CacheHint(), False), (CacheHint(300.0), False), (CacheHint(301.0), True)]
)
def test_what_is_to_be_cached_for_an_hour(hint: CacheHint | None, hourly: bool) -> None:
    assert measure([user(Text("Hi", cache=hint), Text("there"))], []).hourly_cache is hourly
    assert measure([user(Text("Hi"))], [Tool("look", cache=hint)]).hourly_cache is hourly
