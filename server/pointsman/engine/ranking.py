"""What to try, in order, of the targets that no policy vetoed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointsman.engine.vetoes import Vetoes
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Cause, Choice, Shaped


def rank(
    choice: Choice | None, candidates: Mapping[str, Shaped], catalogue: Catalogue, vetoes: Vetoes
) -> tuple[str, ...]:
    """The choice, its tier's equivalents on other providers, then the tiers above.

    Tiers below follow only where a budget excluded something: cheaper is then what is wanted. With no choice at all
    everything is ranked by cost.
    """
    if choice is None:
        return tuple(_by_cost(candidates, candidates))
    chosen = tuple(target for target in dict.fromkeys(choice.targets) if target in candidates)
    if choice.exclusive:
        return chosen
    models = catalogue.models
    first = models[chosen[0] if chosen else choice.targets[0]]
    providers = {models[target].provider for target in chosen}
    by_tier: dict[str, list[str]] = {tier: [] for tier in catalogue.tiers}
    for target in candidates:
        model = models[target]
        tier = model.tier
        if target not in chosen and (tier != first.tier or model.provider not in providers):
            by_tier[tier].append(target)
    level = catalogue.tiers.index(first.tier)
    tiers = catalogue.tiers[level:]
    if vetoes.any_for(Cause.BUDGET):
        tiers += tuple(reversed(catalogue.tiers[:level]))
    return (*chosen, *[target for tier in tiers for target in _by_cost(by_tier[tier], candidates)])


def _by_cost(targets: Iterable[str], candidates: Mapping[str, Shaped]) -> list[str]:
    costs = sorted([(candidates[target].estimate.expected_nano_usd, target) for target in targets])
    return [target for _, target in costs]
