from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pointsman.sim.answers import Answer, Brief, Composer, compose, lengthened
from pointsman.sim.openai_request import parse
from pointsman.sim.prefixes import PrefixCache, digests
from pointsman.sim.prompt import Prompt
from pointsman.sim.request import ChatRequest
from pointsman.sim.settings import ModelSettings
from pointsman.sim.tokens import split

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FLIGHT = {"type": "function", "function": {"name": "book_flight", "description": "Book a flight"}}


def request(prompt: str, **more: Any) -> ChatRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}
    parsed = parse(json.dumps(body).encode())
    assert isinstance(parsed, ChatRequest), parsed
    return parsed


def brief(prompt: str, settings: ModelSettings | None = None, **more: Any) -> Brief:
    asked = request(prompt, **more)
    return Brief.of(asked, settings or ModelSettings(), digests(asked, 0)[-1], "p")


def answer(prompt: str, settings: ModelSettings | None = None, **more: Any) -> Answer:
    return compose(brief(prompt, settings, **more))


@pytest.mark.parametrize(
    ("prompt", "label"),
    [
        ("Classify into exactly one of: billing, refund, bug. Text: my invoice was charged twice", "billing"),
        ("Classify the sentiment as positive, negative or neutral: I love this", "positive"),
        ("Which category? Return exactly one of [simple, code, reasoning].\nWrite a python function", "code"),
        ("Labels: feature request, bug report. Classify: the app has a bug", "bug report"),
        ("Classify this.\n- spam: unwanted\n- ham: wanted\n\nYou are a lottery winner, click", "spam"),
        ("Is it true that water is wet? Answer yes or no.", "yes"),
    ],
)
def test_classification_gets_a_bare_label(prompt: str, label: str) -> None:
    assert answer(prompt).text == label


SORTING = """Sort it. Answer with exactly one of these labels, alone:

- simple: one label, fact or short rewrite
- extract: JSON of the caller's schema
- code: code that runs, with what it needs to be understood
- general: whatever nothing else matched
"""


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Write a python function that returns JSON", "code"),
        ("Give it as JSON of this schema: city, street", "extract"),
        ("Who wrote this? Define it, name the capital", "simple"),
        ("Classify into exactly one of: billing, refund. My card was charged", "general"),
        ("xyzzy", "general"),
    ],
)
def test_labels_that_are_listed_and_described_are_told_apart_by_what_is_set_off(text: str, label: str) -> None:
    asked = f"=== it ===\n{text}\n=== end of it ===\nIts label, and nothing else:"
    messages = [{"role": "system", "content": SORTING}, {"role": "user", "content": asked}]
    assert answer("", messages=messages).text == label


def test_label_of_nothing_telling_is_still_one_of_those_given() -> None:
    assert answer("Return exactly one of: alpha, beta, gamma.").text in {"alpha", "beta", "gamma"}


@pytest.mark.parametrize(
    ("prompt", "result"), [("What is 17 * 23?", "391"), ("Compute 10 / 4", "2.5"), ("3 - 5 is?", "-2")]
)
def test_sums_are_right(prompt: str, result: str) -> None:
    assert answer(prompt).text.endswith(f"= {result}.")


def test_code_is_fenced() -> None:
    text = answer("Write a python function that reverses a list").text
    code = text.split("```python\n")[1].split("```")[0]
    compile(code, "answer", "exec")


def test_prose_picks_up_the_question() -> None:
    text = answer("Explain how vector clocks order events").text
    assert "clocks" in text or "vector" in text
    assert text.count(".") > 3


def test_json_mode_has_the_keys_asked_for() -> None:
    made = answer('Give keys "name", "city" of: Ada Lovelace in London', response_format={"type": "json_object"})
    assert json.loads(made.text) == {"name": "Ada Lovelace", "city": "London"}


def test_equal_requests_equal_answers_whichever_good_model() -> None:
    prompt = "Explain tides"
    assert answer(prompt).content == answer(prompt, model="other").content
    assert brief(prompt).identity != brief(prompt, model="other").identity
    assert answer(prompt).content != answer(prompt, seed=1).content


def test_quality_is_the_share_of_prompts_answered_well() -> None:
    settings = ModelSettings(quality=0.7)
    right = sum(answer(f"What is {n} + {n}?", settings).text == f"{n} + {n} = {2 * n}." for n in range(300))
    assert 180 < right < 240


def test_output_tokens_are_exact() -> None:
    assert answer("Explain tides", ModelSettings(output_tokens=300)).tokens == 300


