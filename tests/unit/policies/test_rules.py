"""What rules match and what they give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.policies.rules_samples import Given, answers, conversation, policy

from pointsman.chain.discovery import installed, load_plugin
from pointsman.errors import PluginRefused
from pointsman.model.decision import Assessment, Cause, Choice, Exclusion, PolicyKind
from pointsman.model.request import Facts, Hints, Image, Message, Mode, Request, ResponseFormat, Role, Tool, ToolResult
from pointsman.testing import make_catalogue, make_entry, make_request, make_rules
from pointsman_policies import rules
from pointsman_policies.rules_reading import clipped


def matches(when: Given, request: Request, **options: Any) -> bool:
    assessment = policy({"when": when, "then": {"task": "code"}}, **options).pointsman_assess_request(request)
    return assessment is not None


# --- registration ------------------------------------------------------------------------------------------------


def test_it_is_registered_under_its_name() -> None:
    assert load_plugin(installed()["rules"]) is rules.plugin
    assert (rules.plugin.kind, rules.plugin.deterministic) == (PolicyKind.RULE, True)


# --- conditions --------------------------------------------------------------------------------------------------

CHAT = conversation(
    (Role.SYSTEM, "You are terse."),
    (Role.USER, "My invoice is wrong."),
    (Role.ASSISTANT, "Which one?"),
    (Role.USER, "Number 12"),
)
LABELLED = make_request(hints=Hints(labels={"team": "search", "source": "batch-7"}))
SPORT = make_request(hints=Hints(mode=Mode.SPORT, task="code"))
TOOLED = make_request(tools=[Tool("a"), Tool("b")])


@pytest.mark.parametrize(
    ("when", "request_", "expected"),
    [
        ({}, CHAT, True),
        ({"text": "12"}, CHAT, True),
        ({"text": "invoice"}, CHAT, False),
        ({"text": "(?i)NUMBER"}, CHAT, True),
        ({"text": "NUMBER"}, CHAT, False),
        ({"any_text": "invoice"}, CHAT, True),
        ({"any_text": "terse"}, CHAT, True),
        ({"any_text": "(?m)^Which"}, CHAT, True),
        ({"system": "terse"}, CHAT, True),
        ({"system": "invoice"}, CHAT, False),
        ({"words": {"max": 2}}, CHAT, True),
        ({"words": {"max": 1}}, CHAT, False),
        ({"words": {"min": 3}}, CHAT, False),
        ({"words": {"min": 2, "max": 2}}, CHAT, True),
        ({"words": {"max": 0}}, make_request(" \n"), True),
        ({"turns": {"min": 2, "max": 2}}, CHAT, True),
        ({"turns": {"min": 3}}, CHAT, False),
        ({"tokens": {"min": 100}}, make_request("x", hints=Hints(input_tokens=100)), True),
        ({"tokens": {"min": 100}}, make_request("word " * 200), True),
        ({"tokens": {"min": 100}}, make_request("word"), False),
        ({"images": True}, make_request(messages=[Message(Role.USER, (Image(url="https://e.org/a"),))]), True),
        ({"images": {"min": 2}}, make_request(messages=[Message(Role.USER, (Image(data=b"x"),))]), False),
        ({"images": False}, CHAT, True),
        ({"tools": True}, TOOLED, True),
        ({"tools": False}, TOOLED, False),
        ({"tools": {"min": 2, "max": 2}}, TOOLED, True),
        ({"code": True}, make_request("Why?\n```go\nx := 1\n```"), True),
        ({"code": True}, make_request("What does `x` do?"), True),
        ({"code": True}, make_request("Fix\n    return 1\n"), True),
        ({"code": True}, make_request("What is a code of conduct?"), False),
        ({"code": False}, make_request("What does `x` do?"), False),
        ({"code": False}, make_request("Hello"), True),
        ({"schema": True}, replace(CHAT, response_format=ResponseFormat("json_schema")), True),
        ({"schema": True}, replace(CHAT, response_format=ResponseFormat("json_object")), True),
        ({"schema": False}, CHAT, True),
        ({"schema": True}, CHAT, False),
        ({"labels": {"team": "search"}}, LABELLED, True),
        ({"labels": {"team": "sear"}}, LABELLED, False),
        ({"labels": {"team": ["ads", "search"]}}, LABELLED, True),
        ({"labels": {"source": {"matches": "^batch-"}}}, LABELLED, True),
        ({"labels": {"source": {"matches": "^batch$"}}}, LABELLED, False),
        ({"labels": {"nobody": {"matches": "x*"}}}, LABELLED, False),
        ({"labels": {"team": "search", "source": "other"}}, LABELLED, False),
        ({"tenant": "default"}, CHAT, True),
        ({"tenant": ["acme", "umbrella"]}, replace(CHAT, tenant="acme"), True),
        ({"tenant": "acme"}, CHAT, False),
        ({"mode": "sport"}, SPORT, True),
        ({"mode": "balanced"}, CHAT, True),
        ({"mode": ["eco", "sport"]}, CHAT, False),
        ({"task_hint": "code"}, SPORT, True),
        ({"task_hint": ["simple", "reasoning"]}, SPORT, False),
        ({"all": [{"text": "12"}, {"turns": {"min": 2}}]}, CHAT, True),
        ({"all": [{"text": "12"}, {"turns": {"min": 9}}]}, CHAT, False),
        ({"any": [{"text": "13"}, {"turns": {"min": 2}}]}, CHAT, True),
        ({"any": [{"text": "13"}, {"text": "12"}]}, CHAT, True),
        ({"any": [{"text": "13"}, {"text": "14"}]}, CHAT, False),
        ({"not": {"text": "12"}}, CHAT, False),
        ({"not": {"text": "12", "words": {"min": 9}}}, CHAT, True),
        ({"not": {"not": {"text": "12"}}}, CHAT, True),
        ({"all": [{"any": [{"not": {"any_text": "cat"}}, {"text": "x"}]}], "system": "terse"}, CHAT, True),
    ],
)
def test_conditions(when: Given, request_: Request, expected: bool) -> None:
    assert matches(when, request_) is expected


def test_tool_results_are_read_too() -> None:
    result = Message(Role.TOOL, (ToolResult("call-1", "disk full"),))
    assert matches({"any_text": "disk full"}, make_request(messages=[result]))


def test_counts_need_no_text() -> None:
    recorded = Request(messages=(), facts=Facts(input_tokens=900, turns=3, images=1, tools=2))
    when = {"tokens": {"min": 900}, "turns": {"min": 3}, "images": True, "tools": {"max": 2}}
    assert matches(when, recorded)


def test_the_default_mode_is_the_catalogues() -> None:
    eco = replace(make_catalogue(), default_mode=Mode.ECO)
    assert matches({"mode": "eco"}, CHAT, catalogue=eco)


# --- what is read of a text --------------------------------------------------------------------------------------


def test_patterns_see_the_beginning_and_the_end_of_a_long_text() -> None:
    request = make_request("first" + "x" * 500 + "middle" + "x" * 500 + "last")
    assert matches({"text": "^first"}, request, read_characters=100)
    assert matches({"text": "last$"}, request, read_characters=100)
    assert not matches({"text": "middle"}, request, read_characters=100)


@given(st.lists(st.text(max_size=30), max_size=5), st.integers(5, 60))
def test_what_is_read_is_bounded(texts: list[str], limit: int) -> None:
    joined = "\n".join(texts)
    read = clipped(texts, limit)
    assert len(read) <= limit + 1
    if len(joined) <= limit:
        assert read == joined
    else:
        first, last = limit - limit // 5, limit // 5
        assert read == f"{joined[:first]}\n{joined[-last:]}"


# --- what rules give ---------------------------------------------------------------------------------------------


def test_the_first_match_wins_field_by_field() -> None:
    made = policy(
        {"when": {"text": "absent"}, "then": {"task": "reasoning"}},
        {"then": {"mode": "eco"}},
        {"then": {"task": "code"}},
        {"then": {"task": "simple", "mode": "sport"}},
    )
    assert made.pointsman_assess_request(CHAT) == Assessment("code", Mode.ECO, 1.0, "rule r2 and rule r1")


def test_a_mode_alone_has_no_confidence_in_a_task() -> None:
    made = policy({"then": {"mode": "eco"}})
    assert made.pointsman_assess_request(CHAT) == Assessment(None, Mode.ECO, None, "rule r0")


def test_no_match_is_no_opinion() -> None:
    made = policy(
        {"when": {"text": "absent"}, "then": {"task": "code", "models": ["mini"], "exclude": {"models": ["opus"]}}}
    )
    assert made.pointsman_assess_request(CHAT) is None
    assert answers(made, CHAT)[1:] == (None, [])


def test_models_are_ids_aliases_and_tiers_in_order() -> None:
    _, choice, _ = answers(policy({"then": {"models": ["claude", "small", "sonnet"]}}), CHAT)
    assert choice == Choice(("sonnet", "flash", "mini"), "rule r0")


def test_only_is_exclusive() -> None:
    _, choice, _ = answers(policy({"then": {"models": ["mini"], "only": True}}), CHAT)
    assert choice == Choice(("mini",), "rule r0 and nothing else", exclusive=True)


def test_exclusions_add_up() -> None:
    made = policy(
        {"then": {"exclude": {"providers": ["google"], "reason": "no contract"}}},
        {"then": {"exclude": {"models": ["claude"], "tiers": ["frontier"]}}},
    )
    assert answers(made, CHAT)[2] == [
        Exclusion("flash", Cause.POLICY, "rule r0: no contract"),
        Exclusion("ultra", Cause.POLICY, "rule r0: no contract"),
        Exclusion("sonnet", Cause.POLICY, "rule r1 excludes it"),
        Exclusion("ultra", Cause.POLICY, "rule r1 excludes it"),
        Exclusion("opus", Cause.POLICY, "rule r1 excludes it"),
    ]


@pytest.mark.parametrize(
    ("then", "named"),
    [
        ({"task": "cod"}, "task 'cod'"),
        ({"models": ["minni"]}, "model or tier 'minni'"),
        ({"exclude": {"models": ["small"]}}, "model 'small'"),
        ({"exclude": {"tiers": ["tiny"]}}, "tier 'tiny'"),
        ({"exclude": {"providers": ["open"]}}, "provider 'open'"),
    ],
)
def test_a_name_that_nothing_has_is_refused_even_without_a_document(then: Given, named: str) -> None:
    options = rules.RulesOptions.model_validate({"rules": [{"id": "r", "when": {}, "then": then}]})
    entry = make_entry(rules.plugin, "rules", options)
    with pytest.raises(PluginRefused, match=f"rule 'r' names {named}"):
        make_rules(entry)


def test_a_tier_without_models_is_refused() -> None:
    empty = replace(make_catalogue(), tiers=("small", "mid", "frontier", "huge"))
    with pytest.raises(ValueError, match="names only tiers without a model"):
        policy({"then": {"models": ["huge"]}}, catalogue=empty)
