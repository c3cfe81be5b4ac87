"""Office hours: at other times requests run in eco mode, and models of some tiers are closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pointsman import (
    Assessment,
    Cause,
    Exclusion,
    Mode,
    Names,
    PolicyKind,
    PolicySetup,
    Shaped,
    Snapshot,
    hookimpl,
    register,
)

# The plugin API that this module was written for; a server of another one refuses it by name.
POINTSMAN_API = 1

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)


class ExamplePolicyOptions(BaseModel):
    """Options of the `example-policy` policy: the `with:` of its chain entry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: ZoneInfo = Field(default=ZoneInfo("UTC"), description="Time zone of the office, as an IANA name.")
    opens: int = Field(default=8, ge=0, le=23, description="First hour of the office day.")
    closes: int = Field(default=18, ge=1, le=24, description="Hour at which the office day ends, later than `opens`.")
    days: tuple[Day, ...] = Field(default=DAYS[:5], description="Days on which the office is open.")
    closed_tiers: tuple[str, ...] = Field(default=(), description="Tiers that are vetoed outside office hours.")

    @field_validator("closes")
    @classmethod
    def check_closes(cls, closes: int, info: ValidationInfo) -> int:
        """The error carries the path of this option, so that an operator finds the line."""
        opens = info.data.get("opens")
        if opens is not None and closes <= opens:
            raise ValueError(f"must be later than opens, which is {opens}")
        return closes

    @field_validator("closed_tiers")
    @classmethod
    def check_tiers(cls, tiers: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """The loader says what the configuration names; in some tests there is none to compare with."""
        known = info.context.tiers if isinstance(info.context, Names) else None
        if known is not None and (unknown := sorted(set(tiers) - known)):
            raise ValueError(f"no tier {unknown[0]!r} is configured; there are {', '.join(sorted(known))}")
        return tiers


class ExamplePolicy:
    """One instance per chain entry. Whatever can be worked out beforehand is, because hooks run for every request."""

    def __init__(self, options: ExamplePolicyOptions, setup: PolicySetup) -> None:
        self._options = options
        self._eco = Assessment(mode=Mode.ECO, source="outside office hours")
        self._exclusions = {
            id: Exclusion(id, Cause.POLICY, f"tier {model.tier} is closed outside office hours")
            for id, model in setup.catalogue.models.items()
            if model.tier in options.closed_tiers
        }

    # Hooks take what they need of the arguments in docs/hooks.md. These two are pure: the time is the snapshot's, so
    # that the same decision can be made again tomorrow.

    @hookimpl
    def pointsman_assess_request(self, snapshot: Snapshot) -> Assessment | None:
        return None if self._open(snapshot.now) else self._eco

    @hookimpl
    def pointsman_exclude_targets(self, snapshot: Snapshot, shaped: Mapping[str, Shaped]) -> Sequence[Exclusion]:
        if not self._exclusions or self._open(snapshot.now):
            return ()
        # Only enabled models are asked about.
        return [exclusion for target, exclusion in self._exclusions.items() if target in shaped]

    def _open(self, now: float) -> bool:
        options = self._options
        local = datetime.fromtimestamp(now, options.zone)
        return DAYS[local.weekday()] in options.days and options.opens <= local.hour < options.closes


plugin = register(ExamplePolicy, config=ExamplePolicyOptions, kind=PolicyKind.RULE, reads_text=False)
