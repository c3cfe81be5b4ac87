"""The whole of `pointsman.yaml`, as people write it. Documentation and editors' JSON Schema are made from here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pointsman.config.scalars import ModelName, Name
from pointsman.config.schema.access import Auth
from pointsman.config.schema.budgets import Budgets
from pointsman.config.schema.ledger import Ledger
from pointsman.config.schema.models import Model, TierNames, TierRows
from pointsman.config.schema.policies import DEFAULT_CHAIN, ChainEntry, Compliance, Entries, Gate
from pointsman.config.schema.providers import Provider
from pointsman.config.schema.running import Failover, Health, Server, Timeouts
from pointsman.config.schema.section import Section
from pointsman.config.schema.state import State
from pointsman.config.schema.tasks import ModeName, Task
from pointsman.config.schema.telemetry import Log, Telemetry


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
    budgets: Budgets = Field(
        default=(),
        description="What may be spent, by whom, and what happens as it runs low. A policy of kind `budget` "
        "in the chain heeds them.",
    )
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
    auth: Literal["none", "open"] | Auth | None = Field(
        default=None,
        description="Who may call: those with an API key, or with `none` everybody on this machine, or with `open` "
        "everybody who can reach a door. Must be said; unset, nothing is served.",
    )
    server: Server = Field(default_factory=Server, description="Doors and limits.")
    state: State = Field(default_factory=State, description="What outlives a request.")
    ledger: Ledger = Field(default_factory=Ledger, description="Records.")
    failover: Failover = Field(default_factory=Failover, description="Providers that fail.")
    timeouts: Timeouts = Field(default_factory=Timeouts, description="Providers that are silent.")
    health: Health = Field(default_factory=Health, description="Models that are down.")
    telemetry: Telemetry = Field(default_factory=Telemetry, description="Traces and metrics that are sent elsewhere.")
    log: Log = Field(default_factory=Log, description="What is logged of requests.")
