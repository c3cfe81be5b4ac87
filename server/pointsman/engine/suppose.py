"""What if: a snapshot with the health of providers and the rest of budgets as somebody supposes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from pointsman.engine.rules import not_found
from pointsman.errors import InvalidRequest, Reason
from pointsman.model.balance import Balance, BudgetAction
from pointsman.model.catalogue import Catalogue, Model
from pointsman.model.snapshot import Health, HealthState, Snapshot

WHY = "supposed"


class HealthOverride(Struct, frozen=True):
    """A state for one model (an id or alias), or for every model of a provider; with both, the model must be there."""

    state: HealthState
    provider: str = ""
    model: str = ""


class Suppositions(Struct, frozen=True):
    """`health` in this order, so that a later one wins; `remaining` is nano-USD by the name of a budget."""

    health: Sequence[HealthOverride] = ()
    remaining: Mapping[str, int] = {}


def suppose(snapshot: Snapshot, supposed: Suppositions, catalogue: Catalogue) -> Snapshot:
    """The snapshot as supposed. RequestError for a model, provider or budget that is not there."""
    if supposed.health:
        snapshot = replace(snapshot, health=_health(snapshot.health, supposed.health, catalogue))
    if supposed.remaining:
        snapshot = replace(snapshot, balances=_balances(snapshot.balances, supposed.remaining))
    return snapshot


def _health(
    known: Mapping[str, Health], overrides: Sequence[HealthOverride], catalogue: Catalogue
) -> Mapping[str, Health]:
    health = dict(known)
    for position, override in enumerate(overrides):
        for model in _meant(override, f"health_overrides[{position}]", catalogue):
            # Whoever is not in it is up.
            health.pop(model.id, None)
            if override.state is not HealthState.UP:
                health[model.id] = Health(override.state, WHY)
    return health


def _meant(override: HealthOverride, field: str, catalogue: Catalogue) -> Iterator[Model]:
    if not override.provider and not override.model:
        raise InvalidRequest([(field, "names neither a provider nor a model")])
    providers = catalogue.providers()
    if override.provider and override.provider not in providers:
        raise not_found(Reason.UNKNOWN_PROVIDER, "provider", override.provider, providers)
    if not override.model:
        yield from (model for model in catalogue.models.values() if model.provider == override.provider)
        return
    model = catalogue.find(override.model)
    if model is None:
        raise not_found(Reason.UNKNOWN_MODEL, "model", override.model, [*catalogue.models, *catalogue.aliases])
    if override.provider not in ("", model.provider):
        raise InvalidRequest([(field, f"{override.model!r} is at {model.provider!r}, not at {override.provider!r}")])
    yield model


def _balances(balances: Sequence[Balance], remaining: Mapping[str, int]) -> tuple[Balance, ...]:
    scopes = {balance.scope for balance in balances}
    for scope in remaining:
        if scope not in scopes:
            raise not_found(Reason.UNKNOWN_BUDGET, "budget", scope, scopes, "counts this request")
    return tuple(
        _with_left(balance, remaining[balance.scope]) if balance.scope in remaining else balance for balance in balances
    )


def _with_left(balance: Balance, left: int) -> Balance:
    refuses = balance.begins(BudgetAction.REFUSE)
    whole = balance.limit_nano_usd if refuses is None else refuses
    if not 0 <= left <= whole:
        field = f"budget_remaining_nano_usd[{balance.scope[:64]!r}]"
        raise InvalidRequest([(field, f"is {left}, and must be between 0 and {whole}, which is the whole of it")])
    return replace(balance, spent_nano_usd=whole - left, reserved_nano_usd=0)
