"""A loaded configuration: frozen values, ready for use, with secrets resolved and out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.chain.entry import Entry
from pointsman.chain.gates import GateEntry
from pointsman.config.schema.providers import Wire
from pointsman.config.schema.running import Failover, Health, Ledger, Server, Timeouts
from pointsman.config.schema.telemetry import Log
from pointsman.engine.probing import Probe
from pointsman.engine.rules import Compliance
from pointsman.errors import Problem
from pointsman.model.catalogue import Catalogue
from pointsman.providers.settings import ProviderSettings
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
    `packages` are the distributions that its policies come from, with their versions. `otlp` None: nothing is exported.
    """

    version: str
    document: str
    catalogue: Catalogue
    entries: tuple[Entry, ...]
    providers: Mapping[str, Account]
    server: Server
    ledger: Ledger
    failover: Failover
    timeouts: Timeouts
    health: Health
    log: Log
    otlp: OtlpSettings | None
    strict_tags: bool
    gates: tuple[GateEntry, ...]
    compliance: Compliance
    packages: tuple[str, ...]
    warnings: tuple[Problem, ...]
