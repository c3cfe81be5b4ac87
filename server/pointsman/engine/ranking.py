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
        by_cost = sorted([(shaped.estimate.expected_nano_usd, target) for target, shaped in candidates.items()])
        return tuple([target for _, target in by_cost])
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
    place = {tier: number for number, tier in enumerate(tiers)}
    others: list[tuple[int, int, str]] = []
    for target, shaped in candidates.items():
        model = models[target]
        tier = model.tier
        if tier in place and target not in taken and (tier != first.tier or model.provider not in providers):
            others.append((place[tier], shaped.estimate.expected_nano_usd, target))
    return (*chosen, *[target for _, _, target in sorted(others)])
