from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from pointsman.cli import main
from pointsman.cli.plugin_commands import PluginCommand
from pointsman_policies.rules_command import Prompt, command, read_prompts

RULES = """\
rules:
  - {id: code, when: {code: true}, then: {task: code}}
  - {id: late, when: {text: '`x`'}, then: {task: simple}}
  - {id: eco, when: {labels: {source: batch}}, then: {mode: eco, exclude: {tiers: [frontier]}}}
  - {id: agents, when: {tools: {min: 2}, system: agent}, then: {models: [opus]}}
  - {id: never, when: {text: zebra}, then: {mode: sport}}
"""
PROMPTS = """\
- What is `x`?
- {text: Hello, labels: {source: batch}}
- {text: "Go \\e[2J", system: You are an agent., tools: [a, b]}
- Nothing
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "prompts.yaml").write_text(PROMPTS)
    return ["rules", "test", str(tmp_path / "rules.yaml"), "--prompts", str(tmp_path / "prompts.yaml")]


def test_it_is_what_a_command_is() -> None:
    assert isinstance(command, PluginCommand)


def test_it_says_which_rule_takes_what(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*files, "--json"]) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [prompt["matched"] for prompt in made["prompts"]] == [["code", "late"], ["eco"], ["agents"], []]
    assert [prompt["won"] for prompt in made["prompts"]] == [
        {"task": "code"},
        {"mode": "eco"},
        {"models": "agents"},
        {},
    ]
    assert made["prompts"][1]["excluding"] == ["eco"]
    assert (made["unmatched"], made["never"], made["shadowed"]) == (1, ["never"], ["late"])
    counts = {count["id"]: (count["matched"], count["effective"], count["shadowed_by"]) for count in made["rules"]}
    assert counts["late"] == (1, 0, ["code"])
    assert counts["code"] == (1, 1, [])


def test_it_is_readable(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files) == 0
    shown = capsys.readouterr().out
    assert "task by code: 'What is `x`?'" in shown
    assert "mode by eco; exclusions by eco: 'Hello'" in shown
    assert "no rule: 'Nothing'" in shown
    assert "shadowed by code" in shown
    assert "never matches" in shown
    assert shown.endswith("4 prompts, 1 without a rule; 5 rules, 1 never match, 1 shadowed\n")
    assert "\x1b" not in shown


def test_json_lines_are_prompts_too(tmp_path: Path) -> None:
    lines = tmp_path / "prompts.jsonl"
    lines.write_text('"one"\n\n{"text": "two", "images": 2, "schema": true}\n')
    first, second = read_prompts(lines)
    assert (first, second.text) == (Prompt("one"), "two")
    assert second.request().facts.images == 2
    assert second.request().response_format is not None


def test_all_that_is_wrong_with_the_rules_is_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[2]).write_text("rules:\n- {id: a, when: {text: '('}, then: {}}\n")
    assert main(files) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = shown.err.splitlines()
    assert first.startswith(f"{files[2]}:2: is no regular expression of RE2")
    assert first.endswith("(rules[0].when.text)")
    assert second.endswith("(rules[0].then)")


@pytest.mark.parametrize("prompts", ["- {txt: x}", "text: x", "- {text: 3}", "- [", "- {text: x, mode: fast}"])
def test_prompts_that_cannot_be_read(prompts: str, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[4]).write_text(prompts)
    assert main(files) == 2
    assert capsys.readouterr().err.startswith(f"{files[4]}: ")


@pytest.mark.parametrize("missing", [2, 4])
def test_files_that_are_not_there(missing: int, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(files[missing]).unlink()
    assert main(files) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_it_explains_itself() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert "test" in parser.format_help()
