"""From a document to rules, with secrets and without."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from pointsman.config.load import load
from pointsman.config.rules import build_rules, load_supposed, same_policies
from pointsman.errors import ConfigInvalid
from pointsman.testing import make_config

EXAMPLE = Path(__file__).parents[3] / "examples" / "pointsman.yaml"
OWN = f"pointsman {version('pointsman')}"


def test_rules_know_who_has_no_key_and_where_policies_come_from() -> None:
    rules = build_rules(load(EXAMPLE, {"OPENAI_API_KEY": "k", "GROQ_API_KEY": "k"})).rules
    assert rules.disabled_providers == ("anthropic", "google", "mistral", "openrouter")
    assert rules.packages == (OWN,)


def test_supposed_configurations_need_no_secret_and_have_the_same_version() -> None:
    loaded = load(EXAMPLE, {"OPENAI_API_KEY": "k"})
    supposed = load_supposed(EXAMPLE, ["anthropic", "google", "groq", "mistral", "openrouter"])
    assert supposed.catalogue == loaded.catalogue
    assert supposed.version == loaded.version
    assert build_rules(load_supposed(EXAMPLE)).rules.disabled_providers == ()
    with pytest.raises(ConfigInvalid):
        load_supposed("tiers: []")


def test_policies_are_the_same_by_id_use_and_options() -> None:
    one = load_supposed(make_config({"id": "pin", "use": "pinning"}, {"id": "first", "use": "health"}))
    other = load_supposed(
        make_config({"id": "pin", "use": "pinning", "with": {"ttl": "2h"}}, {"id": "second", "use": "health"})
    )
    assert same_policies(one, one) >= {"pin", "first", "routing"}
    assert same_policies(one, other) == {"override", "tags", "limits", "feasibility", "routing"}
