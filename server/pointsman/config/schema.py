"""The keys of `pointsman.yaml`, as people write them. Documentation and editors' JSON Schema are made from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from pointsman.config.scalars import (
    Address,
    BaseUrl,
    Duration,
    Headers,
    ModelName,
    Name,
    OptionalAddress,
    SecretReference,
    Share,
    Usd,
)
from pointsman.providers.settings import Omittable

Wire = Literal["openai", "openai-responses", "anthropic", "gemini"]
Capability = Literal["tools", "json_schema", "json_object", "images", "image_urls", "reasoning"]
ModeName = Literal["eco", "balanced", "sport"]

MODES: tuple[ModeName, ...] = ("eco", "balanced", "sport")
DEFAULT_CHAIN = ("override", "tags", "limits", "feasibility", "health", "routing")


def _tuple_of(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _tuple_of(value)


def _tier_names(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | dict) else value


def _tier_rows(value: Any) -> Any:
    # Anything else is refused where the names are read.
    return value if isinstance(value, dict) else {}


def _every_mode(value: Any) -> Any:
    return dict.fromkeys(MODES, value) if isinstance(value, str | list) else value


# Options that mean something on one wire only.
_OF_WIRES = {
    "max_tokens_field": "openai",
    "stream_usage": "openai",
    "seed_field": "openai",
    "reasoning_field": "openai",
    "thinking": "anthropic",
}

Names = Annotated[tuple[Name, ...], BeforeValidator(_tuple_of, json_schema_input_type=list[str])]
ModelNames = Annotated[tuple[ModelName, ...], BeforeValidator(_tuple_of, json_schema_input_type=list[str])]
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(_tuple_of, json_schema_input_type=list[Capability])]
Omitted = Annotated[tuple[Omittable, ...], BeforeValidator(_tuple_of, json_schema_input_type=list[Omittable])]
GateNames = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | list[str])]
Targets = Annotated[
    tuple[str, ...], Field(min_length=1), BeforeValidator(_one_or_many, json_schema_input_type=str | list[str])
]


class Section(BaseModel):
    """What all parts have in common: unknown keys are refused, nothing is converted in silence, all is frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


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


class Price(Section):
    """List prices in USD per million tokens, written exactly: `0.0375` is 0.0375."""

    input: Usd = Field(description="Input, USD per million tokens.")
    output: Usd = Field(description="Output, reasoning included, USD per million tokens.")
    cached_input: Usd | None = Field(
        default=None, description="Input read from the provider's prompt cache. Unset: costs what `input` costs."
    )
    cache_write: Usd | None = Field(
        default=None, description="Input written to the provider's prompt cache. Unset: costs what `input` costs."
    )
    per_request: Usd = Field(default=0, description="USD per request, whatever its size.")


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
        "the answer; 4096 is a good one for a reasoning model. Unset: none.",
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


TierNames = Annotated[tuple[Name, ...], BeforeValidator(_tier_names)]
TierRows = Annotated[
    dict[str, Tier | None],
    BeforeValidator(_tier_rows, json_schema_input_type=list[Name] | dict[Name, Tier | None]),
]


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
        default=None, ge=1, description="Floor of output tokens: room for hidden reasoning. Unset: none."
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


class ChainEntry(Section):
    """One policy of the chain."""

    use: str = Field(description="The installed policy; `pointsman plugins` lists them.")
    id: Name | None = Field(default=None, description="Its name in decisions and metrics. Unset: as `use`.")
    # Validated by the policy's own model, which only its plugin knows.
    with_: Mapping[str, Any] | None = Field(default=None, alias="with", description="The policy's options.")
    on_error: Literal["skip", "fail"] | None = Field(
        default=None,
        description="What its failure does to a request: go on without it, or refuse. Unset: `fail` for vetoes and "
        "admission, else `skip`.",
    )
    timeout: Duration = Field(
        default="1s", gt=0, validate_default=True, description="How long each of its asynchronous hooks may take."
    )
    shadow: bool = Field(default=False, description="Only record what it would have changed.")
    optional: bool = Field(default=False, description="Start without it, with a warning, where it cannot be loaded.")


