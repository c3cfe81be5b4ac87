"""A model for one request, because its caller says so, or for all of a tenant or project, because the operator does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pointsman import (
    Assessed,
    Assessment,
    Catalogue,
    Choice,
    Mode,
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


class Match(BaseModel):
    """Whose requests; with both, those of that project of that tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str = Field(default="", description="The tenant. Empty: any.")
    project: str = Field(default="", description="The label `project`. Empty: any.")

    @model_validator(mode="after")
    def _someone(self) -> Self:
        if not self.tenant and not self.project:
            raise ValueError("must name a tenant or a project; what holds for everybody belongs into the task rows")
        return self

    def holds(self, request: Request) -> bool:
        return self.tenant in ("", request.tenant) and self.project in ("", request.hints.labels.get("project", ""))

    def __str__(self) -> str:
        named = (("tenant", self.tenant), ("project", self.project))
        return " ".join(f"{what} {name}" for what, name in named if name)


class Standing(BaseModel):
    """A model, a task or a mode for some requests; the first that matches and has one counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match = Field(description="Whose requests.")
    model: str = Field(default="", description="A model or alias to use. Empty: no opinion.")
    task: str = Field(
        default="", description="The task to take it for, unless the caller names one. Empty: no opinion."
    )
    mode: Mode | None = Field(default=None, description="The mode, unless the caller names one. Unset: no opinion.")
    reason: str = Field(min_length=1, description="Why, for whoever reads a decision.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model and not self.task and self.mode is None:
            raise ValueError("must give a model, a task or a mode")
        return self


class OverrideOptions(BaseModel):
    """Options of the `override` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standing: tuple[Standing, ...] = Field(
        default=(), description="Overrides that hold for all requests of a tenant or project, the first first."
    )


class Override:
    """Chooses what `hints.model_override` names, strict ones without failover; otherwise what stands for the caller."""

    def __init__(self, options: OverrideOptions, setup: PolicySetup) -> None:
        self._catalogue = setup.catalogue
        self._standing = options.standing
        for number, standing in enumerate(options.standing):
            _check(number, standing, setup.catalogue)

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        if not self._standing:
            return None
        matching = tuple(self._matching(request))
        # The caller's own task beats every opinion on it; the engine sees to the mode.
        tasked = None if request.hints.task else next((s for s in matching if s.task), None)
        moded = next((s for s in matching if s.mode), None)
        told = dict.fromkeys(_told(standing) for standing in (moded, tasked) if standing)
        if not told:
            return None
        return Assessment(
            task=tasked.task if tasked else None,
            mode=moded.mode if moded else None,
            confidence=1.0 if tasked else None,
            source="; ".join(told),
        )

    @hookimpl
    def pointsman_choose_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
    ) -> Choice | None:
        override = request.hints.model_override
        if override is None:
            return self._choose_standing(request)
        targets = self._targets(override, candidates)
        if not targets:
            return None
        strictly = " and nothing else" if override.strict else ""
        reason = f"the caller asked for {override.model or f'any model of {override.provider}'}{strictly}"
        return Choice(targets, reason, exclusive=override.strict)

    def _choose_standing(self, request: Request) -> Choice | None:
        for standing in self._matching(request):
            model = self._catalogue.find(standing.model) if standing.model else None
            if model:
                return Choice((model.id,), _told(standing))
        return None

    def _matching(self, request: Request) -> Iterator[Standing]:
        return (standing for standing in self._standing if standing.match.holds(request))

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


def _told(standing: Standing) -> str:
    return f"standing override for {standing.match}: {standing.reason}"


def _check(number: int, standing: Standing, catalogue: Catalogue) -> None:
    if standing.model and catalogue.find(standing.model) is None:
        raise ValueError(f"standing[{number}].model: there is no model {standing.model!r}")
    if standing.task and standing.task not in catalogue.tasks:
        raise ValueError(f"standing[{number}].task: there is no task {standing.task!r}")


plugin = register(
    Override,
    config=OverrideOptions,
    kind=PolicyKind.OVERRIDE,
    deterministic=True,
    reads_text=False,
    honours=["model_override"],
)
