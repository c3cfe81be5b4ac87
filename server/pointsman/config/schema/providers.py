"""`providers`: accounts at model providers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from pointsman.config.scalars import BaseUrl, Duration, Headers, SecretReference
from pointsman.config.schema.section import Section, tuple_of
from pointsman.providers.settings import Omittable
from pointsman.telemetry.propagation import Propagate

Wire = Literal["openai", "openai-responses", "anthropic", "gemini"]
# Options that mean something on one wire only.
_OF_WIRES = {
    "max_tokens_field": "openai",
    "stream_usage": "openai",
    "seed_field": "openai",
    "reasoning_field": "openai",
    "thinking": "anthropic",
}
Omitted = Annotated[tuple[Omittable, ...], BeforeValidator(tuple_of, json_schema_input_type=list[Omittable])]


class Probe(Section):
    """Asking a provider that is down for its list of models, which costs nothing: when it answers, requests try it."""

    every: Duration = Field(default="30s", gt=0, validate_default=True, description="How often, while it is down.")
    timeout: Duration = Field(default="5s", gt=0, validate_default=True, description="How long it may take to answer.")


class Provider(Section):
    """An account at a model provider: where it is, and how to prove who we are."""

    wire: Wire = Field(
        description="The wire format it speaks: `openai` (chat completions, also that of every compatible endpoint, "
        "and the Responses API for models that need it), `openai-responses` (the Responses API for all its models), "
        "`anthropic` (messages) or `gemini` (generateContent)."
    )
    base_url: BaseUrl | None = Field(
        default=None,
        description="Where its API begins. Unset: the wire's own, https://api.openai.com/v1 for `openai` and "
        "`openai-responses`, https://api.anthropic.com for `anthropic`, "
        "https://generativelanguage.googleapis.com/v1beta for `gemini`.",
    )
    api_key: SecretReference | None = Field(
        default=None,
        description="A reference to its key, never the key: `${NAME}` from the environment, or `${file:/path}`. A "
        "provider whose key is missing is disabled with a warning. Unset: none is sent, as for a server of your own.",
    )
    headers: Headers = Field(
        default_factory=dict, description="Sent with every request. A value may be a reference, like `api_key`."
    )
    ca_file: str | None = Field(
        default=None, description="PEM file of the authority that signed its certificate. Unset: the system's."
    )
    max_connections: int | None = Field(
        default=None, ge=1, le=100_000, description="Connections open to it at once. Unset: the transport's own limit."
    )
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] | None = Field(
        default=None,
        description="Wire `openai` only: how it spells the limit of output tokens. Unset: `max_completion_tokens` at "
        "OpenAI and Azure, `max_tokens` elsewhere.",
    )
    stream_usage: bool = Field(
        default=True, description="Wire `openai` only: whether it reports usage in streams (`stream_options`)."
    )
    seed_field: Literal["seed", "random_seed"] = Field(
        default="seed", description="Wire `openai` only: how it spells the seed."
    )
    max_effort: str | None = Field(
        default=None,
        description="What it is sent for the reasoning effort `max`. Unset: `xhigh` on `openai` and "
        "`openai-responses`, `max` on `anthropic`, on `gemini` the highest level that the model is known to have.",
    )
    reasoning_field: Literal["", "reasoning_content", "reasoning"] = Field(
        default="", description="Wire `openai` only: where it takes back earlier reasoning. Empty: nowhere."
    )
    thinking: Literal["adaptive", "budget"] | None = Field(
        default=None,
        description="Wire `anthropic` only: how its models are asked for reasoning. Unset: a budget for models up to "
        "Claude 4.5 by their names, `adaptive` for all others.",
    )
    omit: Omitted = Field(
        default=(),
        description="Fields that it would refuse, and is therefore never sent. The last two are of the Responses API: "
        "`reasoning_summary` is refused to accounts that OpenAI has not verified; without `include` nothing of earlier "
        "reasoning comes back to it.",
    )
    propagate: Propagate = Field(
        default="none",
        description="What of a request's W3C trace context it is sent: `trace` is `traceparent` and `tracestate`, "
        "`all` also `baggage`, whatever callers put there. It is a third party, so nothing by default; meant for "
        "servers of your own.",
    )
    probe: Probe | None = Field(
        default=None,
        description="Probe it while it is down, so that no caller's request has to find out that it is back. Unset: "
        "never; a few requests try it when `health.open_for` is over.",
    )

    @field_validator(*_OF_WIRES)
    @classmethod
    def _of_its_wire(cls, value: Any, info: ValidationInfo) -> Any:
        wire, own = info.data.get("wire"), _OF_WIRES[info.field_name or ""]
        if wire is not None and wire != own:
            raise ValueError(f"belongs to the wire {own!r}, and this one is {wire!r}: leave it out")
        return value
