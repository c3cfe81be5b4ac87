"""`tasks`: the routing table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from pointsman.config.schema.section import GateNames, Section, Targets

ModeName = Literal["eco", "balanced", "sport"]
MODES: tuple[ModeName, ...] = ("eco", "balanced", "sport")


def _every_mode(value: Any) -> Any:
    return dict.fromkeys(MODES, value) if isinstance(value, str | list) else value


class Route(Section):
    """Where a task goes, by mode. A target is a tier, a model or an alias; a mode left out takes `balanced`."""

    eco: Targets | None = Field(default=None, description="For callers who ask for the cheapest. Unset: as `balanced`.")
    balanced: Targets | None = Field(default=None, description="Needed unless both others are given.")
    sport: Targets | None = Field(default=None, description="For callers who pay for the best. Unset: as `balanced`.")


Routes = Annotated[Route, BeforeValidator(_every_mode, json_schema_input_type=Route | str | list[str])]


class Task(Section):
    """A row of the routing table: everything about one job."""

    doc: str = Field(default="", description="What the job is for, in a line, for whoever reads this table.")
    output: str = Field(default="", description='What its answers are, as in "one label, fact or short rewrite".')
    owner: str = Field(default="", description="Who answers for this row.")
    route: Routes = Field(
        description="Per mode a tier, a model or a list of them; a single value holds for every mode."
    )
    select: Literal["cheapest", "fastest", "priority", "weighted"] = Field(
        default="cheapest",
        description="How to order what the route names; `priority` keeps the order written, `weighted` draws by "
        "`weights`: for a session always the same, otherwise anew for each request.",
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1_000_000)]] = Field(
        default_factory=dict,
        description="For `select: weighted`: how often models, or aliases, of the route come first. "
        "One that is left out weighs 1; one of weight 0 is only failed over to.",
    )
    max_output_tokens: int | None = Field(default=None, ge=1, description="Cap of output tokens. Unset: none.")
    min_output_tokens: int | None = Field(
        default=None,
        ge=1,
        description="Floor of output tokens: room for hidden reasoning. It raises caps, and gives way to a caller who "
        "allows less; what a model cannot do without is the model's own `min_output_tokens`. Unset: none.",
    )
    temperature_cap: float | None = Field(default=None, ge=0, le=2, description="Highest temperature. Unset: none.")
    system_prompt: str = Field(default="", description="Put before the conversation. Empty: none.")
    blast_radius: Literal["", "low", "medium", "high"] = Field(
        default="",
        description="How much harm a wrong answer does before somebody notices. With `high`, a `gate` is asked for, or "
        "a `waiver`.",
    )
    gate: GateNames = Field(
        default=(),
        description="One of `gates`, or several in order: what checks the answers of this task, where a policy such as "
        "`cascade` asks them.",
    )
    waiver: str = Field(
        default="", description="Why `blast_radius: high` is accepted here although nothing checks the answers."
    )

    @field_validator("min_output_tokens")
    @classmethod
    def _below_the_cap(cls, value: int | None, info: ValidationInfo) -> int | None:
        cap = info.data.get("max_output_tokens")
        if value is not None and cap is not None and value > cap:
            raise ValueError(f"must not be above max_output_tokens, which is {cap}")
        return value
