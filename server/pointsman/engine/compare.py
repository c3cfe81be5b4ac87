"""Two decisions on the same request side by side: what people ask about first, and every value that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec import Struct

from pointsman.model.catalogue import Model
from pointsman.model.decision import Decision, Refusal, Verdict

Verdicts = tuple[Verdict | None, Verdict | None]


class Outline(Struct, frozen=True, kw_only=True):
    """A decision in short; of a refusal, `refused` is the reason and the targets are missing. Nano-USD.

    `plan` are the models in the order they would be tried, `excluded` are (model, entry, reason).
    """

    target: str = ""
    provider: str = ""
    tier: str = ""
    task: str
    mode: str
    decided_by: str = ""
    reason: str
    expected_nano_usd: int | None = None
    worst_case_nano_usd: int | None = None
    plan: tuple[str, ...] = ()
    excluded: tuple[tuple[str, str, str], ...]
    refused: str = ""


class Difference(Struct, frozen=True):
    """One value of two documents: `path` such as `ranking[0].estimate.input_tokens`; None: it is not there."""

    path: str
    # JSON-like.
    before: Any
    after: Any


def outline(decided: Decision | Refusal, models: Mapping[str, Model]) -> Outline:
    """What there is to say in short."""
    assessed = decided.assessed
    excluded = tuple((c.target, c.excluded_by, c.excluded_reason) for c in decided.excluded)
    if isinstance(decided, Refusal):
        return Outline(
            task=assessed.task,
            mode=assessed.mode.value,
            reason=decided.message,
            excluded=excluded,
            refused=decided.reason,
        )
    model, estimate = models.get(decided.target), decided.ranking[0].estimate
    for candidate in decided.ranking:
        if candidate.target == decided.target:
            estimate = candidate.estimate
    return Outline(
        target=decided.target,
        provider=model.provider if model else "",
        tier=model.tier if model else "",
        task=assessed.task,
        mode=assessed.mode.value,
        decided_by=decided.decided_by,
        reason=decided.reason,
        expected_nano_usd=estimate.expected_nano_usd,
        worst_case_nano_usd=estimate.worst_case_nano_usd,
        plan=tuple(attempt.target for stage in decided.plan.stages for attempt in stage.attempts),
        excluded=excluded,
    )


def first_differing(before: Decision | Refusal, after: Decision | Refusal) -> Verdicts | None:
    """The first verdicts that differ, in the order of the trace; None where all are the same."""
    pairs = zip_longest(before.trace, after.trace)
    return next((pair for pair in pairs if pair[0] != pair[1]), None)


def differences(before: Decision | Refusal, after: Decision | Refusal) -> Iterator[Difference]:
    """Every value that differs, in the order of the document."""
    return _differences("", _document(before), _document(after))


# JSON-like, as below.
def _document(decided: Decision | Refusal) -> Any:
    return msgspec.json.decode(msgspec.json.encode(decided))


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _differences(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        for index, (one, other) in enumerate(zip_longest(before, after)):
            yield from _differences(f"{path}[{index}]", one, other)
    elif before != after:
        yield Difference(path, before, after)
