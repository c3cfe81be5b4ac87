"""What the caller forbids: cost above a limit, providers, regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pointsman import (
    Assessed,
    Cause,
    Exclusion,
    Hints,
    Model,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    hookimpl,
    register,
)
from pointsman_policies.wording import dollars

POINTSMAN_API = 1


class Limits:
    """Vetoes targets by `hints.max_cost_nano_usd`, `exclude_providers` and `allowed_regions`."""

    def __init__(self, options: None, setup: PolicySetup) -> None:
        self._models = setup.catalogue.models

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Exclusion]:
        hints = request.hints
        if hints.max_cost_nano_usd is None and not hints.exclude_providers and not hints.allowed_regions:
            return ()
        models, most, spent = self._models, hints.max_cost_nano_usd, snapshot.spent_nano_usd
        providers, regions = hints.exclude_providers, hints.allowed_regions
        exclusions: list[Exclusion] = []
        for target, shape in shaped.items():
            model = models[target]
            # A model without declared regions might run anywhere: a residency rule cannot be satisfied by not knowing.
            if model.provider in providers or (regions and model.regions.isdisjoint(regions)):
                exclusions.append(Exclusion(target, Cause.POLICY, _forbidden(hints, model)))
            worst = shape.estimate.worst_case_nano_usd
            if most is not None and worst + spent > most:
                reason = _too_dear(worst, most, spent)
                exclusions.append(Exclusion(target, Cause.COST, reason))
        return exclusions


def _too_dear(worst: int, limit: int, spent: int) -> str:
    """What policies' questions have cost counts against the caller's limit."""
    allowed = f"could cost {dollars(worst)}, the caller allows {dollars(limit)}"
    return f"{allowed}, and policies' questions have cost {dollars(spent)}" if spent else allowed


def _forbidden(hints: Hints, model: Model) -> str:
    if model.provider in hints.exclude_providers:
        return f"the caller excludes provider {model.provider}"
    where = ", ".join(sorted(model.regions)) or "no declared region"
    return f"runs in {where}, the caller allows {', '.join(hints.allowed_regions)}"


plugin = register(
    Limits,
    kind=PolicyKind.LIMIT,
    deterministic=True,
    reads_text=False,
    honours=["max_cost_nano_usd", "exclude_providers", "allowed_regions"],
)
