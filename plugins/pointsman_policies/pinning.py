"""A conversation stays on the model of its first turn: its prompt in that provider's cache, its voice the same."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from pointsman import (
    Assessed,
    Choice,
    Duration,
    NoOpinion,
    Pin,
    Plan,
    PolicyKind,
    PolicySetup,
    Request,
    Shaped,
    Snapshot,
    hookimpl,
    register,
)
from pointsman_policies.wording import instant

POINTSMAN_API = 1


class PinningOptions(BaseModel):
    """Options of the `pinning` policy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ttl: Duration = Field(
        default="1h", gt=0, validate_default=True, description="How long a session stays pinned after its last turn."
    )


class Pinning:
    """Chooses the model that the request's session is pinned to, and has sessions pinned to whoever serves them."""

    def __init__(self, options: PinningOptions, setup: PolicySetup) -> None:
        self._ttl = options.ttl
        self._models = setup.catalogue.models

    @hookimpl
    def pointsman_choose_targets(
        self, request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
    ) -> Choice | NoOpinion | None:
        pin = snapshot.pin
        if pin is None or not request.hints.session_id:
            return None
        if pin.target not in self._models:
            return NoOpinion(f"{_pinned(pin)}; the pin breaks: it is no longer configured")
        # Of a target that is not among the candidates the chain goes on to the next choice, and the verdict says why.
        breaks = "" if pin.target in candidates else "; the pin breaks"
        return Choice((pin.target,), _pinned(pin) + breaks)

    @hookimpl
    def pointsman_plan_attempts(self, request: Request, plan: Plan) -> Plan | None:
        return replace(plan, pin_ttl=self._ttl) if request.hints.session_id else None


def _pinned(pin: Pin) -> str:
    return f"the session is pinned to {pin.target} since its turn {pin.turn}, {instant(pin.since)}"


plugin = register(
    Pinning,
    config=PinningOptions,
    kind=PolicyKind.SESSION_PIN,
    deterministic=True,
    reads_text=False,
    honours=["session_id"],
)
