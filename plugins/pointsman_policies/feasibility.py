"""Which models can do it at all: capabilities, and a context window that the prompt does not nearly fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    Cause,
    Exclusion,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    ToolChoice,
    hookimpl,
    register,
)

POINTSMAN_API = 1

_OFFERED = ToolChoice()


class FeasibilityOptions(BaseModel):
    """Options of the `feasibility` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="Share of a model's context window that prompt and expected answer may take; above it the model "
        "is passed over, because quality falls and estimates err before the window is full.",
    )


class Feasibility:
    """Vetoes targets that lack a capability the request needs, or whose window it would fill."""

    def __init__(self, options: FeasibilityOptions, setup: PolicySetup) -> None:
        models = setup.catalogue.models
        self._capabilities = {target: model.capabilities for target, model in models.items()}
        # Asked of every request and model, so who lacks what is found out once. What nobody can do is not in it.
        self._lacking = {
            capability: frozenset(id for id, model in models.items() if capability not in model.capabilities)
            for capability in frozenset().union(*self._capabilities.values())
        }
        self._everyone = frozenset(models)
        self._room = {target: int(model.context * options.context_share) for target, model in models.items()}
        self._share = f"{options.context_share:.0%}"

    @hookimpl
    def pointsman_exclude_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
    ) -> Sequence[Exclusion]:
        needed = _needed(request)
        lacking: set[str] = set()
        for capability in needed:
            lacking |= self._lacking.get(capability, self._everyone)
        room = self._room
        exclusions: list[Exclusion] = []
        for target, shape in shaped.items():
            if target in lacking:
                missing = ", ".join(sorted(needed - self._capabilities[target]))
                exclusions.append(Exclusion(target, Cause.POLICY, f"cannot do {missing}"))
            estimate = shape.estimate
            tokens = estimate.input_tokens + estimate.expected_output_tokens
            if tokens > room[target]:
                reason = f"needs about {tokens} tokens, {self._share} of its window is {room[target]}"
                exclusions.append(Exclusion(target, Cause.CONTEXT, reason))
        return exclusions


def _needed(request: Request) -> set[str]:
    """Names of the capabilities that the request cannot do without."""
    needed: set[str] = set()
    if request.tools and (request.tool_choice or _OFFERED).mode != "none":
        needed.add("tools")
    if request.response_format is not None:
        needed.add("json_schema" if request.response_format.kind == "json_schema" else "json_object")
    if request.facts.images > request.facts.image_urls:
        needed.add("images")
    if request.facts.image_urls:
        needed |= {"images", "image_urls"}
    if request.params.reasoning_effort not in ("", "none"):
        needed.add("reasoning")
    return needed


plugin = register(
    Feasibility,
    config=FeasibilityOptions,
    kind=PolicyKind.CAPABILITY,
    deterministic=True,
    reads_text=False,
    honours=["input_tokens"],
)
