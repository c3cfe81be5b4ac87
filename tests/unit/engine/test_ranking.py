"""What is tried after what was chosen."""

from __future__ import annotations

from msgspec.structs import replace
from tests.unit.engine.policies import Chooses, Excludes, entry

from pointsman.engine.decide import decide
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Cause, Choice, Decision, Exclusion
from pointsman.testing import make_catalogue, make_model, make_request, make_rules, make_snapshot

TIERS = ("t0", "t1", "t2", "t3", "t4", "t5")


def many_tiers(*tiers: int) -> Catalogue:
    """Fewer models than tiers, each named after its own; the dearer the higher."""
    models = [make_model(f"m{tier}", tier=f"t{tier}", usd=(tier + 1, tier + 1)) for tier in tiers]
    return replace(make_catalogue(models), tiers=TIERS)


def ranking(catalogue: Catalogue, *policies: object) -> list[str]:
    outcome = decide(make_request(), make_snapshot(), make_rules(*policies, catalogue=catalogue))
    assert isinstance(outcome, Decision)
    return [candidate.target for candidate in outcome.ranking]


def test_tiers_above_follow_the_nearest_first() -> None:
    choice = entry(Chooses(lambda: Choice(("m1",), "this")), "choice")
    assert ranking(many_tiers(5, 0, 1, 3), choice) == ["m1", "m3", "m5"]


def test_where_a_budget_excludes_something_tiers_below_follow_all_of_those_above() -> None:
    budget = entry(Excludes(lambda: [Exclusion("m4", Cause.BUDGET, "no more")]), "budget")
    choice = entry(Chooses(lambda: Choice(("m2",), "this")), "choice")
    assert ranking(many_tiers(0, 1, 2, 4, 5), budget, choice) == ["m2", "m5", "m1", "m0"]