Entries = Annotated[tuple[ChainEntry, ...], BeforeValidator(_tuple_of, json_schema_input_type=list[ChainEntry])]


class Gate(Section):
    """A quality gate: what says whether an answer is good enough."""

    use: str = Field(description="The installed gate; `pointsman plugins` lists them.")
    # Validated by the gate's own model, which only its plugin knows.
    with_: Mapping[str, Any] | None = Field(default=None, alias="with", description="The gate's options.")
    timeout: Duration = Field(default="5s", gt=0, validate_default=True, description="How long it may take to judge.")
    on_error: Literal["reject", "accept"] = Field(
        default="reject", description="What it counts as when it fails or is late."
    )


class Server(Section):
    """The server's doors and limits."""

    grpc: Address = Field(default="127.0.0.1:50051", description="Where the gRPC API listens.")
    http: OptionalAddress = Field(
        default="127.0.0.1:8080", description="Where metrics, health and the HTTP API listen; `off`: nowhere."
    )
    max_concurrent_requests: int = Field(default=1000, ge=1, le=1_000_000, description="Above it: OVERLOADED.")
    drain: Duration = Field(
        default="30s", validate_default=True, description="How long running requests may go on at a stop."
    )
    default_deadline: Duration = Field(
        default="300s", gt=0, validate_default=True, description="For a request that comes without a deadline."
    )
    max_deadline: Duration = Field(
        default="600s", gt=0, validate_default=True, description="No request runs longer, whatever its deadline."
    )
    uvloop: bool = Field(default=True, description="Run on uvloop where it is installed.")

    @field_validator("max_deadline")
    @classmethod
    def _above_the_default(cls, value: float, info: ValidationInfo) -> float:
        if value < (default := info.data.get("default_deadline", value)):
            raise ValueError(f"must not be below default_deadline, which is {default:g}s")
        return value


class Ledger(Section):
    """What is recorded of each request, and where."""

    path: str = Field(default="pointsman.db", min_length=1, description="SQLite file, from the working directory.")
    prompts: Literal["none", "text"] = Field(
        default="none", description="`text` keeps prompts; `none` keeps a hash. Answers are never kept."
    )
    synchronous: Literal["normal", "full"] = Field(
        default="normal", description="`full` survives a power cut too, with an fsync per commit."
    )


class Failover(Section):
    """What happens when a provider fails."""

    max_attempts: int = Field(
        default=4, ge=1, le=20, description="Targets that are tried one after the other, with the first."
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Once no other target is left: how often one that may do better in a moment is asked again, after "
        "an exponential wait with full jitter, or what its `retry-after` says.",
    )
    retry_budget: Share = Field(
        default="20%",
        validate_default=True,
        description="Retries and late hedges of all requests together, as a share of the requests of the last ten "
        "seconds; three are always allowed.",
    )
    blocked_elsewhere: bool = Field(
        default=True,
        description="Whether a prompt that one provider's content policy blocks is tried at other providers.",
    )


class Compliance(Section):
    """Whose requests only deterministic, explainable policies may decide."""

    tenants: Names = Field(min_length=1, description="The tenants it is for.")


