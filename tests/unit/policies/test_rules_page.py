"""The example and the page of docs are true."""

from __future__ import annotations

import re

import pytest
import yaml
from pydantic import BaseModel
from tests.unit.policies.rules_samples import ROOT, with_rules

from pointsman.config.load import load
from pointsman.model.request import Hints, Mode, Request
from pointsman.testing import make_request
from pointsman_policies import rules
from pointsman_policies.rules_file import read_rules
from pointsman_policies.rules_matching import Program
from pointsman_policies.rules_schema import Exclude, Rule, RulesFile, Then, When

PAGE = (ROOT / "docs/policies/rules.md").read_text()


def test_the_example_belongs_to_the_example_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = load(with_rules("{file: examples/rules.yaml}"), {}, simulated="http://127.0.0.1:8900")
    assert "rules" in [entry.id for entry in config.entries]


def test_the_example_does_what_it_says() -> None:
    made = read_rules(str(ROOT / "examples/rules.yaml")).rules
    program = Program(made, Mode.BALANCED, 20_000)

    def taken(request: Request) -> list[str]:
        return [made[position].id for position in program.matching(request)]

    assert taken(make_request("Hello there")) == ["one-word"]
    assert taken(make_request("What does `x` do in this loop?")) == ["show-me-code"]
    assert taken(make_request("Why?\nTraceback (most recent call last)\n  File ...")) == ["stack-trace"]
    contract = make_request(
        "Summarise the terms of it.", hints=Hints(labels={"feature": "legal", "source": "nightly-1"})
    )
    assert taken(contract) == ["contracts-stay-in-the-eu", "batch-is-cheap"]


def rows(heading: str, table: int = 0) -> set[str]:
    """First cells of a table under a heading of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    tables = [block for block in section.strip().split("\n\n") if block.startswith("|")]
    return set(re.findall(r"^\| `([a-z_]+)` \|", tables[table], re.MULTILINE))


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_page_names_every_option_and_nothing_else() -> None:
    assert rows("Options") == keys(rules.RulesOptions)
    assert rows("A rule") == keys(Rule)
    assert rows("Conditions") == keys(When)
    assert rows("What a rule gives") == keys(Then)
    assert rows("What a rule gives", 1) == keys(Exclude)


def test_the_yaml_of_the_page_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        document = yaml.safe_load(block)
        if "rules" in document:
            RulesFile.model_validate(document)
        for entry in document.get("chain", ()):
            if entry["use"] == "rules":
                assert rules.RulesOptions.model_validate(entry["with"]).all_rules()


def test_the_example_of_every_condition_is_described() -> None:
    for model in (rules.RulesOptions, Rule, When, Then, Exclude):
        assert all(field.description for field in model.model_fields.values())
