"""Any rules on any text."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.policies import rules_naive
from tests.unit.policies.rules_samples import Given, answers, conversation, policy

from pointsman.model.request import Facts, Hints, Mode, Request, ResponseFormat, Role
from pointsman.testing import make_request
from pointsman_policies.rules_matching import Program
from pointsman_policies.rules_patterns import compiled
from pointsman_policies.rules_schema import Rule

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
BOUNDS = st.builds(
    lambda low, more: {"min": low} if more is None else {"min": low, "max": low + more},
    st.integers(0, 9),
    st.none() | st.integers(0, 9),
) | st.builds(lambda high: {"max": high}, st.integers(0, 30))
SOME_WORDS = st.lists(WORDS, min_size=1, max_size=3, unique=True)
LABELS = st.dictionaries(st.sampled_from(["team", "source"]), WORDS | st.just("search"), max_size=2)
CONDITIONS = st.recursive(
    st.one_of(
        st.builds(lambda key, pattern: {key: pattern}, st.sampled_from(["text", "any_text", "system"]), PATTERNS),
        st.builds(
            lambda key, bounds: {key: bounds},
            st.sampled_from(["words", "tokens", "turns", "images", "tools"]),
            BOUNDS,
        ),
        st.builds(
            lambda key, value: {key: value}, st.sampled_from(["code", "tools", "images", "schema"]), st.booleans()
        ),
        st.builds(lambda key, pattern: {"labels": {key: {"matches": pattern}}}, st.just("team"), PATTERNS),
        st.builds(lambda key, value: {"labels": {key: value}}, st.sampled_from(["team", "source"]), SOME_WORDS),
        st.builds(lambda names: {"tenant": names}, SOME_WORDS),
        st.builds(lambda modes: {"mode": modes}, st.lists(st.sampled_from(["eco", "sport"]), min_size=1)),
        st.builds(lambda names: {"task_hint": names}, SOME_WORDS),
        st.builds(
            lambda one, other, low: {"text": one, "code": False, "not": {"text": other}, "words": {"min": low}},
            PATTERNS,
            PATTERNS,
            st.integers(0, 5),
        ),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=5).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=5).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=25,
)
REQUESTS = st.builds(
    lambda said, hints, tenant, facts, schema: replace(
        conversation(*said),
        hints=hints,
        tenant=tenant,
        facts=facts,
        response_format=ResponseFormat("json_object") if schema else None,
    ),
    st.lists(st.tuples(st.sampled_from(Role), TEXTS), min_size=1, max_size=5),
    st.builds(
        Hints,
        task=WORDS | st.just(""),
        mode=st.none() | st.sampled_from(Mode),
        input_tokens=st.none() | st.integers(0, 30),
        labels=LABELS,
    ),
    WORDS,
    st.builds(Facts, *[st.integers(0, 12)] * 5),
    st.booleans(),
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


@settings(max_examples=150, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=12), REQUESTS)
def test_matching_equals_asking_each_condition_of_each_rule(conditions: list[Given], request: Request) -> None:
    some = [
        Rule.model_validate({"id": f"r{i}", "when": when, "then": {"mode": "eco"}}) for i, when in enumerate(conditions)
    ]
    assert list(Program(some, Mode.ECO, 1000).matching(request)) == rules_naive.matching(some, request, Mode.ECO)
