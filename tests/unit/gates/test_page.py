"""docs/gates.md is true: a section for each gate, every option of it, and examples that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from pointsman.chain.discovery import installed, load_gate
from pointsman.chain.plugin import GATES
from pointsman.config.load import load
from pointsman_gates.phrases import REFUSALS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/gates.md").read_text()
INSTALLED = installed(GATES)
OURS = sorted(name for name, found in INSTALLED.items() if any(one.distribution == "pointsman" for one in found))
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def section(name: str) -> str:
    return PAGE.split(f"## `{name}`\n")[1].split("\n## ")[0]


def test_every_gate_of_ours_has_its_section() -> None:
    assert sorted(re.findall(r"^## `(\w+)`$", PAGE, re.MULTILINE)) == OURS


@pytest.mark.parametrize("name", OURS)
def test_a_section_names_every_option_with_what_it_means(name: str) -> None:
    config = load_gate(INSTALLED[name]).config
    assert config is not None
    assert issubclass(config, BaseModel)
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", section(name), re.MULTILINE))
    for option, field in config.model_fields.items():
        assert field.description
        assert rows[option] == field.description


@pytest.mark.parametrize("name", OURS)
def test_a_section_shows_how_the_gate_is_used(name: str) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", section(name), re.MULTILINE | re.DOTALL)
    assert any(row["use"] == name for block in blocks for row in yaml.safe_load(block)["gates"].values())


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_its_examples_load(example: str) -> None:
    document = yaml.safe_load((ROOT / "examples/pointsman.yaml").read_text())
    given = yaml.safe_load(example)
    document["gates"] = document.get("gates", {}) | given["gates"]
    document["tasks"].update({name: row for name, row in given.get("tasks", {}).items() if name in document["tasks"]})
    config = load(yaml.safe_dump(document, sort_keys=False), {}, simulated="http://127.0.0.1:8900")
    assert {entry.id for entry in config.gates} >= set(given["gates"])


def test_it_says_in_how_many_languages_phrases_are_known() -> None:
    assert len(REFUSALS) == 15
    assert "fifteen languages" in " ".join(PAGE.split())
