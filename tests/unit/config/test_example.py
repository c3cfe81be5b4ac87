from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.chain import discovery
from pointsman.config.load import load
from pointsman.errors import ConfigInvalid
from pointsman.model.request import Mode

EXAMPLE = Path(__file__).parents[3] / "examples/pointsman.yaml"
TEXT = EXAMPLE.read_text()
INSTALLED = discovery.installed()


def test_one_key_is_enough_for_every_task() -> None:
    config = load(EXAMPLE, {"OPENAI_API_KEY": "sk-x"})
    assert set(config.providers) == {"openai"}
    assert {warning.path.split(".")[0] for warning in config.warnings} == {"providers"}
    for task in config.catalogue.tasks.values():
        for mode in Mode:
            assert any(config.catalogue.models[name].enabled for name in task.route[mode]), (task.name, mode)


def test_it_is_whole_without_a_key_where_providers_are_simulated() -> None:
    config = load(EXAMPLE, {}, simulated="http://127.0.0.1:8900")
    assert config.warnings == ()
    assert [entry.id for entry in config.entries] == [
        "override",
        "tags",
        "rules",
        "classifier",
        "llm",
        "limits",
        "fits",
        "caps",
        "health",
        "pin",
        "route",
    ]
    assert config.catalogue.tags["nightly-report"] == "reasoning"
    assert set(config.catalogue.tasks) == {"simple", "extract", "code", "reasoning", "complex", "general"}


def test_every_tier_can_fail_over_to_another_provider() -> None:
    catalogue = load(EXAMPLE, {}, simulated="http://127.0.0.1:8900").catalogue
    for tier in catalogue.tiers:
        providers = {model.provider for model in catalogue.models.values() if model.tier == tier}
        assert len(providers) >= 2, tier
        assert "openai" in providers


def test_without_a_key_it_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="every provider is disabled"):
        load(EXAMPLE, {})
    config = load(EXAMPLE, {}, require_provider=False)
    assert not config.providers
    assert "every provider is disabled" in str(config.warnings[0].message)


def test_the_smallest_one_of_the_documentation_is_enough() -> None:
    page = (EXAMPLE.parents[1] / "docs/configuration.md").read_text()
    smallest = page.split("```yaml\n")[1].split("```")[0]
    config = load(smallest, {"OPENAI_API_KEY": "sk-x"})
    assert (config.warnings, set(config.catalogue.models)) == ((), {"mini"})


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path of a tree of mappings and lists."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, child in below for path in paths(child, (*at, key)))]


TREE = yaml.safe_load(TEXT)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
NAMES = st.sampled_from(["small", "mini", "simple", "openai", "routing", "${HOME}", "${file:/}", "1s", "eco", "off"])
VALUES = st.recursive(
    SCALARS | NAMES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(paths(TREE)[1:]), st.sampled_from(["set", "drop", "add"]), VALUES), max_size=3)
)
def test_no_change_of_it_raises_anything_but_what_it_says(
    changes: list[tuple[tuple[str | int, ...], str, Any]],
) -> None:
    tree = copy.deepcopy(TREE)
    for path, change, value in changes:
        parent = tree
        for step in path[:-1]:
            parent = parent[step] if _has(parent, step) else None
        if not _has(parent, path[-1]):
            continue
        if change == "drop":
            del parent[path[-1]]
        elif change == "set":
            parent[path[-1]] = value
        elif isinstance(parent, dict):
            parent[value if isinstance(value, str) else "new"] = copy.deepcopy(parent[path[-1]])
    _load(yaml.safe_dump(tree, sort_keys=False))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=12) | st.sampled_from(list("{}[]:&*!|>-?#'\"\t"))
)
def test_no_edit_of_its_text_raises_anything_but_what_it_says(at: int, removed: int, inserted: str) -> None:
    _load(TEXT[:at] + inserted + TEXT[at + removed :])


def _has(parent: Any, step: str | int) -> bool:
    if isinstance(parent, dict):
        return step in parent
    return isinstance(parent, list) and isinstance(step, int) and step < len(parent)


def _load(text: str) -> None:
    try:
        problems = load(text, {"OPENAI_API_KEY": "sk-secret"}, installed=INSTALLED).warnings
        assert not any(problem.fatal for problem in problems)
    except ConfigInvalid as invalid:
        problems = tuple(invalid.problems)
    for problem in problems:
        assert problem.path
        assert "sk-secret" not in str(problem)
