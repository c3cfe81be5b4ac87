"""Pages of policies that take options of some depth say what they take, and their examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from tests.unit.config.documents import DOCUMENT, KEYS
from tests.unit.policies.test_standard import PLUGINS

from pointsman.config.load import load
from pointsman.config.policies import Policies

PAGES = Path(__file__).parents[3] / "docs/policies"
OPTION = re.compile(r"^\| `(\w+)` \| `?(.*?)`? \| (.*) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEW = ("agree", "budgets", "cascade", "health", "hedging", "override", "pinning", "routing")


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text()


@pytest.mark.parametrize("name", NEW)
def test_the_options_named_are_those_that_there_are(name: str) -> None:
    config = PLUGINS[name].config
    assert config is None or issubclass(config, BaseModel)
    fields = config.model_fields if config else {}
    named = {option: meaning for option, _, meaning in OPTION.findall(page(name))}
    assert named == {option: field.description for option, field in fields.items()}


@pytest.mark.parametrize("name", NEW)
def test_its_example_loads(name: str, policies: Policies) -> None:
    """An example is a part of a configuration: what it says replaces the same keys of a good one."""
    for example in EXAMPLE.findall(page(name)):
        kept = DOCUMENT
        for key in re.findall(r"^(\w+):", example, re.MULTILINE):
            kept = re.sub(rf"^{key}:.*\n(?:[ #].*\n)*", "", kept, flags=re.MULTILINE)
        config = load(kept + example, KEYS, installed=policies)
        assert name in {entry.use for entry in config.entries}
        assert config.warnings == ()


@pytest.mark.parametrize("name", NEW)
def test_it_says_what_the_policy_is(name: str) -> None:
    plugin = PLUGINS[name]
    text = " ".join(page(name).split())
    assert text.startswith(f"# {name} ")
    assert f"Kind `{plugin.kind}`, deterministic" in text
    assert all(f"`{hint}`" in text for hint in plugin.honours)
