"""The caller pins a model or a provider for one request."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman import (
    Assessed,
    Choice,
    ModelOverride,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    hookimpl,
    register,
)

POINTSMAN_API = 1


class Override:
    """Chooses what `hints.model_override` names; strict overrides allow no failover."""

    def __init__(self, options: None, setup: PolicySetup) -> None:
        self._catalogue = setup.catalogue

    @hookimpl
    def pointsman_choose_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
    ) -> Choice | None:
        override = request.hints.model_override
        if override is None:
            return None
        targets = self._targets(override, candidates)
        if not targets:
            return None
        strictly = " and nothing else" if override.strict else ""
        reason = f"the caller asked for {override.model or f'any model of {override.provider}'}{strictly}"
        return Choice(targets, reason, exclusive=override.strict)

    def _targets(self, override: ModelOverride, candidates: Mapping[str, Shaped]) -> tuple[str, ...]:
        """The model named, or the provider's: candidates first, cheapest first."""
        models = self._catalogue.models
        if override.model:
            model = self._catalogue.find(override.model)
            return (model.id,) if model else ()
        mine = [id for id, model in models.items() if model.provider == override.provider]
        eligible = [id for id in mine if id in candidates]
        eligible.sort(key=lambda id: (candidates[id].estimate.expected_nano_usd, id))
        return tuple(eligible or mine)


plugin = register(Override, kind=PolicyKind.OVERRIDE, deterministic=True, honours=["model_override"])
