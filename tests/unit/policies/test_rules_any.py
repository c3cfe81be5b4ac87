"""Any rules on any text."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.policies.rules_samples import Given, answers, conversation, policy

from pointsman.model.request import Hints, Mode, Role
from pointsman.testing import make_request
from pointsman_policies.rules_file import Rule
from pointsman_policies.rules_matching import Program
from pointsman_policies.rules_patterns import compiled

WORDS = st.sampled_from(["a", "b", "ab", "Invoice", "`x`", " ", "12", "é", "ß", "ſ", "K", "\u212a"])
TEXTS = st.lists(WORDS, max_size=8).map("".join) | st.text(max_size=40)
# Where RE2 and Python agree: ASCII classes, no newline before `$`.
ATOMS = st.sampled_from(["a", "b", "x", "1", ".", r"\d", r"\w", "[ab]", "[^a]", r"\b", "^", "$", "Inv", " "])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "*?"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=8,
)
FLAGS = st.sampled_from(["code", "tools", "images", "schema"])
CONDITIONS = st.recursive(
    st.one_of(
        st.builds(lambda key, pattern: {key: pattern}, st.sampled_from(["text", "any_text", "system"]), PATTERNS),
        st.builds(lambda low, high: {"words": {"min": low, "max": low + high}}, st.integers(0, 9), st.integers(0, 9)),
        st.builds(lambda low: {"tokens": {"min": low}}, st.integers(0, 30)),
        st.builds(
            lambda key, value: {key: value}, st.sampled_from(["code", "tools", "images", "schema"]), st.booleans()
        ),
        st.builds(lambda pattern: {"labels": {"team": {"matches": pattern}}}, PATTERNS),
        st.builds(lambda value: {"labels": {"team": value}}, WORDS),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
THENS = st.sampled_from(
    [{"task": "code"}, {"mode": "eco"}, {"models": ["mini", "mid"]}, {"exclude": {"providers": ["google"]}}]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CONDITIONS, THENS), min_size=1, max_size=6), TEXTS, TEXTS, TEXTS)
def test_any_rules_answer_any_text_the_same_twice(
    given_rules: list[tuple[Given, Given]], text: str, system: str, label: str
) -> None:
    made = policy(*({"when": when, "then": then} for when, then in given_rules))
    again = policy(*({"when": when, "then": then} for when, then in given_rules))
    request = replace(conversation((Role.SYSTEM, system), (Role.USER, text)), hints=Hints(labels={"team": label}))
    assert answers(made, request) == answers(made, request) == answers(again, request)


def found_in(text: str, patterns: list[str]) -> set[int]:
    """Which patterns, as the only conditions of rules, are found."""
    some = [
        Rule.model_validate({"id": f"r{number}", "when": {"text": pattern}, "then": {"mode": "eco"}})
        for number, pattern in enumerate(patterns)
    ]
    return set(Program(some, Mode.ECO, 1000).matching(make_request(text)))


@settings(max_examples=300, deadline=None)
@given(st.lists(PATTERNS, min_size=1, max_size=6), st.text(alphabet="abxIinv1 K`", max_size=30), st.booleans())
def test_patterns_mean_what_they_mean_in_python(patterns: list[str], text: str, ignore_case: bool) -> None:
    flag = "(?i)" if ignore_case else ""
    some = [
        Rule.model_validate({"id": f"r{i}", "when": {"text": flag + p}, "then": {"mode": "eco"}})
        for i, p in enumerate(patterns)
    ]
    found = set(Program(some, Mode.ECO, 1000).matching(make_request(text)))
    assert found == {i for i, pattern in enumerate(patterns) if re.search(flag + pattern, text, re.ASCII)}


@settings(max_examples=150, deadline=None)
@given(st.lists(PATTERNS | WORDS.map(lambda word: f"(?i){re.escape(word)}"), min_size=1, max_size=8), TEXTS)
def test_all_patterns_at_once_find_what_each_alone_does(patterns: list[str], text: str) -> None:
    some = [
        Rule.model_validate({"id": f"r{i}", "when": {"text": p}, "then": {"mode": "eco"}})
        for i, p in enumerate(patterns)
    ]
    found = set(Program(some, Mode.ECO, 1000).matching(make_request(text)))
    encoded = text.encode(errors="replace")
    assert found == {i for i, pattern in enumerate(patterns) if compiled(pattern).search(encoded)}
