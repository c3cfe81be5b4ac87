"""From a loaded configuration to the rules that decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from pointsman.chain.entry import Entry
from pointsman.chain.gates import build_gates
from pointsman.chain.lifecycle import entered
from pointsman.chain.loading import Chain, build_chain
from pointsman.config.load import load
from pointsman.config.settings import Config
from pointsman.engine.retries import Retries
from pointsman.engine.rules import Rules, Timers
from pointsman.errors import ConfigInvalid, PluginRefused, Problem

# Where providers would be called, which nobody does.
_NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Built:
    """`chain` is the whole of it, shadow entries included; `refused` are optional entries that could not be made."""

    rules: Rules
    chain: Chain
    refused: tuple[PluginRefused, ...]


def build_rules(config: Config) -> Built:
    """Make the policies, and the rules over them; PluginRefused as `build_chain` raises it."""
    chain, refused = build_chain(config.entries, config.catalogue)
    timeouts = config.timeouts
    rules = Rules.of(
        config.version,
        config.catalogue,
        chain,
        max_attempts=config.failover.max_attempts,
        strict_tags=config.strict_tags,
        compliance=config.compliance,
        timers=Timers(timeouts.connect, timeouts.first_content, timeouts.between_chunks),
        gates=build_gates(config.gates, config.catalogue),
        retries=Retries(config.failover.retries, config.failover.retry_budget),
        blocked_elsewhere=config.failover.blocked_elsewhere,
        packages=config.packages,
        budgets=config.budgets,
    )
    return Built(rules, chain, refused)


def load_supposed(document: Path | str, disabled: Collection[str] = ()) -> Config:
    """A configuration to decide under and run nothing: no secret is looked for, and every provider is there.

    Those that are `disabled` are not. ConfigInvalid as `load`.
    """
    config = load(document, {}, simulated=_NOWHERE, require_provider=False)
    return replace(config, catalogue=config.catalogue.without(disabled))


@asynccontextmanager
async def supposed_rules(document: str, active: Rules) -> AsyncIterator[Rules]:
    """The rules of a document to simulate; of the providers that it shares with those active, the same are disabled."""

    def build() -> Built:
        return build_rules(load_supposed(document, active.disabled_providers))

    try:
        # Off the event loop: reading, importing and building take as long as a start does.
        built = await asyncio.to_thread(build)
        async with entered(built.chain, built.rules.gates):
            yield built.rules
    except PluginRefused as refused:
        raise ConfigInvalid([Problem("chain", str(refused))]) from refused


def same_policies(before: Config, after: Config) -> frozenset[str]:
    """The ids of entries that use the same policy with the same options in both."""
    known = dict(_policies(before))
    return frozenset(id for id, policy in _policies(after) if known.get(id) == policy)


def _policies(config: Config) -> Iterator[tuple[str, tuple[str, object]]]:
    return ((entry.id, (entry.use, _options(entry))) for entry in config.entries)


def _options(entry: Entry) -> object:
    options = entry.options
    return options.model_dump(mode="json", by_alias=True) if isinstance(options, BaseModel) else options
