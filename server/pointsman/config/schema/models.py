"""`models` and `tiers`: what requests can be routed to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from pointsman.config.scalars import Name, Usd
from pointsman.config.schema.section import ModelNames, Names, Section, tuple_of

Capability = Literal["tools", "json_schema", "json_object", "images", "image_urls", "reasoning"]
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(tuple_of, json_schema_input_type=list[Capability])]


class Rates(Section):
    """What a million tokens costs."""

    input: Usd = Field(description="Input, USD per million tokens.")
    output: Usd = Field(description="Output, reasoning included, USD per million tokens.")
    cached_input: Usd | None = Field(
        default=None, description="Input read from the provider's prompt cache. Unset: costs what `input` costs."
    )
    cache_write: Usd | None = Field(
        default=None, description="Input written to the provider's prompt cache. Unset: costs what `input` costs."
    )
    cache_write_1h: Usd | None = Field(
        default=None,
        description="Input written to the prompt cache for an hour, where the provider tells it apart, as Anthropic "
        "does. Unset: costs what `cache_write` costs.",
    )


class PriceStep(Rates):
    """Prices of longer requests, complete in themselves: a price that is unset here is not that of shorter ones."""

    input_tokens: int = Field(
        ge=1, le=1_000_000_000, description="With more input than this, cached input included, the whole request costs:"
    )


class Price(Rates):
    """List prices in USD per million tokens, written exactly: `0.0375` is 0.0375."""

    per_request: Usd = Field(default=0, description="USD per request, whatever its size.")
    above: Annotated[tuple[PriceStep, ...], BeforeValidator(tuple_of, json_schema_input_type=list[PriceStep])] = Field(
        default=(), description="Prices of longer requests, shortest first. Empty: these hold for any length."
    )

    @field_validator("above")
    @classmethod
    def _ascending(cls, value: tuple[PriceStep, ...]) -> tuple[PriceStep, ...]:
        lengths = [step.input_tokens for step in value]
        if lengths != sorted(set(lengths)):
            raise ValueError("must have its steps in ascending order of input_tokens, each once")
        return value


class Model(Section):
    """One model at one provider: what requests are routed to."""

    provider: str = Field(description="A key of `providers`.")
    upstream: str = Field(min_length=1, max_length=256, description="The model's name at the provider.")
    tier: str = Field(description="One of `tiers`. Models of a tier on other providers stand in for each other.")
    context: int = Field(ge=1, le=1_000_000_000, description="Context window in tokens, input and output together.")
    max_output: int = Field(
        default=0, ge=0, le=1_000_000_000, description="Most output tokens it gives. 0: the window is the limit."
    )
    price: Price = Field(description="What it costs.")
    capabilities: Capabilities = Field(
        default=("tools", "json_schema", "json_object"),
        description="What it can do beyond text. A request that needs more is not sent to it; `reasoning` is needed "
        "where a reasoning effort other than none is asked for.",
    )
    regions: Names = Field(default=(), description="Where it runs, in callers' spelling. Empty: unknown.")
    aliases: ModelNames = Field(default=(), description="Other names by which routes and callers may ask for it.")
    system_prompt: str = Field(default="", description="Put behind the task's and the tier's. Empty: none.")
    min_output_tokens: int | None = Field(
        default=None,
        ge=1,
        description="Floor of output tokens unless the caller asks for no reasoning: hidden reasoning must not use up "
        "the answer; 4096 is a good one for a reasoning model. Callers who allow less are not sent to it. Unset: none.",
    )
    base_model: str = Field(
        default="",
        max_length=256,
        description="What it is a deployment of. Models of one base are the same weights at different providers, and a "
        "pinned session may be hedged between them. Empty: no other is.",
    )

    api: Literal["chat_completions", "responses"] | None = Field(
        default=None,
        description="Wire `openai` only: by which API it is asked. On the Responses API reasoning is kept from turn to "
        "turn. Unset: `responses` at OpenAI and Azure for models that are served nowhere else, by their names (`pro`, "
        "`codex`, `deep-research`, `computer-use`), `chat_completions` for all others.",
    )
    tenants: Names = Field(
        default=(), description="The tenants whose requests may be routed to it. Empty: everybody's."
    )

    @field_validator("price")
    @classmethod
    def _steps_within_the_window(cls, value: Price, info: ValidationInfo) -> Price:
        window = info.data.get("context")
        if window is not None and value.above and value.above[-1].input_tokens >= window:
            never = value.above[-1].input_tokens
            raise ValueError(
                f"above: no input is longer than {never:,} tokens in a window of {window:,}; remove that step"
            )
        return value

    @field_validator("min_output_tokens")
    @classmethod
    def _reachable(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and 0 < (limit := info.data.get("max_output", 0)) < value:
            raise ValueError(f"must not be above max_output, which is {limit}")
        return value

    @field_validator("capabilities")
    @classmethod
    def _urls_are_images(cls, value: tuple[Capability, ...]) -> tuple[Capability, ...]:
        if "image_urls" in value and "images" not in value:
            raise ValueError("image_urls needs images beside it")
        return value

    @field_validator("max_output")
    @classmethod
    def _fits_the_window(cls, value: int, info: ValidationInfo) -> int:
        if value > (context := info.data.get("context", value)):
            raise ValueError(f"must not be larger than the context window of {context:,} tokens")
        return value


class Tier(Section):
    """How calls to the models of one tier are shaped."""

    max_output_tokens: int | None = Field(
        default=None,
        ge=1,
        description="Cap of output tokens for tasks that have none of their own. Unset: by its place 256, "
        "1024, 4096, then 16384; null: none.",
    )
    temperature_cap: float | None = Field(default=None, ge=0, le=2, description="Highest temperature. Unset: none.")
    system_prompt: str = Field(default="", description="Put behind the task's. Empty: none.")


def _tier_names(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | dict) else value


def _tier_rows(value: Any) -> Any:
    # Anything else is refused where the names are read.
    return value if isinstance(value, dict) else {}


TierNames = Annotated[tuple[Name, ...], BeforeValidator(_tier_names)]
TierRows = Annotated[
    dict[str, Tier | None],
    BeforeValidator(_tier_rows, json_schema_input_type=list[Name] | dict[Name, Tier | None]),
]
