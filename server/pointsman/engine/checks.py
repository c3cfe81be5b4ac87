"""Are a policy's answers of the promised form? Each check returns what is wrong, without quoting it, or ""."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import wraps
from math import isfinite
from typing import ParamSpec

from pointsman.chain.texts import text_fault
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Assessment, Cause, Choice, Exclusion, Shape
from pointsman.model.plan import AttemptKind, Plan, Stage
from pointsman.model.request import Mode

P = ParamSpec("P")

_LONGEST_PIN = 30 * 86_400.0
_LONGEST_OFFSET = 600.0
_MOST_AT_ONCE = 16


def _total(check: Callable[P, str]) -> Callable[P, str]:
    @wraps(check)
    def examine(*arguments: P.args, **named: P.kwargs) -> str:
        try:
            return check(*arguments, **named)
        # Looking at a wrong answer may raise anything: its fields may be uniterable, unhashable or code of their own.
        except Exception:  # noqa: BLE001
            return "answered something that cannot be examined"

    return examine


@_total
def assessment_fault(answer: object, catalogue: Catalogue, names_only_tasks: bool = False) -> str:
    if not isinstance(answer, Assessment):
        return f"answered a {type(answer).__name__}, not an Assessment"
    if answer.task is not None and answer.task not in catalogue.tasks:
        return "named a task that is not configured"
    mode: object = answer.mode
    if mode is not None and not isinstance(mode, Mode):
        return "answered a mode that is no Mode"
    if mode is not None and names_only_tasks:
        return "answered a mode, but is registered with names_only_tasks=True"
    if answer.confidence is not None and not _within(answer.confidence, 0.0, 1.0):
        return "answered a confidence outside 0..1"
    return text_fault(answer.source)


@_total
def shape_fault(answer: object) -> str:
    if not isinstance(answer, Shape):
        return f"answered a {type(answer).__name__}, not a Shape"
    limits: tuple[object, ...] = (answer.max_output_tokens, answer.min_output_tokens)
    for limit in limits:
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            return "answered an output limit that is not a positive whole number"
    if answer.temperature_cap is not None and not _within(answer.temperature_cap, 0.0, 2.0):
        return "answered a temperature cap outside 0..2"
    return text_fault(answer.system_prompt or "")


@_total
def exclusions_fault(answer: object, known: Container[str]) -> str:
    # The usual types first: asking an abstract class is many times slower.
    if not isinstance(answer, (tuple, list, Sequence)) or isinstance(answer, str):
        return f"answered a {type(answer).__name__}, not a sequence of Exclusion"
    for exclusion in answer:
        if not isinstance(exclusion, Exclusion):
            return f"excluded with a {type(exclusion).__name__}, not an Exclusion"
        if exclusion.target not in known:
            return "excluded a model that is not configured or not enabled"
        cause: object = exclusion.cause
        if not isinstance(cause, Cause):
            return "excluded for a cause that is no Cause"
        yields: object = exclusion.yields
        if not isinstance(yields, bool):
            return f"excluded with a {type(yields).__name__} where it says whether it yields"
        reason: object = exclusion.reason
        scope: object = exclusion.scope
        if not (isinstance(reason, str) and isinstance(scope, str)):
            return text_fault(reason) or text_fault(scope)
    # Together: there may be hundreds.
    return text_fault("".join([each.reason + each.scope for each in answer])) if answer else ""


@_total
def choice_fault(answer: object, catalogue: Catalogue) -> str:
    if not isinstance(answer, Choice):
        return f"answered a {type(answer).__name__}, not a Choice"
    if not answer.targets:
        return "chose nothing; None is the way to have no opinion"
    targets: object = answer.targets
    if isinstance(targets, str):
        return "chose a text, not a sequence of models"
    if any(target not in catalogue.models for target in answer.targets):
        return "chose a model that is not configured"
    return text_fault(answer.reason)


@_total
def plan_fault(answer: object, ranking: Container[str], gates: Container[str]) -> str:
    if not isinstance(answer, Plan):
        return f"answered a {type(answer).__name__}, not a Plan"
    if not answer.stages:
        return "planned no stage"
    if any(attempt.kind is AttemptKind.ASSIST for stage in answer.stages for attempt in stage.attempts):
        return "planned an attempt of kind assist, which is a policy's own question"
    ttl: object = answer.pin_ttl
    if ttl is not None and not (_within(ttl, 0.0, _LONGEST_PIN) and ttl):
        return "planned to pin the session for a time that is not above 0 and at most 30 days"
    return next((fault for stage in answer.stages if (fault := _stage_fault(stage, ranking, gates))), "")


def _stage_fault(stage: Stage, ranking: Container[str], gates: Container[str]) -> str:
    samples: object = stage.samples
    if type(samples) is not int or samples < 1 or not 0 < samples * len(stage.attempts) <= _MOST_AT_ONCE:
        return f"planned a stage of no attempt, or of more than {_MOST_AT_ONCE} with their samples"
    if samples > 1 and not stage.gates:
        return "planned several samples, and no gate to judge them"
    if any(gate not in gates for gate in stage.gates):
        return "planned a gate that is not configured"
    if len({attempt.target for attempt in stage.attempts}) < len(stage.attempts):
        return "planned a target beside itself; `samples` asks one several times"
    for attempt in stage.attempts:
        if attempt.target not in ranking:
            return "planned a target that is not ranked"
        kind: object = attempt.kind
        if not isinstance(kind, AttemptKind):
            return "planned an attempt of a kind that is no AttemptKind"
        if not _within(attempt.start_after, 0.0, _LONGEST_OFFSET):
            return "planned a start that is not 0 to 600 seconds after its stage's"
    return "planned a stage whose first attempt waits" if stage.attempts[0].start_after else ""


def _within(number: object, low: float, high: float) -> bool:
    return isinstance(number, (int, float)) and isfinite(number) and low <= number <= high
