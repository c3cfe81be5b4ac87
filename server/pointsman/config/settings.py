"""A loaded configuration: frozen values, ready for use, with secrets resolved and out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pointsman.chain.entry import Entry
from pointsman.chain.gates import GateEntry
from pointsman.config.schema.access import Auth
from pointsman.config.schema.ledger import Ledger
from pointsman.config.schema.providers import Wire
from pointsman.config.schema.running import Failover, Health, Server, Timeouts
from pointsman.config.schema.telemetry import Log
from pointsman.engine.probing import Probe
from pointsman.engine.rules import Compliance
from pointsman.errors import LedgerUnavailable, Problem
from pointsman.ledger.place import Place, Postgres
from pointsman.model.budget import Budget
from pointsman.model.catalogue import Catalogue
from pointsman.providers.settings import ProviderSettings
from pointsman.stores.redis_options import RedisOptions
from pointsman.telemetry.propagation import Propagate
from pointsman.telemetry.settings import OtlpSettings


@dataclass(frozen=True, slots=True)
class Account:
    """One enabled provider: what its `wire` is told, secrets included (kept out of `repr`), and what its transport is.

    `ca_file` None: the system's authorities. `max_connections` None: the transport's own limit. `probe` None: never.
    """

    wire: Wire
    settings: ProviderSettings
    ca_file: str | None = None
    max_connections: int | None = None
    probe: Probe | None = None
    propagate: Propagate = "none"


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration. `version` is a hash of its content, whatever its comments; `document` the text as written.

    `providers` holds the enabled ones only, by id; models of the others are in the catalogue with `enabled=False`.
    `state` None: kept in memory. `packages` are the distributions that its policies come from, with their versions.
    `ledger_url` is what `ledger.url` refers to, "" where that is missing. `otlp` None: nothing is exported.
    """

    version: str
    document: str
    catalogue: Catalogue
    entries: tuple[Entry, ...]
    providers: Mapping[str, Account]
    auth: Literal["none", "open"] | Auth | None
    server: Server
    state: RedisOptions | None
    ledger: Ledger
    failover: Failover
    timeouts: Timeouts
    health: Health
    log: Log
    otlp: OtlpSettings | None
    strict_tags: bool
    gates: tuple[GateEntry, ...]
    budgets: tuple[Budget, ...]
    compliance: Compliance
    packages: tuple[str, ...]
    warnings: tuple[Problem, ...]
    ledger_url: str = field(default="", repr=False)

    @property
    def ledger_place(self) -> Place:
        """LedgerUnavailable where the URL of the database is missing."""
        if self.ledger.url is None:
            return Path(self.ledger.path)
        if not self.ledger_url:
            raise LedgerUnavailable(f"ledger.url: {self.ledger.url} is not set or empty; set it, or use ledger.path")
        return Postgres(self.ledger_url)
