"""`budgets`: what may be spent, by whom, in which window, and what happens as it runs low."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pointsman.config.scalars import Name, Usd, share
from pointsman.config.schema.section import Section, tuple_of
from pointsman.engine.windows import zone_named

Value = Annotated[str, Field(min_length=1, max_length=256)]
Count = Annotated[int, Field(ge=1, le=10**12)]
Action = Literal["notice", "degrade", "refuse"]

AMOUNTS = ("minute_usd", "daily_usd", "weekly_usd", "monthly_usd")
COUNTS = ("requests_per_minute", "tokens_per_minute")


def _shares(value: Any) -> Any:
    """Each key a share of its own; of what is no mapping, pydantic says so."""
    ratios: set[float] = set()
    for key in value if isinstance(value, dict) else ():
        try:
            ratio = share(key)
        except ValueError:
            raise ValueError(f"{key!r} must be a share of the limit such as 80%") from None
        if ratio > 1:
            raise ValueError(f"{key} is more than the limit; the last step may be at 100%")
        if ratio in ratios:
            raise ValueError(f"says twice what happens at {key}; remove one")
        ratios.add(ratio)
    return value


def _refusal() -> dict[str, Action]:
    return {"100%": "refuse"}


Steps = Annotated[dict[str, Action], Field(min_length=1), BeforeValidator(_shares)]


class Match(Section):
    """Which requests count. All that is given must agree; `"*"` gives each value a budget of its own."""

    tenant: Value | None = Field(default=None, description="The caller's tenant; without authentication `default`.")
    key: Value | None = Field(default=None, description="The id of the API key.")
    project: Value | None = Field(default=None, description="The label `project`.")
    feature: Value | None = Field(default=None, description="The label `feature`.")
    user: Value | None = Field(default=None, description="The label `user`.")
    session: Value | None = Field(default=None, description="The caller's `session_id`, which is its tenant's own.")
    task: Value | None = Field(default=None, description="The task row that was decided.")
    model: Value | None = Field(default=None, description="The model that is asked, an id or an alias.")


class Budget(Section):
    """One budget, with one counter for each of its windows."""

    name: Name | None = Field(
        default=None, description="Its name in messages, reports and metrics. Unset: made of what it matches."
    )
    match: Match = Field(default_factory=Match, description="Which requests count. Unset: all.")
    minute_usd: Usd | None = Field(default=None, description="USD a minute. Unset: no such cap.")
    daily_usd: Usd | None = Field(default=None, description="USD a day. Unset: no such cap.")
    weekly_usd: Usd | None = Field(default=None, description="USD a week, from Monday. Unset: no such cap.")
    monthly_usd: Usd | None = Field(default=None, description="USD a calendar month. Unset: no such cap.")
    requests_per_minute: Count | None = Field(
        default=None, description="Callers' requests a minute; one counts once, whatever attempts it takes. Unset: any."
    )
    tokens_per_minute: Count | None = Field(
        default=None, description="Tokens a minute of all attempts, input and output together. Unset: any number."
    )
    at: Steps = Field(
        default_factory=_refusal,
        description="What happens from which share of an amount in USD on: `notice` says so, `degrade` goes to cheaper "
        "models and smaller answers, `refuse` is the end. Without `refuse` nothing is ever refused. Unset: "
        "`{100%: refuse}`. Requests and tokens are refused at their limit.",
    )
    time_zone: str = Field(
        default="UTC", description="IANA name of the zone whose midnight ends days, weeks and months."
    )

    @field_validator("at")
    @classmethod
    def _in_order(cls, value: dict[str, Action]) -> dict[str, Action]:
        refuses = min([share(at) for at, action in value.items() if action == "refuse"], default=1.0)
        late = [f"{action} at {at}" for at, action in value.items() if share(at) > refuses]
        if late:
            raise ValueError(
                f"refuses at {refuses:.4%}, so that {late[0]} never comes; remove one".replace(".0000%", "%")
            )
        return value

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            zone_named(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                "is no time zone known here; give an IANA name such as Europe/Berlin, and install the package tzdata"
                " where the system has no zones"
            ) from None
        return value

    @model_validator(mode="after")
    def _caps_something(self) -> Budget:
        amounts = [name for name in AMOUNTS if getattr(self, name) is not None]
        if not amounts and not any(getattr(self, name) is not None for name in COUNTS):
            raise ValueError(f"caps nothing; add one of {', '.join([*AMOUNTS, *COUNTS])}")
        if not amounts and "at" in self.model_fields_set:
            raise ValueError(
                f"`at` is for amounts in USD, and it has none; remove it, or add one of {', '.join(AMOUNTS)}"
            )
        return self


Budgets = Annotated[tuple[Budget, ...], BeforeValidator(tuple_of, json_schema_input_type=list[Budget])]
