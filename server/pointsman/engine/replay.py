"""Recorded decisions, made again: under what was recorded, or under something changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from pointsman.engine.compare import Difference, differences
from pointsman.engine.decide import decide
from pointsman.engine.memory import Inference, Key, Recollection
from pointsman.engine.rules import Rules
from pointsman.errors import NotReplayable
from pointsman.model.decision import Decision, Refusal
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot

_DIFFERENCES = 50


class Outcome(StrEnum):
    """EQUAL is byte for byte."""

    EQUAL = "EQUAL"
    DIFFERS = "DIFFERS"
    NOT_REPLAYABLE = "NOT_REPLAYABLE"


class Replay(Struct, frozen=True):
    """What became of it. `why` says why it could not be replayed; `differences` are the first fifty."""

    outcome: Outcome
    why: str = ""
    decision: Decision | Refusal | None = None
    differences: tuple[Difference, ...] = ()


class Change(Struct, frozen=True):
    """What is asked instead of what was recorded.

    `before` are the rules that were recorded, None where they are lost. `same_policies` are the ids of entries whose
    policy and options are still those of `before`.
    """

    request: Request
    snapshot: Snapshot
    before: Rules | None
    same_policies: frozenset[str]


def recompute(recorded: Recorded, rules: Rules) -> Replay:
    """Decide again what was decided, under the rules that were recorded and as the world was."""
    record = recorded.record
    if record.decision is None:
        return Replay(Outcome.NOT_REPLAYABLE, f"nothing was decided: the request failed before, with {record.status}")
    if rules.version != record.snapshot.config_version:
        return Replay(
            Outcome.NOT_REPLAYABLE,
            f"configuration {record.snapshot.config_version} has become {rules.version}: a file that it names says "
            "something else now",
        )
    try:
        again = decide(record.request, record.snapshot, rules, memory=_recollection(recorded))
    except NotReplayable as failure:
        return Replay(Outcome.NOT_REPLAYABLE, str(failure))
    if msgspec.json.encode(again) == msgspec.json.encode(record.decision):
        return Replay(Outcome.EQUAL, decision=again)
    found = tuple(islice(differences(record.decision, again), _DIFFERENCES))
    if packages := moved(record, rules):
        return Replay(Outcome.NOT_REPLAYABLE, f"it comes out differently, and {packages}", again, found)
    return Replay(Outcome.DIFFERS, decision=again, differences=found)


def what_if(recorded: Recorded, rules: Rules, change: Change) -> Decision | Refusal:
    """Decide the changed request. NotReplayable where that takes a text that is gone, RequestError as `Rules.check`."""
    rules.check(change.request)
    return decide(change.request, change.snapshot, rules, memory=_inference(recorded, rules, change))


def moved(record: Record, rules: Rules) -> str:
    """Which packages are not what they were when this was decided, in words; "" where all are."""
    if not record.packages or record.packages == rules.packages:
        return ""
    before, now = set(record.packages), set(rules.packages)
    return f"it was decided by {_named(before - now)}, and here is {_named(now - before)}"


def _named(packages: set[str]) -> str:
    return ", ".join(sorted(packages)) or "nothing in their place"


def _recollection(recorded: Recorded) -> Recollection | None:
    """The recorded answers of entries that read texts; None where the text is there, so that they can be asked."""
    return None if recorded.text_kept else Recollection(recorded.record.opinions)


def _inference(recorded: Recorded, rules: Rules, change: Change) -> Inference | None:
    recollection = _recollection(recorded)
    if recollection is None:
        return None
    same = change.same_policies if change.before else frozenset[str]()
    asked = _asked(recorded, change.before) if change.before else {}
    # A factory is given the catalogue: with another one, the same options may make another policy.
    alike = change.before is not None and rules.catalogue == change.before.catalogue
    asked = {key: arguments for key, arguments in asked.items() if alike and key[0] in same}
    return Inference(recollection, asked, lambda hook: hook.entry.id in same and hook.entry.plugin.reads_only_text)


def _asked(recorded: Recorded, rules: Rules) -> Mapping[Key, tuple[Any, ...]]:
    """What the recorded decision asked those that read texts, as far as it can be made again."""
    recollection = Recollection(recorded.record.opinions)
    with suppress(NotReplayable):
        decide(recorded.record.request, recorded.record.snapshot, rules, memory=recollection)
    return recollection.asked


def unsignalled(snapshot: Snapshot, rules: Rules) -> Sequence[str]:
    """The entries that would ask the world for a signal, and for whom none was recorded."""
    return [hook.entry.id for hook in rules.chain.gather if hook.entry.id not in snapshot.signals]
