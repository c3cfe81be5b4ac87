"""What is wrong with rules is told all at once, with its place and a remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.unit.policies.rules_samples import DOCUMENT, with_rules

from pointsman.config.load import load
from pointsman.errors import ConfigInvalid, Problem
from pointsman_policies.rules_file import read_rules
from pointsman_policies.rules_patterns import compiled


def problems_of(text: str) -> list[Problem]:
    with pytest.raises(ConfigInvalid) as refused:
        load(text, {}, simulated="http://127.0.0.1:8900")
    return list(refused.value.problems)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"(a)\1", "refers back to a group"),
        (r"(?P<x>a)(?P=x)", "refers back to a group; write out"),
        (r"a(?=b)", "looks around; match the words themselves"),
        (r"(?<!a)b", "in `not`"),
        (r"a++", "possessive"),
        (r"(?>a)", "atomic"),
        (r"(?#c)a", "put comments in `note`"),
        (r"(?(1)a|b)", "write two rules"),
        (r"a\Z", r"write $ or \z"),
        (r"\u00e9", r"write the character itself"),
        (r"(a", r"is no regular expression of RE2: missing ): (a"),
        (r"a{1001}", "invalid repetition size"),
        (r"a[ab]{600}", "counts or leaves open 600 characters"),
        (r"(?:a.{0,20}){10}", "counts or leaves open 210 characters"),
        (r"a" + "." * 200, "open 200 characters"),
        (r"(?:\pL){400}", "too large"),
        ("\ud800", "surrogate"),
    ],
)
def test_what_a_pattern_cannot_do_is_said_with_a_remedy(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        compiled(pattern)


MISTAKES = """\
rules:
  - id: one
    when: {text: 'a(?=b)', wrods: {max: 3}}
    then: {task: simpel}
  - id: one
    when: {words: {min: 5, max: 2}, tools: 3}
    then: {models: [minni, small], exclude: {providers: [grok]}}
  - when: {}
    then: {}
  - {id: four, when: {labels: {team: {matches: '('}}, mode: fast}, then: {only: true, task: code}}
"""


EXPECTED = [
    ("[0].when.text", 3, "looks around"),
    ("[0].when.wrods", 3, "unknown key 'wrods'; did you mean 'words'?"),
    ("[0].then.task", 4, "there is no task 'simpel' in the configuration; did you mean 'simple'?"),
    ("[1].when.words", 6, "min is above max"),
    ("[1].when.tools", 6, "must be a mapping"),
    ("[1].then.models[0]", 7, "no model or tier 'minni'"),
    (
        "[1].then.exclude.providers[0]",
        7,
        "no provider 'grok' in the configuration; did you mean 'groq'?",
    ),
    ("[2].id", 8, "required key 'id' is missing"),
    ("[2].then", 9, "gives nothing"),
    ("[3].when.labels.team.matches", 10, "missing )"),
    ("[3].when.mode", 10, ""),
    ("[3].then", 10, "names no models"),
]


def test_every_problem_of_a_file_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(MISTAKES)
    found = {problem.path: problem for problem in problems_of(with_rules(f"{{file: {file}}}"))}
    assert set(found) == {f"chain[2].with.file.rules{path}" for path, _, _ in EXPECTED}
    entry = DOCUMENT.splitlines().index(next(x for x in DOCUMENT.splitlines() if "id: rules " in x)) + 1
    for path, line, words in EXPECTED:
        problem = found[f"chain[2].with.file.rules{path}"]
        assert problem.line == entry
        assert problem.message.startswith(f"{file}:{line}: ")
        assert words in problem.message


def test_inline_rules_have_the_lines_of_the_configuration() -> None:
    inline = with_rules("\n      {rules: [\n      {id: a, when: {txt: x}, then: {task: nope}}]}")
    found = {problem.path: problem for problem in problems_of(inline)}
    assert set(found) == {"chain[2].with.rules[0].when.txt", "chain[2].with.rules[0].then.task"}
    line = next(number for number, text in enumerate(inline.splitlines(), 1) if "txt: x" in text)
    assert {problem.line for problem in found.values()} == {line}
    assert "did you mean 'text'" in found["chain[2].with.rules[0].when.txt"].message
    assert "no task 'nope'" in found["chain[2].with.rules[0].then.task"].message


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = "{rules: [{id: a, when: {}, then: {mode: eco}}, {id: a, when: {}, then: {mode: sport}}]}"
    (problem,) = problems_of(with_rules(twice))
    assert problem.path == "chain[2].with.rules[1].id"
    assert "is written at position 0 too" in problem.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", ": is not YAML"),
        ("rules: &a [*a]", ":1: is not YAML: its aliases expand to too much"),
        ("[" * 50 + "]" * 50, ":1: is not YAML: nested more than 40 deep"),
        ("a: 1\nrules: []\n", ":1: unknown key 'a'"),
        ("rules: []", ":1: "),
        ("", ":1: must be a mapping"),
        ("rules: 3", ":1: must be a list"),
        ("rules:\n  - id: a\n    id: b\n", ":3: is written twice"),
        ("rules:\n- {id: a, when: {text: 2026-01-01}, then: {mode: eco}}", ":2: must be text"),
        ("rules:\n- {id: a, when: {text: !!int x}, then: {mode: eco}}", "is not YAML"),
        ("rules: !!python/object:os.system x", "is not YAML"),
        ("\x00", "is not YAML"),
    ],
)
def test_a_file_that_cannot_be_used(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(ValidationError) as refused:
        read_rules(str(file))
    assert any(said in detail["msg"] for detail in refused.value.errors()), refused.value


@pytest.mark.parametrize("options", ["{file: nowhere.yaml}", "{}", "{file: /, rules: []}", "{file: 3}"])
def test_options_that_name_no_rules(options: str) -> None:
    problems = problems_of(with_rules(options))
    assert problems
    assert all(problem.path.startswith("chain[2].with") for problem in problems)


def test_a_change_of_the_file_changes_the_version(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    versions = []
    for text in ("rules: [{id: a, when: {}, then: {mode: eco}}]", "rules: [{id: a, when: {}, then: {mode: sport}}]"):
        for comment in ("", "# why\n"):
            file.write_text(comment + text)
            versions.append(load(with_rules(f"{{file: {file}}}"), {}, simulated="http://127.0.0.1:8900").version)
    assert versions[0] == versions[1] != versions[2] == versions[3]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?i)foo.{0,100}bar",
        r"\w{3,40}@\w{3,40}\.",
        r"(?P<year>\d{4})-(?P<month>\d{2})",
        r"[]{200}]\{300}a{b",
        r"\Qa{500}\E",
        "|".join(f"word{number}" for number in range(100, 300)),
    ],
)
def test_ordinary_patterns_are_good(pattern: str) -> None:
    compiled(pattern)
