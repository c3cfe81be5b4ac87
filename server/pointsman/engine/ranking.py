"""What to try, in order, of the targets that no policy vetoed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pointsman.engine.vetoes import Vetoes
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Cause, Choice, Shaped


def rank(
    choice: Choice | None, candidates: Mapping[str, Shaped], catalogue: Catalogue, vetoes: Vetoes
) -> tuple[str, ...]:
    """What to try, in order: the choice, its tier's equivalents on other providers, then the tiers above.

    Tiers below follow only where a budget excluded something: cheaper is then what is wanted. With no choice at all
    everything is ranked by cost.
    """
    if choice is None:
        return _by_cost(candidates, candidates)
    chosen = tuple(target for target in dict.fromkeys(choice.targets) if target in candidates)
    if choice.exclusive:
        return chosen
    first = catalogue.models[chosen[0] if chosen else choice.targets[0]]
    providers = {catalogue.models[target].provider for target in chosen}
    rest = [target for target in candidates if target not in chosen]
    level = catalogue.tiers.index(first.tier)
    same = [t for t in rest if catalogue.models[t].tier == first.tier and catalogue.models[t].provider not in providers]
    ranking = [*chosen, *_by_cost(same, candidates)]
    for tier in catalogue.tiers[level + 1 :]:
        ranking += _by_cost((t for t in rest if catalogue.models[t].tier == tier), candidates)
    if vetoes.any_for(Cause.BUDGET):
        for tier in reversed(catalogue.tiers[:level]):
            ranking += _by_cost((t for t in rest if catalogue.models[t].tier == tier), candidates)
    return tuple(ranking)


def _by_cost(targets: Iterable[str], candidates: Mapping[str, Shaped]) -> tuple[str, ...]:
    return tuple(sorted(targets, key=lambda target: (candidates[target].estimate.expected_nano_usd, target)))
