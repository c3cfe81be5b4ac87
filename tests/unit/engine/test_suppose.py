from __future__ import annotations

import pytest

from pointsman.engine.suppose import HealthOverride, Suppositions, suppose
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.balance import Balance, BudgetAction, BudgetStep
from pointsman.model.snapshot import Health, HealthState
from pointsman.testing import make_catalogue, make_snapshot

DOWN, UP, PROBING = HealthState.DOWN, HealthState.UP, HealthState.PROBING
ACME = Balance(
    scope="acme",
    limit_nano_usd=1000,
    spent_nano_usd=900,
    reserved_nano_usd=50,
    resets_at=0.0,
    steps=(BudgetStep(0.8, BudgetAction.NOTICE), BudgetStep(0.9, BudgetAction.REFUSE)),
)
OTHER = Balance(scope="other", limit_nano_usd=10, spent_nano_usd=1, resets_at=0.0)


def states(*overrides: HealthOverride) -> dict[str, HealthState]:
    known = make_snapshot(health={"flash": Health(DOWN, "503", until=5.0)})
    supposed = suppose(known, Suppositions(overrides), make_catalogue())
    return {model: health.state for model, health in supposed.health.items()}


def test_a_provider_is_all_its_models_and_the_last_word_counts() -> None:
    assert states() == {"flash": DOWN}
    assert states(HealthOverride(DOWN, provider="openai")) == {"flash": DOWN, "mini": DOWN, "medium": DOWN}
    assert states(HealthOverride(DOWN, provider="openai"), HealthOverride(UP, model="mini")) == {
        "flash": DOWN,
        "medium": DOWN,
    }
    assert states(HealthOverride(UP, provider="google"), HealthOverride(PROBING, model="claude")) == {"sonnet": PROBING}
    assert states(HealthOverride(UP, provider="google", model="flash")) == {}


@pytest.mark.parametrize(
    ("override", "reason", "message"),
    [
        (HealthOverride(DOWN, provider="opnai"), Reason.UNKNOWN_PROVIDER, "did you mean 'openai'"),
        (HealthOverride(DOWN, model="minii"), Reason.UNKNOWN_MODEL, "did you mean 'mini'"),
        (HealthOverride(DOWN, "google", "mini"), Reason.INVALID_REQUEST, "'mini' is at 'openai', not at 'google'"),
        (HealthOverride(DOWN), Reason.INVALID_REQUEST, "names neither a provider nor a model"),
    ],
)
def test_health_of_what_is_not_there(override: HealthOverride, reason: Reason, message: str) -> None:
    with pytest.raises(RequestError, match=message) as refused:
        states(override)
    assert refused.value.reason is reason


def test_what_is_left_is_what_was_supposed() -> None:
    world = make_snapshot(balances=(ACME, OTHER))
    supposed = suppose(world, Suppositions(remaining={"acme": 300}), make_catalogue())
    assert [(balance.scope, balance.left) for balance in supposed.balances] == [("acme", 300), ("other", 9)]
    nothing = suppose(world, Suppositions(remaining={"other": 0}), make_catalogue())
    assert nothing.balances[1].left == 0


def test_budgets_that_are_not_there_and_more_than_there_is() -> None:
    world = make_snapshot(balances=(ACME,))
    with pytest.raises(RequestError, match="no budget 'acne' counts this request; did you mean 'acme'") as unknown:
        suppose(world, Suppositions(remaining={"acne": 1}), make_catalogue())
    assert (unknown.value.reason, unknown.value.metadata) == (Reason.UNKNOWN_BUDGET, {"budget": "acne"})
    for left in (-1, 901):
        with pytest.raises(InvalidRequest, match="between 0 and 900"):
            suppose(world, Suppositions(remaining={"acme": left}), make_catalogue())
