"""Models that are for some tenants only: no chain leads anybody else to them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.errors import Reason, RequestError
from pointsman.model.decision import Decision, Refusal
from pointsman.model.request import Hints, ModelOverride
from pointsman.testing import make_catalogue, make_request, make_rules, make_snapshot
from pointsman_policies import override, routing

PLAIN = make_catalogue()


def rules_with(*reserved: str) -> Rules:
    models = [replace(m, tenants=frozenset({"acme"})) if m.id in reserved else m for m in PLAIN.models.values()]
    catalogue = make_catalogue(models, tasks=list(PLAIN.tasks.values()))
    return make_rules(override.plugin, routing.plugin, catalogue=catalogue)


def decided(tenant: str, *reserved: str) -> Decision | Refusal:
    return decide(replace(make_request(), tenant=tenant), make_snapshot(), rules_with(*reserved))


def test_only_those_tenants_are_routed_to_them() -> None:
    ours, others = decided("acme", "flash"), decided("other", "flash")
    assert isinstance(ours, Decision)
    assert isinstance(others, Decision)
    assert (ours.target, others.target) == ("flash", "mini")
    assert "flash" not in others.plan.targets()
    (excluded,) = others.excluded
    assert (excluded.target, excluded.excluded_by) == ("flash", "tenants")
    assert "acme" not in excluded.excluded_reason


def test_where_nothing_else_is_left_the_others_are_refused() -> None:
    refusal = decided("other", *PLAIN.models)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == Reason.NO_CANDIDATE
    assert isinstance(decided("acme", *PLAIN.models), Decision)


@pytest.mark.parametrize("name", ["sonnet", "claude"])
def test_insisting_on_one_is_denied(name: str) -> None:
    rules = rules_with("sonnet")
    request = make_request(hints=Hints(model_override=ModelOverride(name)))
    rules.check(replace(request, tenant="acme"))
    with pytest.raises(RequestError) as denied:
        rules.check(replace(request, tenant="other"))
    assert (denied.value.reason, denied.value.message) == (
        Reason.PERMISSION_DENIED,
        f"model {name!r} is not for tenant 'other'",
    )


def test_nobody_else_is_told_their_names() -> None:
    request = make_request(hints=Hints(model_override=ModelOverride("sonnetto")))
    with pytest.raises(RequestError) as unknown:
        rules_with("sonnet").check(replace(request, tenant="other"))
    assert unknown.value.reason == Reason.UNKNOWN_MODEL
    assert "sonnet'" not in unknown.value.message
    catalogue = rules_with("sonnet").catalogue
    assert (len(catalogue.open_to("acme").models), len(catalogue.open_to("other").models)) == (6, 5)
