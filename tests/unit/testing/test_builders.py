from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.policies import Assesses, always

from pointsman.model.request import Message, Role, Text
from pointsman.testing import make_catalogue, make_entry, make_model, make_request, make_rules, make_snapshot
from pointsman_policies import feasibility, tags


def test_a_request_is_measured() -> None:
    assert make_request("Hi").facts.input_tokens == 5
    assert make_request(messages=[Message(Role.USER, (Text("Hi"),))] * 2).facts.turns == 2


def test_the_default_catalogue_is_as_its_table_says() -> None:
    catalogue = make_catalogue()
    by_tier = {t: [m.id for m in catalogue.models.values() if m.tier == t] for t in catalogue.tiers}
    assert by_tier == {"small": ["flash", "mini"], "mid": ["medium", "sonnet"], "frontier": ["ultra", "opus"]}
    costs = [model.price.input + model.price.output for model in catalogue.models.values()]
    assert costs == sorted(costs)
    assert catalogue.default_task == "simple"
    assert set(catalogue.tags.values()) <= set(catalogue.tasks)


def test_a_model_of_ones_own() -> None:
    model = make_model("tiny", usd=(0.0375, 0.15))
    assert (model.price.input, model.price.output) == (37_500_000, 150_000_000)
    assert list(make_catalogue([model]).models) == ["tiny"]


def test_entries_are_named_and_numbered() -> None:
    mine = Assesses(always(None))
    rules = make_rules(mine, tags.plugin, Assesses(always(None)), make_entry(Assesses(always(None)), "own"))
    assert [entry.id for entry in rules.chain.entries] == ["assesses", "tags", "assesses-2", "own"]


def test_options_default_to_an_empty_with() -> None:
    assert make_entry(feasibility.plugin).options == feasibility.FeasibilityOptions()
    given = feasibility.FeasibilityOptions(context_share=0.5)
    assert make_entry(feasibility.plugin, "fits", given).options is given


def test_entries_stay_as_they_are() -> None:
    entry = replace(make_entry(tags.plugin), shadow=True)
    assert make_entry(entry) is entry
    assert make_rules(entry).shadowed is not None


@pytest.mark.parametrize("field", ["now", "seed", "config_version"])
def test_snapshots_are_equal(field: str) -> None:
    assert getattr(make_snapshot(), field) == getattr(make_snapshot(), field)
    assert make_snapshot() == make_snapshot()
