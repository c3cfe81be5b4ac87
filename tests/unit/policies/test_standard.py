"""What the standard policies promise beside their decisions; those are golden cases."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from pointsman.chain.discovery import load_plugin
from pointsman.chain.plugin import PolicyPlugin
from pointsman.config.policies import Policies
from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.errors import PluginRefused
from pointsman.model.catalogue import Catalogue, Select
from pointsman.model.decision import Assessed, Decision, PolicyKind
from pointsman.model.request import Hints, Mode
from pointsman.testing import make_catalogue, make_entry, make_request, make_rules, make_snapshot, shaped_targets
from pointsman_policies import (
    agree,
    budgets,
    cascade,
    feasibility,
    health,
    hedging,
    limits,
    override,
    pinning,
    routing,
    tags,
)

PLUGINS = {
    "override": override.plugin,
    "tags": tags.plugin,
    "limits": limits.plugin,
    "feasibility": feasibility.plugin,
    "budgets": budgets.plugin,
    "health": health.plugin,
    "pinning": pinning.plugin,
    "routing": routing.plugin,
    "hedging": hedging.plugin,
    "cascade": cascade.plugin,
    "agree": agree.plugin,
}


@pytest.mark.parametrize("name", PLUGINS)
def test_it_is_registered_under_its_name(name: str, policies: Policies) -> None:
    assert load_plugin(policies[name]) is PLUGINS[name]
    assert PLUGINS[name].deterministic


@pytest.mark.parametrize(
    ("plugin", "kind"),
    [
        (override.plugin, PolicyKind.OVERRIDE),
        (tags.plugin, PolicyKind.TAG),
        (limits.plugin, PolicyKind.LIMIT),
        (feasibility.plugin, PolicyKind.CAPABILITY),
        (budgets.plugin, PolicyKind.BUDGET),
        (health.plugin, PolicyKind.HEALTH),
        (pinning.plugin, PolicyKind.SESSION_PIN),
        (routing.plugin, PolicyKind.ROUTING),
        (hedging.plugin, PolicyKind.HEDGE),
        (cascade.plugin, PolicyKind.CASCADE),
        (agree.plugin, PolicyKind.CASCADE),
    ],
)
def test_its_kind(plugin: PolicyPlugin, kind: PolicyKind) -> None:
    assert plugin.kind is kind


def test_together_they_honour_every_hint() -> None:
    assert make_rules(*PLUGINS.values()).honours == {
        "task",
        "tags",
        "model_override",
        "max_cost_nano_usd",
        "exclude_providers",
        "allowed_regions",
        "input_tokens",
        "session_id",
    }


@pytest.mark.parametrize("share", [0, 1.01, "most"])
def test_a_share_of_a_window_is_a_share(share: object) -> None:
    with pytest.raises(ValidationError, match="context_share"):
        feasibility.FeasibilityOptions.model_validate({"context_share": share})


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        feasibility.FeasibilityOptions.model_validate({"share": 0.5})


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ({"match": {}, "model": "mini", "reason": "r"}, "must name a tenant or a project"),
        ({"match": {"tenant": "acme"}, "reason": "r"}, "must give a model, a task or a mode"),
        ({"match": {"tenant": "acme"}, "model": "mini"}, "reason"),
        ({"match": {"user": "u"}, "model": "mini", "reason": "r"}, "Extra inputs"),
    ],
)
def test_a_standing_override_says_for_whom_what_and_why(standing: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        override.OverrideOptions.model_validate({"standing": [standing]})


@pytest.mark.parametrize(("names", "what"), [({"model": "gone"}, "model 'gone'"), ({"task": "gone"}, "task 'gone'")])
def test_a_standing_override_of_what_is_not_there_is_refused(names: dict[str, str], what: str) -> None:
    standing = {"match": {"tenant": "acme"}, "reason": "r", **names}
    options = override.OverrideOptions.model_validate({"standing": [standing]})
    with pytest.raises(PluginRefused, match=rf"standing\[0\].*there is no {what}"):
        make_rules(make_entry(override.plugin, "override", options))


def test_a_row_shapes_every_target_alike_and_once() -> None:
    rules = make_rules(*PLUGINS.values())
    request, hook = make_request(), rules.chain.shape[-1]
    answers = {id(hook.call(request, None, _assessed("simple"), target)) for target in rules.catalogue.models}
    assert len(answers) == 1
    assert hook.call(request, None, _assessed("code"), "mini") is None


def _assessed(task: str) -> Assessed:
    return Assessed(task, Mode.BALANCED, 1.0, "hint")


def test_vetoes_see_every_target_shaped() -> None:
    rules = make_rules(*PLUGINS.values())
    shaped = shaped_targets(make_request(hints=Hints(task="simple")), rules)
    assert list(shaped) == list(rules.catalogue.models)
    assert {target.max_output_tokens for target in shaped.values()} == {256}


def test_weights_are_kept_over_many_sessions() -> None:
    rules = make_rules(*PLUGINS.values(), catalogue=_weighted({"medium": 3.0, "sonnet": 1.0}))
    drawn = Counter(_target(rules, f"s{number}") for number in range(2000))
    assert 0.72 < drawn["medium"] / 2000 < 0.78
    assert set(drawn) == {"medium", "sonnet"}


def test_a_changed_weight_moves_sessions_one_way_only() -> None:
    before = make_rules(*PLUGINS.values(), catalogue=_weighted({"medium": 1.0}))
    after = make_rules(*PLUGINS.values(), catalogue=_weighted({"medium": 2.0}))
    moved = {(_target(before, f"s{n}"), _target(after, f"s{n}")) for n in range(300)}
    assert ("medium", "sonnet") not in moved
    assert ("sonnet", "medium") in moved


def _weighted(weights: dict[str, float]) -> Catalogue:
    catalogue = make_catalogue()
    row = replace(catalogue.tasks["code"], select=Select.WEIGHTED, weights=weights)
    return replace(catalogue, tasks={**catalogue.tasks, "code": row})


def _target(rules: Rules, session: str) -> str:
    decision = decide(make_request(hints=Hints(task="code", session_id=session)), make_snapshot(), rules)
    assert isinstance(decision, Decision)
    return decision.target