class Health(Section):
    """When a model counts as down, from what came of the calls to it, and when it is tried again.

    Only what is the provider's fault counts: no answer, a 5xx, an answer that breaks off or is garbled. What a model
    refuses and what callers cancel do not. The policy `health` acts on it.
    """

    window: Duration = Field(
        default="30s", gt=0, validate_default=True, description="How far back failures are remembered."
    )
    min_requests: int = Field(
        default=10,
        ge=1,
        le=1_000_000,
        description="With fewer calls in the window their share of failures says nothing.",
    )
    error_ratio: float = Field(
        default=0.5, gt=0, le=1, description="Share of failures in the window from which a model is down."
    )
    degraded_ratio: float = Field(
        default=0.2,
        gt=0,
        le=1,
        validate_default=True,
        description="Share of failures in the window from which a model is degraded.",
    )
    consecutive_failures: int = Field(
        default=5, ge=1, le=1_000_000, description="So many failures in a row also mean that it is down."
    )
    open_for: Duration = Field(
        default="5s",
        gt=0,
        validate_default=True,
        description="How long it is then left alone, less up to a fifth; twice as long after each trial that fails.",
    )
    open_max: Duration = Field(default="2m", gt=0, validate_default=True, description="But never for longer than this.")
    key_for: Duration = Field(
        default="1m",
        gt=0,
        validate_default=True,
        description="The same as `open_for`, for a provider that refuses our key.",
    )
    trials: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="How many requests may try it at once after that, and how many answers make it count as up.",
    )

    @field_validator("degraded_ratio")
    @classmethod
    def _before_it_is_down(cls, value: float, info: ValidationInfo) -> float:
        if value > (ratio := info.data.get("error_ratio", value)):
            raise ValueError(f"must not be above error_ratio, which is {ratio:g}")
        return value

    @field_validator("open_max")
    @classmethod
    def _above_the_first(cls, value: float, info: ValidationInfo) -> float:
        if value < (first := info.data.get("open_for", value)):
            raise ValueError(f"must not be below open_for, which is {first:g}s")
        return value


class Timeouts(Section):
    """How long providers may be silent; pings and empty chunks count as silence. The caller's deadline bounds all."""

    connect: Duration = Field(default="5s", gt=0, validate_default=True, description="For a connection, TLS included.")
    first_content: Duration = Field(
        default="120s", gt=0, validate_default=True, description="To the first content of a streamed answer."
    )
    between_chunks: Duration = Field(
        default="30s",
        gt=0,
        validate_default=True,
        description="Between two pieces of content; also how long a caller may take none of it.",
    )


class Document(Section):
    """The whole of `pointsman.yaml`."""

    providers: dict[Name, Provider] = Field(
        min_length=1, description="Accounts at model providers, by a name of your choice."
    )
    models: dict[ModelName, Model] = Field(
        min_length=1, description="What requests can be routed to, by a name of your choice."
    )
    tiers: TierNames = Field(min_length=1)
    # The same key once more: what its names are for, where they are a mapping.
    tier_rows: TierRows = Field(
        validation_alias="tiers",
        description="Classes of models, cheapest first; failover stays within one, then goes up. A list of names, or a "
        "mapping that also says how calls to a tier are shaped.",
    )
    tasks: dict[Name, Task] = Field(min_length=1, description="The routing table: a row for each job.")
    default: str = Field(description="The task of a request for which nothing else was found.")
    tags: dict[str, str] = Field(default_factory=dict, description="Callers' own words, and the tasks they stand for.")
    strict_tags: bool = Field(default=False, description="Refuse an unknown tag instead of using `default`.")
    mode: ModeName = Field(default="balanced", description="The mode of a request that asks for none.")
    chain: Entries = Field(
        min_length=1,
        default_factory=lambda: tuple(ChainEntry.model_validate({"use": policy}) for policy in DEFAULT_CHAIN),
        description=f"The policies that decide, in this order and no others. Unset: {', '.join(DEFAULT_CHAIN)}.",
    )
    gates: dict[Name, Gate] = Field(
        default_factory=dict, description="What checks answers, by a name of your choice; task rows name them."
    )
    compliance: bool | Compliance = Field(
        default=False,
        description="Let only policies that are registered as deterministic assess, shape, choose and plan: for every "
        "request, or for those of some tenants. Others may still veto. `check-config --explain` says who decides then.",
    )
    server: Server = Field(default_factory=Server, description="Doors and limits.")
    ledger: Ledger = Field(default_factory=Ledger, description="Records.")
    failover: Failover = Field(default_factory=Failover, description="Providers that fail.")
    timeouts: Timeouts = Field(default_factory=Timeouts, description="Providers that are silent.")
    health: Health = Field(default_factory=Health, description="Models that are down.")
