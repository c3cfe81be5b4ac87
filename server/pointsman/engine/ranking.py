"""What to try, in order, of the targets that no policy vetoed."""

from __future__ import annotations

from collections.abc import Mapping

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
        return tuple(_by_cost([(s.estimate.expected_nano_usd, target) for target, s in candidates.items()]))
    chosen = tuple(target for target in dict.fromkeys(choice.targets) if target in candidates)
    if choice.exclusive:
        return chosen
    models = catalogue.models
    first = models[chosen[0] if chosen else choice.targets[0]]
    providers, taken = {models[target].provider for target in chosen}, frozenset(chosen)
    level = catalogue.tiers.index(first.tier)
    tiers = catalogue.tiers[level:]
    if vetoes.any_for(Cause.BUDGET):
        tiers += tuple(reversed(catalogue.tiers[:level]))
    by_tier: dict[str, list[tuple[int, str]]] = {tier: [] for tier in tiers}
    for target, shaped in candidates.items():
        model = models[target]
        tier = model.tier
        if tier in by_tier and target not in taken and (tier != first.tier or model.provider not in providers):
            by_tier[tier].append((shaped.estimate.expected_nano_usd, target))
    return (*chosen, *[target for costs in by_tier.values() for target in _by_cost(costs)])


def _by_cost(costs: list[tuple[int, str]]) -> list[str]:
    return [target for _, target in sorted(costs)]