def test_stop_ends_the_text_before_it() -> None:
    whole = answer("Explain tides").text
    cut = answer("Explain tides", stop=["zzz", whole[40:50]])
    assert (cut.text, cut.finish) == (whole[:40], "stop")


@pytest.mark.parametrize(
    ("model", "effort", "tokens"),
    [
        ("o3", None, 256),
        ("o3", "low", 64),
        ("o3", "minimal", 0),
        ("x-reasoning", "high", 1024),
        ("gpt-5", None, 0),
        ("gpt-5", "low", 64),
        ("foo3", None, 0),
        ("gpt-4o", "high", 0),
    ],
)
def test_who_thinks_and_how_long(model: str, effort: str | None, tokens: int) -> None:
    assert len(answer("Why?", model=model, reasoning_effort=effort).reasoning) == tokens


def test_settings_decide_who_thinks_before_names_do() -> None:
    assert answer("Why?", ModelSettings(reasoning=True)).reasoning
    assert not answer("Why?", ModelSettings(reasoning=False), model="o3").reasoning


def called(prompt: str, **more: Any) -> list[tuple[str, Any]]:
    calls = answer(prompt, **{"tools": [WEATHER, FLIGHT], **more}).calls
    return [(call.name, json.loads(call.arguments)) for call in calls]


def test_tools_are_called_when_the_prompt_asks_for_them() -> None:
    assert called("How is the weather in Oslo?") == [("get_weather", {"city": "Oslo"})]
    assert [name for name, _ in called("Check the weather, then book a flight")] == ["get_weather", "book_flight"]
    assert called("Tell me a joke") == []


def test_tool_choice() -> None:
    assert called("How is the weather?", tool_choice="none") == []
    assert len(called("Tell me a joke", tool_choice="required")) == 1
    named = {"type": "function", "function": {"name": "book_flight"}}
    assert [name for name, _ in called("How is the weather?", tool_choice=named)] == ["book_flight"]
    assert len(called("The weather in Oslo and Rome", parallel_tool_calls=False)) == 1


def test_a_tools_result_is_answered_in_words() -> None:
    messages = [
        {"role": "user", "content": "How is the weather in Oslo?"},
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "get_weather"}}]},
        {"role": "tool", "tool_call_id": "1", "content": '{"degrees": -4}'},
    ]
    made = answer("", messages=messages, tools=[WEATHER])
    assert not made.calls
    assert "-4" in made.text


def test_cut_tool_call_ends_by_length() -> None:
    made = answer("The weather in Oslo", tools=[WEATHER], max_tokens=6)
    assert (made.finish, made.tokens) == ("length", 6)


def test_lengthened_keeps_the_beginning() -> None:
    short = answer("What is 1 + 1?", max_tokens=2)
    long = lengthened(short, 60)
    assert long.text.startswith(short.text)
    assert len(long.content) >= 60


def test_composer_tells_limits_apart_and_stays_small() -> None:
    composer = Composer(limit=2)
    one, other = brief("Explain tides"), brief("Explain tides", max_tokens=3)
    assert composer.compose(one) is composer.compose(replace(one))
    assert composer.compose(other).tokens == 3
    composer.compose(brief("Third"))
    assert composer.compose(one) == compose(one)


@pytest.mark.parametrize(
    "text", ["", "a", "  two  spaces\n\nand lines", "naïve — “quoted” 漢字 🙂!", '{"a": [1, 2.5]}']
)
def test_tokens_join_to_their_text(text: str) -> None:
    assert "".join(split(text)) == text


def test_prefix_cache_counts_all_but_the_last_message_and_forgets() -> None:
    cache = PrefixCache(limit=3)
    assert cache.match("p", "m", [b"a", b"b"]) == 0
    assert cache.match("p", "m", [b"a", b"b"]) == 1
    assert cache.match("p", "m", [b"a", b"b", b"c"]) == 2
    assert cache.match("q", "m", [b"a", b"b", b"c"]) == 0
    assert cache.match("p", "m", [b"a", b"b"]) == 0


def test_spread_has_median_one() -> None:
    asked = brief("x")
    drawn = sorted(asked.spread(str(n), 0.5) for n in range(401))
    assert 0.85 < drawn[200] < 1.18
    assert asked.spread("1", 0.0) == 1.0


def test_prompt_reads_only_the_ends_of_a_very_long_question() -> None:
    prompt = Prompt("start " + "x " * 100_000 + "end", "")
    assert len(prompt.asked) < 3_000
    assert {"start", "end"} <= prompt.words
    assert prompt.topics[0] == "start"
