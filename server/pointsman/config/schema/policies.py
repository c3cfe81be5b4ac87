"""`chain`, `gates` and `compliance`: who decides, and who judges answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pointsman.config.scalars import Duration, Name
from pointsman.config.schema.section import Names, Section, tuple_of

DEFAULT_CHAIN = ("override", "tags", "limits", "feasibility", "budgets", "health", "routing")


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


Entries = Annotated[tuple[ChainEntry, ...], BeforeValidator(tuple_of, json_schema_input_type=list[ChainEntry])]


class Gate(Section):
    """A quality gate: what says whether an answer is good enough."""

    use: str = Field(description="The installed gate; `pointsman plugins` lists them.")
    # Validated by the gate's own model, which only its plugin knows.
    with_: Mapping[str, Any] | None = Field(default=None, alias="with", description="The gate's options.")
    timeout: Duration = Field(default="5s", gt=0, validate_default=True, description="How long it may take to judge.")
    on_error: Literal["reject", "accept"] = Field(
        default="reject", description="What it counts as when it fails or is late."
    )


class Compliance(Section):
    """Whose requests only deterministic, explainable policies may decide."""

    tenants: Names = Field(min_length=1, description="The tenants it is for.")
