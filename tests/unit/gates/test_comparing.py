"""Gates that compare answers, and what they compare."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.gates.asking import gate, verdict

from pointsman import Accepted, Rejected, ToolCall
from pointsman.testing import make_answer
from pointsman_gates import agreement, consistency
from pointsman_gates.extraction import ExtractOptions, boxed, choice, last_number, normalised


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("It is 42.", "42"),
        ("First 1, then 2, so 1,200.50 in all", "1200.5"),
        ("1,200 and 12,00", "0"),
        ("x = -0.50", "-0.5"),
        ("−7", "-7"),
        ("007", "7"),
        ("-0", "0"),
        ("v1.2.3", "3"),
        ("3e5", "5"),
        ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
        ("none", None),
        ("٣", None),
    ],
)
def test_last_number(text: str, number: str | None) -> None:
    assert last_number(text) == number


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("B) because A is wrong", "B"),
        ("**C.** Paris", "C"),
        ("The answer is (D).", "D"),
        ("Not answer A. The correct answer is: **C**", "C"),
        ("Die Antwort ist B", "B"),
        ("Answer: A", "A"),
        ("Option B", "B"),
        ("To answer a question, ask", None),
        ("The answer I gave was wrong", None),
        ("正确答案是C", "C"),
        ("답: 정답은 D", "D"),
        ("Let me think.\nA is wrong.\n\n(E)", "E"),
        ("Thus \\boxed{\\text{B}}", None),
        ("Thus \\boxed{B}", "B"),
        ("A dog barks", None),
        ("I think so", None),
        ("The answer is Berlin", None),
        ("Z", None),
        ("", None),
    ],
)
def test_choice(text: str, letter: str | None) -> None:
    assert choice(text) == letter


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("\\boxed{42}", "42"),
        ("\\boxed{1} or \\boxed{ \\dfrac{1}{2} }", "\\frac{1}{2}"),
        ("$\\boxed{1{,}000}$", "1{,}000"),
        ("\\boxed{1,000.0}", "1000"),
        ("\\boxed{\\left(1, 2\\right)}", "(1,2)"),
        ("\\boxed{unclosed", None),
        ("\\boxed{}", ""),
        ("none", None),
    ],
)
def test_boxed(text: str, held: str | None) -> None:
    assert boxed(text) == held


@pytest.mark.parametrize(("one", "other"), [("-5", "5"), ("[]", "()"), ("<a>", "a"), ("f(x)", "f(x")])
def test_signs_and_brackets_mean_something(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_normalised() -> None:
    assert normalised("  “Straße\n No. ５!” ") == normalised("strasse no. 5")


SAME = [
    ({"extract": "text"}, "Paris.", " PARIS"),
    ({"extract": "exact"}, "Paris.", "Paris."),
    ({"extract": "last_number"}, "so it is 1,000", "1000.0"),
    ({"extract": "choice"}, "(B)", "The answer is B"),
    ({"extract": "json"}, '{"a": 1, "b": [2.0]}', '```json\n{"b": [2], "a": 1.0}\n```'),
    ({"extract": "boxed"}, "Yes: \\boxed{\\tfrac 12}", "\\boxed{\\frac12}"),
    ({"extract": "regex", "pattern": r"city: (\w+)"}, "city: Rome\ncity: Paris", "city: paris, surely"),
]
OTHER = [
    ({"extract": "text"}, "Paris", "Rome"),
    ({"extract": "exact"}, "Paris.", "Paris"),
    ({"extract": "json"}, "[1, 2]", "[2, 1]"),
    ({"extract": "json"}, "true", "1"),
    ({"extract": "json"}, '{"a": 1', '{"a": 1'),
    ({"extract": "last_number"}, "none", "none"),
    ({"extract": "regex", "pattern": r"city: (\w+)"}, "Paris", "Paris"),
    ({"extract": "text"}, "", ""),
]


@pytest.mark.parametrize(("options", "one", "other"), SAME)
async def test_what_agrees(options: dict[str, Any], one: str, other: str) -> None:
    assert await verdict(gate(agreement.plugin, **options), one, other) == Accepted("all 2 agree", 0, (1,))


@pytest.mark.parametrize(("options", "one", "other"), OTHER)
async def test_what_differs(options: dict[str, Any], one: str, other: str) -> None:
    assert await verdict(gate(agreement.plugin, **options), one, other) == Accepted("they differ", 1)
    assert await verdict(gate(agreement.plugin, otherwise="reject", **options), one, other) == Rejected("they differ")


async def test_tool_calls_agree_by_what_they_call() -> None:
    made = gate(agreement.plugin, otherwise="reject")
    one, same, other, broken = (
        make_answer("", calls=[ToolCall(f"call-{text}", "look", text)])
        for text in ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', '{"a": 2}', "{")
    )
    assert isinstance(await verdict(made, one, same), Accepted)
    assert isinstance(await verdict(made, one, other), Rejected)
    assert isinstance(await verdict(made, broken, broken), Rejected)


async def test_alone() -> None:
    why = "only one answer came"
    assert await verdict(gate(agreement.plugin), "Paris") == Rejected(why)
    assert await verdict(gate(agreement.plugin, alone="accept"), "Paris") == Accepted(why)


async def test_the_first_of_the_majority_is_given() -> None:
    made = gate(consistency.plugin, extract="last_number", share=0.6)
    answers = ("8", "it is 7", "I cannot say", "7.0", "so: 7")
    assert await verdict(made, *answers) == Accepted("3 of 5 answers agree", 1, (3, 4))


async def test_what_says_nothing_counts_in_the_share() -> None:
    made = gate(consistency.plugin, extract="last_number", share=0.6)
    assert await verdict(made, "7", "7", "-", "-") == Rejected("2 of 4 answers agree, at least 60% are wanted")
    assert await verdict(made, "-", "-") == Rejected("none of 2 answers has what is compared")


async def test_of_groups_of_one_size_the_one_that_came_first() -> None:
    assert await verdict(gate(consistency.plugin, share=0.5), "b", "a", "a", "b") == Accepted(
        "2 of 4 answers agree", 0, (3,)
    )


async def test_too_few_answers_are_no_majority() -> None:
    assert await verdict(gate(consistency.plugin, answers=3), "a", "a") == Rejected("2 of 3 answers came")
    assert await verdict(gate(consistency.plugin, answers=1), "a") == Accepted("1 of 1 answers agree", 0)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"extract": "regex"}, "give `pattern` with"),
        ({"pattern": "(a)"}, "give `pattern` with"),
        ({"extract": "regex", "pattern": "a"}, "has 0 groups"),
        ({"extract": "regex", "pattern": "(a)(b)"}, "has 2 groups"),
        ({"extract": "regex", "pattern": "("}, "no regular expression of RE2"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        gate(consistency.plugin, **options)


HOSTILE = st.text(max_size=200) | st.sampled_from(
    [
        "\\boxed{" * 3000,
        "1," * 10_000,
        "answer " * 3000,
        "(" * 20_000,
        "[" * 5000,
        "\ud800",
        "A" * 30_000,
        "." * 30_000 + "A",
    ]
)
KINDS = ("text", "exact", "last_number", "choice", "json", "boxed", "regex")


@given(HOSTILE, st.sampled_from(KINDS))
def test_no_text_breaks_extraction(text: str, kind: Any) -> None:
    extract = ExtractOptions(extract=kind, pattern="(a+)" if kind == "regex" else None).extractor()
    first, second = extract(make_answer(text)), extract(make_answer(text))
    assert first == second
    assert first is None or first


@given(st.lists(st.sampled_from(["7", "8", "9", "-"]), min_size=1, max_size=9), st.floats(0.05, 1.0))
async def test_a_majority_has_its_share(texts: list[str], share: float) -> None:
    told = await verdict(gate(consistency.plugin, extract="last_number", share=share, answers=1), *texts)
    most = max((texts.count(one) for one in texts if one != "-"), default=0)
    assert isinstance(told, Accepted) is (most > 0 and most >= share * len(texts))
    if isinstance(told, Accepted):
        assert told.which is not None
        assert [texts[index] for index in (told.which, *told.others)] == [texts[told.which]] * most
