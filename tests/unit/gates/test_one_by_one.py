"""Gates that look at each answer on its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.gates.asking import gate, said, verdict

from pointsman import Accepted, FinishReason, GatePlugin, Rejected, Request, ResponseFormat, ToolCall
from pointsman.testing import make_answer, make_request
from pointsman_gates import finished, json, label, length, logprob, slow, wording

CALL = ToolCall("call-1", "look", '{"at": "it"}')
HOSTILE = st.text(alphabet=st.characters(), max_size=300) | st.sampled_from(
    ["[" * 3000, "```json\n" * 500, "9" * 5000, "{" + '"a":' * 400, "\ud800", "\x00", "Ａ" * 300, " " * 5000 + "x"]
)


def asking(schema: str) -> Request:
    request = make_request()
    return Request(messages=request.messages, response_format=ResponseFormat("json_schema", json_schema=schema))


async def test_the_good_ones_are_accepted_in_their_order() -> None:
    made = gate(json.plugin)
    assert await verdict(made, "no", "1", "nor this", "{}") == Accepted(which=1, others=(3,))


async def test_what_is_wrong_is_said_once_each() -> None:
    made = gate(length.plugin, min_words=2, max_characters=10)
    assert await verdict(made, "a", "b", "a long long text") == Rejected(
        "1 words, at least 2 are wanted; 16 characters, at most 10 are wanted"
    )


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ('{"a": [1, null]}', {}, ""),
        (" 3 ", {}, ""),
        ("Here it is: {}", {}, "not JSON"),
        ("{} {}", {}, "not JSON"),
        ("NaN", {}, "not JSON"),
        ("{'a': 1}", {}, "not JSON"),
        ("", {}, "not JSON"),
        ("[" * 100_000, {}, "not JSON"),
        ("1" * 1_000_001, {}, "too long to be read as JSON"),
        ("[]", {"kind": "object"}, "JSON, but no object"),
        ("[]", {"kind": "array"}, ""),
        ("```json\n{}\n```", {}, "not JSON"),
        ("```json\n{}\n```", {"fence": True}, ""),
        ("```\n{}\n```\n", {"fence": True}, ""),
        ("Sure!\n```json\n{}\n```", {"fence": True}, "not JSON"),
    ],
)
async def test_json(text: str, options: dict[str, Any], why: str) -> None:
    assert await said(gate(json.plugin, **options), text) == why


async def test_json_of_tool_calls() -> None:
    made = gate(json.plugin)
    assert await said(made, make_answer("", calls=[CALL, ToolCall("2", "look", "")])) == ""
    assert await said(made, make_answer("", calls=[CALL, ToolCall("2", "look", "{")])) == "not JSON"
    broken = make_answer("", calls=[ToolCall("2", "look", "[]")])
    assert await said(made, broken) == "a tool call's arguments are no object"


@pytest.mark.parametrize("text", ["Not Spam", "not_spam", '"not-spam".', "**Not  spam**", "« not spam »", "ｎot spam!"])
async def test_a_label_however_it_is_written(text: str) -> None:
    assert await said(gate(label.plugin, labels=["spam", "not spam"]), text) == ""


@pytest.mark.parametrize("text", ["It is spam.", "spam or not spam", "", "...", "spa m", "ham"])
async def test_no_label(text: str) -> None:
    assert await said(gate(label.plugin, labels=["spam", "not spam"]), text) == "none of the 2 labels"


@pytest.mark.parametrize(
    ("schema", "text", "why"),
    [
        ('{"enum": ["spam", "ham"]}', '"Spam"', ""),
        ('{"enum": ["spam", "ham"]}', "eggs", "none of the 2 labels"),
        ('{"properties": {"label": {"enum": ["spam", "ham"]}, "why": {}}}', '{"label": "HAM", "why": "…"}', ""),
        ('{"properties": {"label": {"enum": ["spam", "ham"]}}}', '{"label": "eggs"}', "none of the 2 labels"),
        ('{"properties": {"label": {"enum": ["spam", "ham"]}}}', "{}", "none of the 2 labels"),
        ('{"properties": {"label": {"enum": ["spam", "ham"]}}}', "ham", "not JSON"),
        ('{"properties": {"label": {"enum": ["spam", "ham"]}}}', "[1]", "JSON, but no object"),
        ('{"properties": {"stars": {"enum": [1, 2, 3]}}}', '{"stars": 3}', ""),
        ('{"type": "object"}', "anything", ""),
        ("{", "anything", ""),
    ],
)
async def test_labels_of_the_callers_schema(schema: str, text: str, why: str) -> None:
    assert await said(gate(label.plugin), text, asking(schema)) == why


@pytest.mark.parametrize(
    ("options", "text", "why"),
    [
        ({"min_words": 3}, "one two three", ""),
        ({"min_words": 3}, " one\ttwo ", "2 words, at least 3 are wanted"),
        ({"max_words": 1}, "one two", "2 words, at most 1 are wanted"),
        ({"min_characters": 4}, "   你好   ", "2 characters, at least 4 are wanted"),
        ({"min_characters": 2, "max_characters": 2}, "你好", ""),
    ],
)
async def test_length(options: dict[str, Any], text: str, why: str) -> None:
    assert await said(gate(length.plugin, **options), text) == why


async def test_a_tool_call_has_no_length() -> None:
    assert await said(gate(length.plugin, min_words=3), make_answer("", calls=[CALL])) == ""


@pytest.mark.parametrize("reason", list(FinishReason))
async def test_finished(reason: FinishReason) -> None:
    good = reason in (FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.OTHER)
    told = await said(gate(finished.plugin), make_answer("Half an ans", reason=reason))
    assert told == ("" if good else f"ended with {reason}")
    assert await said(gate(finished.plugin, reject=[]), make_answer("Half", reason=reason)) == ""


async def test_an_empty_answer_is_not_finished() -> None:
    made = gate(finished.plugin)
    assert await said(made, make_answer("")) == "empty"
    assert await said(made, make_answer(" \n")) == "empty"
    assert await said(made, make_answer("", calls=[CALL])) == ""


async def test_slow() -> None:
    made = gate(slow.plugin, first_token="500ms", total="5s")
    assert await said(made, make_answer(seconds=(5.0, 0.5))) == ""
    assert await said(made, make_answer(seconds=(5.0, None))) == ""
    assert await said(made, make_answer(seconds=(2.0, 0.6))) == "its first token took 0.6 s, at most 0.5 s is wanted"
    assert await said(made, make_answer(seconds=(6.25, 0.1))) == "took 6.25 s, at most 5 s is wanted"


async def test_logprob() -> None:
    made = gate(logprob.plugin, min=-0.5)
    assert await said(made, make_answer(mean_logprob=-0.5)) == ""
    assert (
        await said(made, make_answer(mean_logprob=-0.75)) == "a mean log-probability of -0.75, at least -0.5 is wanted"
    )
    assert await said(made, make_answer()) == "its provider tells no probabilities"
    assert await said(gate(logprob.plugin, min=-0.5, missing="accept"), make_answer()) == ""
    assert logprob.plugin.wants == {"logprobs"}


@pytest.mark.parametrize(
    ("plugin", "options", "why"),
    [
        (length.plugin, {}, "says no length"),
        (length.plugin, {"min_words": 3, "max_words": 2}, "min_words is above max_words"),
        (slow.plugin, {}, "says no time"),
        (label.plugin, {"labels": ["Yes", "yes!"]}, "differ in case or punctuation only"),
        (label.plugin, {"labels": ["?"]}, "must hold a letter or a digit"),
        (wording.plugin, {"languages": ["tlh"]}, "there are no phrases in 'tlh'"),
        (wording.plugin, {"patterns": ["a(?=b)"]}, "without look-around"),
        (wording.plugin, {"patterns": ["(?:abc){500}"]}, "is too large"),
        (logprob.plugin, {}, "Field required"),
    ],
)
def test_options_that_mean_nothing_are_refused(plugin: GatePlugin, options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        gate(plugin, **options)


@given(HOSTILE)
async def test_no_text_breaks_them(text: str) -> None:
    for made in (
        gate(json.plugin, fence=True),
        gate(label.plugin, labels=["spam", "ham"]),
        gate(label.plugin),
        gate(length.plugin, min_words=2, max_characters=100),
        gate(wording.plugin, patterns=[r"(?i)\bas an ai\b"]),
        gate(finished.plugin),
    ):
        told = await verdict(made, text, make_answer(text, calls=[ToolCall("1", text, text)]), request=asking(text))
        assert isinstance(told, Accepted | Rejected)
        assert len(told.reason) < 200
