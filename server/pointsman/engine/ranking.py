"""What to try, in order, of the targets that no policy vetoed."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.engine.rules import Rules
from pointsman.engine.vetoes import Vetoes
from pointsman.model.decision import Cause, Choice, Shaped


def rank(choice: Choice | None, candidates: Mapping[str, Shaped], rules: Rules, vetoes: Vetoes) -> tuple[str, ...]:
    """The choice, its tier's equivalents on other providers, then the tiers above.

    Tiers below follow only where a budget excluded something: cheaper is then what is wanted. With no choice at all
    everything is ranked by cost.
    """
    if choice is None:
        by_cost = sorted([(shaped.estimate.expected_nano_usd, target) for target, shaped in candidates.items()])
        return tuple([target for _, target in by_cost])
    chosen = tuple([target for target in dict.fromkeys(choice.targets) if target in candidates])
    if choice.exclusive:
        return chosen
    models, levels, taken = rules.catalogue.models, rules.levels, frozenset(chosen)
    providers = {models[target].provider for target in chosen}
    own = levels[chosen[0] if chosen else choice.targets[0]]
    cheaper = own > 0 and vetoes.any_for(Cause.BUDGET)
    others: list[tuple[int, int, str]] = []
    for target, shaped in candidates.items():
        # Tiers above are further the higher they are; those below come after all of them, the nearest first.
        distance = levels[target] - own
        if distance < 0:
            if not cheaper:
                continue
            distance = len(rules.catalogue.tiers) - distance
        if target not in taken and (distance or models[target].provider not in providers):
            others.append((distance, shaped.estimate.expected_nano_usd, target))
    return (*chosen, *[target for _, _, target in sorted(others)])
