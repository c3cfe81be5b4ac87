"""Deciding a recorded request again: under its own configuration from the ledger, or under another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pointsman.chain.lifecycle import entered
from pointsman.cli.wishes import Wish, grant
from pointsman.config.rules import build_rules, load_supposed, same_policies
from pointsman.config.settings import Config
from pointsman.engine.compare import Outline, Verdicts, first_differing, outline
from pointsman.engine.replay import Change, Outcome, Replay, recompute, unsignalled, what_if
from pointsman.engine.rules import Rules
from pointsman.errors import ConfigInvalid, NotReplayable, PluginRefused, RequestError
from pointsman.ledger.place import Place
from pointsman.ledger.recorded import find_config
from pointsman.model.catalogue import Model
from pointsman.model.decision import Decision, Refusal
from pointsman.model.record import Record, Recorded


@dataclass(frozen=True, slots=True)
class Wished:
    """What is asked about a record in the ledger at `ledger`. `config` None: the recorded configuration."""

    recorded: Recorded
    ledger: Place
    wishes: Sequence[Wish] = ()
    config: Path | None = None


class WhatIf(Struct, frozen=True):
    """The recorded decision and the one under the wishes. EQUAL: in everything that an outline has.

    `supposed` is None where it cannot be told, and `why` then says why; of `first_verdict` the first is the recorded.
    """

    outcome: Outcome
    recorded: Outline
    supposed: Outline | None = None
    why: str = ""
    first_verdict: Verdicts | None = None
    notes: tuple[str, ...] = ()


def decide_again(recorded: Recorded, ledger: Place) -> Replay:
    """The recorded decision, made again."""

    async def work() -> Replay:
        async with _recorded_rules(recorded.record, ledger) as (_, rules):
            return recompute(recorded, rules)

    try:
        return asyncio.run(work())
    except NotReplayable as failure:
        return Replay(Outcome.NOT_REPLAYABLE, str(failure))


def suppose_otherwise(wished: Wished) -> WhatIf:
    """What would have been decided. ConfigInvalid for the other configuration, RequestError for unknown names."""
    return asyncio.run(_another(wished) if wished.config else _the_same(wished))


async def _the_same(wished: Wished) -> WhatIf:
    record = wished.recorded.record
    try:
        async with _recorded_rules(record, wished.ledger) as (config, rules):
            granted = grant(wished.wishes, record, config.catalogue)
            change = Change(granted.request, granted.snapshot, rules, same_policies(config, config))
            return _compared(wished, rules, change, (*granted.notes, *_doubts(wished.recorded, rules)))
    except NotReplayable as failure:
        return WhatIf(Outcome.NOT_REPLAYABLE, _told(record, {}), why=str(failure))


async def _another(wished: Wished) -> WhatIf:
    record = wished.recorded.record
    assert wished.config is not None
    config = load_supposed(wished.config, record.snapshot.disabled_providers)
    granted = grant(wished.wishes, record, config.catalogue)
    change, notes = Change(granted.request, granted.snapshot, None, frozenset()), granted.notes
    built = build_rules(config)
    async with AsyncExitStack() as stack:
        try:
            before, rules = await stack.enter_async_context(_recorded_rules(record, wished.ledger))
            change = replace(change, before=rules, same_policies=same_policies(before, config))
            notes = (*notes, *_doubts(wished.recorded, rules))
        except NotReplayable as failure:
            notes = (*notes, f"the recorded decision cannot be made again: {failure}")
        await stack.enter_async_context(entered(built.chain))
        if unasked := unsignalled(granted.snapshot, built.rules):
            notes = (*notes, f"no signal was recorded for {', '.join(unasked)}, and none is asked for now")
        return _compared(wished, built.rules, change, notes)


def _compared(wished: Wished, rules: Rules, change: Change, notes: tuple[str, ...]) -> WhatIf:
    record, models = wished.recorded.record, rules.catalogue.models
    told = _told(record, models)
    try:
        decided = what_if(wished.recorded, rules, change)
    except NotReplayable as failure:
        return WhatIf(Outcome.NOT_REPLAYABLE, told, why=str(failure), notes=notes)
    except RequestError as refused:
        supposed = Outline(task="", mode="", reason=refused.message, excluded=(), refused=refused.reason)
        return WhatIf(_compared_outlines(told, supposed), told, supposed, notes=notes)
    supposed = outline(decided, models)
    verdicts = first_differing(record.decision, decided) if record.decision is not None else None
    return WhatIf(_compared_outlines(told, supposed), told, supposed, first_verdict=verdicts, notes=notes)


def _compared_outlines(told: Outline, supposed: Outline) -> Outcome:
    return Outcome.EQUAL if supposed == told else Outcome.DIFFERS


def _told(record: Record, models: Mapping[str, Model]) -> Outline:
    """The outline of what was recorded, whatever has become of its models."""
    decided: Decision | Refusal | None = record.decision
    if decided is None:
        return Outline(task="", mode="", reason=record.message, excluded=(), refused=record.status)
    return replace(outline(decided, models), provider=record.provider, tier=record.tier)


def _doubts(recorded: Recorded, rules: Rules) -> tuple[str, ...]:
    """Why not every difference need be due to the wishes."""
    replay = recompute(recorded, rules)
    if replay.outcome is Outcome.EQUAL:
        return ()
    if replay.outcome is Outcome.NOT_REPLAYABLE:
        return (f"the recorded decision cannot be made again: {replay.why}",)
    return ("the recorded decision comes out differently when it is made again, without any change; see --recompute",)


@asynccontextmanager
async def _recorded_rules(record: Record, ledger: Place) -> AsyncIterator[tuple[Config, Rules]]:
    """The configuration that decided, as it was, its policies entered. NotReplayable where it cannot be had."""
    version = record.snapshot.config_version
    document = find_config(ledger, version)
    if document is None:
        raise NotReplayable(f"configuration {version} is not in the ledger")
    try:
        config = load_supposed(document, record.snapshot.disabled_providers)
        built = build_rules(config)
        async with entered(built.chain):
            yield config, built.rules
    except ConfigInvalid as invalid:
        problems = [problem for problem in invalid.problems if problem.fatal]
        more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        raise NotReplayable(f"configuration {version} cannot be loaded here: {problems[0]}{more}") from None
    except PluginRefused as refused:
        raise NotReplayable(f"configuration {version} cannot be loaded here: {refused}") from None
