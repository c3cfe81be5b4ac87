"""`server`, `failover`, `health` and `timeouts`: how requests are run."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from pointsman.config.scalars import Address, Duration, OptionalAddress, OptionalDuration, Share
from pointsman.config.schema.access import Tls
from pointsman.config.schema.section import Section


class Server(Section):
    """The server's doors and limits."""

    grpc: Address = Field(default="127.0.0.1:50051", description="Where the gRPC API listens.")
    http: OptionalAddress = Field(
        default="127.0.0.1:8080", description="Where metrics and health listen; `off`: nowhere."
    )
    api: OptionalAddress = Field(
        default=None,
        description="Where the HTTP API listens, which OpenAI's and Anthropic's clients speak; `off`: nowhere.",
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
    tls: Tls | None = Field(default=None, description="TLS at the gRPC door and the HTTP API. Unset: plaintext.")
    max_connection_age: Duration | None = Field(
        default=None,
        gt=0,
        description="After so long a connection takes no new calls, and its client opens another, perhaps at another "
        "worker or replica; running calls may end. Unset: 5m with several workers, otherwise never.",
    )
    watch: OptionalDuration = Field(
        default="1s",
        ge=0.1,
        validate_default=True,
        description="How often this file and those that it names are looked at; what has changed is taken over. `off`: "
        "only on SIGHUP and by `pointsman reload`.",
    )
    uvloop: bool = Field(default=True, description="Run on uvloop where it is installed.")

    @field_validator("max_deadline")
    @classmethod
    def _above_the_default(cls, value: float, info: ValidationInfo) -> float:
        if value < (default := info.data.get("default_deadline", value)):
            raise ValueError(f"must not be below default_deadline, which is {default:g}s")
        return value


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
