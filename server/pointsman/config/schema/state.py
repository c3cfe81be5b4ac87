"""`state`: where is kept what outlives a request."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pointsman.config.scalars import Duration, Name, parse_reference
from pointsman.config.schema.section import Section
from pointsman.stores.redis_options import parse_address


class State(Section):
    """Budgets, pins, health and policies' own values: in one process's memory, or in a Redis that all share.

    [Scaling](scaling.md) says what is shared, and what happens while Redis is away.
    """

    store: Literal["memory", "redis"] = Field(
        default="memory", description="`redis` for several workers or machines; needs the extra `pointsman[redis]`."
    )
    url: str | None = Field(
        default=None,
        validate_default=True,
        description="Where Redis is: `redis://host:6379/0`, `rediss://` for TLS or `unix:///path?db=0`; with a "
        "password only as a reference such as `${REDIS_URL}`.",
    )
    ca_file: str | None = Field(
        default=None, description="Authorities that may sign Redis's certificate. Unset: the system's."
    )
    prefix: Name = Field(default="pointsman", description="What all keys begin with; whoever shares it shares state.")
    timeout: Duration = Field(
        default="40ms",
        gt=0,
        le=1,
        validate_default=True,
        description="For an answer of Redis. Without one in time it counts as away, for every request at once.",
    )
    when_down: Literal["refuse", "last_known"] = Field(
        default="refuse",
        description="While Redis is away: answer STATE_UNAVAILABLE, or go on with what was last known.",
    )
    share: int = Field(
        default=4,
        ge=1,
        le=10_000,
        description="With `last_known`: by how many processes what budgets had left is divided meanwhile; not less "
        "than there are.",
    )

    @field_validator("url", mode="before")
    @classmethod
    def _no_secret_in_it(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            if info.data.get("store") == "redis":
                raise ValueError("is missing: say where Redis is, such as ${REDIS_URL} or redis://127.0.0.1:6379/0")
            return value
        if not isinstance(value, str):
            raise ValueError("must be a URL, or a reference to one such as ${REDIS_URL}")
        if parse_reference(value) is None and parse_address(value).password:
            raise ValueError("must hold no password; put the URL into the environment, and a reference here")
        return value

    @model_validator(mode="after")
    def _nothing_ignored(self) -> Self:
        if self.store == "memory" and (others := sorted(self.model_fields_set - {"store"})):
            raise ValueError(f"{', '.join(others)} would do nothing in memory; say `store: redis`, or leave them out")
        return self
