"""Decide: (request, snapshot, rules) → decision or refusal. Pure: no clock, no random numbers, no I/O, no logging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from pointsman.chain.calling import SILENT, UNWATCHED, Memory, Watch
from pointsman.chain.loading import Chain
from pointsman.engine import checks
from pointsman.engine.deliberation import Deliberation, deliberate
from pointsman.engine.ranking import rank
from pointsman.engine.refusal import refuse
from pointsman.engine.rules import Rules
from pointsman.engine.shaping import shape_targets
from pointsman.errors import PluginFailed, Reason
from pointsman.model.decision import (
    Assessed,
    Assessment,
    Candidate,
    Cause,
    Choice,
    Decision,
    Exclusion,
    PolicyKind,
    Refusal,
    Shaped,
    VerdictOutcome,
)
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage
from pointsman.model.request import Request
from pointsman.model.snapshot import Latency, Snapshot


def decide(
    request: Request,
    snapshot: Snapshot,
    rules: Rules,
    watch: Watch = UNWATCHED,
    memory: Memory | None = None,
) -> Decision | Refusal:
    """What to do with a request in this world under these rules; equal arguments give equal bytes.

    `memory` has the answers of entries that read the prompt, for a request without its text; NotReplayable where one
    is missing.
    """
    return _decide(deliberate(request, snapshot, rules, watch=watch, memory=memory))


def decide_with_shadows(
    request: Request, snapshot: Snapshot, rules: Rules, watch: Watch = UNWATCHED
) -> Decision | Refusal | None:
    """What the shadow entries would make of it; None where there are none."""
    return _decide(deliberate(request, snapshot, rules, rules.shadowed, watch=watch)) if rules.shadowed else None


def _decide(d: Deliberation) -> Decision | Refusal:
    assessed: Assessed | None = None
    try:
        assessed = assess(d)
        shaped = shape_targets(d, assessed)
        exclude(d, assessed, shaped)
        selected = _select(d, assessed, shaped)
        if not selected.ranking and (by := d.vetoes.yielding()):
            d, selected = _select_anyway(d, assessed, shaped, selected, by)
        choice, chosen_by, ranking = selected
        if not ranking:
            return refuse(d, assessed, choice, shaped)
        plan = _plan(d, assessed, ranking, shaped)
    except PluginFailed as failure:
        return _stopped(d, assessed or unassessed(d), failure)
    decided_by, kind, reason = _attribute(assessed, choice, chosen_by, d.chain)
    planned = plan.targets()
    return Decision(
        target=plan.stages[0].attempts[0].target,
        assessed=assessed,
        decided_by=decided_by,
        decided_by_kind=kind,
        reason=reason,
        ranking=_candidates(ranking, shaped, d.snapshot.latencies),
        excluded=d.vetoes.candidates(shaped),
        shaped=tuple([shaped[target] for target in ranking if target in planned]),
        plan=plan,
        trace=tuple(d.asking.verdicts),
        config_version=d.rules.version,
    )


def unassessed(d: Deliberation) -> Assessed:
    """The request as it is before anybody said anything of it."""
    mode = d.request.hints.mode or d.catalogue.default_mode
    return Assessed(d.catalogue.default_task, mode, 0.0, "default")


def assess(d: Deliberation) -> Assessed:
    """Merge the policies' opinions field by field, first wins; the caller's own mode wins over all."""
    named: tuple[Assessment, str] | None = None
    mode = d.request.hints.mode
    for hook in d.chain.assess:
        if named is not None and hook.names_only_tasks:
            d.asking.note(hook, VerdictOutcome.NO_OPINION, f"not asked: {named[1]} named the task")
            continue
        opinion = d.asking.ask(hook, d.request, d.snapshot)
        if opinion is SILENT:
            continue
        if opinion is None:
            d.asking.note_silence(hook)
            continue
        if fault := checks.assessment_fault(opinion, d.catalogue, hook.names_only_tasks):
            d.asking.fail(hook, fault)
            continue
        if named is None and opinion.task is not None:
            named = opinion, hook.entry.id
        mode = mode or opinion.mode
        d.asking.note(hook, VerdictOutcome.SELECTED, _describe(opinion))
    assessed = unassessed(d)
    mode = mode or assessed.mode
    if named is None:
        return Assessed(assessed.task, mode, assessed.confidence, assessed.source)
    opinion, by = named
    confidence = 1.0 if opinion.confidence is None else opinion.confidence
    return Assessed(opinion.task or assessed.task, mode, confidence, opinion.source, by)


def _describe(opinion: Assessment) -> str:
    source = f" from {opinion.source}" if opinion.source else ""
    if opinion.task and opinion.mode:
        return f"task {opinion.task} and mode {opinion.mode}{source}"
    if opinion.task:
        return f"task {opinion.task}{source}"
    return f"mode {opinion.mode}{source}" if opinion.mode else source


def exclude(d: Deliberation, assessed: Assessed, shaped: Mapping[str, Shaped]) -> None:
    """Vetoes are a union: every policy sees all targets, so that no order can bypass one."""
    for denial in d.snapshot.denials:
        d.vetoes.add(denial, "admission")
    # Not a policy's task, since no chain may forget it.
    for model in d.rules.reserved:
        if not model.open_to(d.request.tenant):
            d.vetoes.add(Exclusion(model.id, Cause.POLICY, f"not for tenant {d.request.tenant!r}"), "tenants")
    left = len(shaped) - len(d.vetoes)
    for hook in d.chain.exclude:
        exclusions = d.asking.ask(hook, d.request, d.snapshot, assessed, shaped)
        if exclusions is SILENT:
            continue
        # Nothing is what most policies exclude of most requests, and needs no looking at.
        nothing = (type(exclusions) is tuple or type(exclusions) is list) and not exclusions
        if not nothing and (fault := checks.exclusions_fault(exclusions, shaped)):
            d.asking.fail(hook, fault)
            continue
        if nothing or not exclusions:
            d.asking.note(hook, VerdictOutcome.NO_OPINION, "", left, left)
            continue
        d.vetoes.add_all(exclusions, hook.entry.id)
        before, left = left, len(shaped) - len(d.vetoes)
        d.asking.note(hook, VerdictOutcome.NARROWED, exclusions[0].reason, before, left)


class _Selected(NamedTuple):
    """The choice, the entry that made it, and what to try, in order."""

    choice: Choice | None
    chosen_by: str
    ranking: tuple[str, ...]


def _select(d: Deliberation, assessed: Assessed, shaped: Mapping[str, Shaped]) -> _Selected:
    candidates = d.vetoes.spared(shaped)
    choice, chosen_by = _choose(d, assessed, candidates)
    return _Selected(choice, chosen_by, rank(choice, candidates, d.rules, d.vetoes))


def _select_anyway(
    d: Deliberation, assessed: Assessed, shaped: Mapping[str, Shaped], nothing: _Selected, by: frozenset[str]
) -> tuple[Deliberation, _Selected]:
    """Once more without the vetoes that yield, made by the entries `by`; all as it was where that does not help."""
    before, firm = len(shaped) - len(d.vetoes), d.vetoes.firm()
    noted = len(d.asking.verdicts)
    for hook in d.chain.exclude:
        if hook.entry.id in by:
            reason = "its vetoes that yield are lifted: with them nothing would be left to try"
            d.asking.note(hook, VerdictOutcome.REJECTED, reason, before, len(shaped) - len(firm))
    without = replace(d, vetoes=firm)
    selected = _select(without, assessed, shaped)
    if selected.ranking:
        return without, selected
    del d.asking.verdicts[noted:]
    return d, nothing


def _choose(d: Deliberation, assessed: Assessed, candidates: Mapping[str, Shaped]) -> tuple[Choice | None, str]:
    """The first choice that leaves something to try, and the entry that made it."""
    missed: tuple[Choice | None, str] = (None, "")
    for hook in d.chain.choose:
        choice = d.asking.ask(hook, d.request, d.snapshot, assessed, candidates)
        if choice is SILENT:
            continue
        if choice is None:
            d.asking.note_silence(hook)
            continue
        if fault := checks.choice_fault(choice, d.catalogue):
            d.asking.fail(hook, fault)
            continue
        named, left = len(choice.targets), len([target for target in choice.targets if target in candidates])
        if left or choice.exclusive:
            d.asking.note(hook, VerdictOutcome.SELECTED, choice.reason, named, left)
            return choice, hook.entry.id
        d.asking.note(hook, VerdictOutcome.REJECTED, f"{choice.reason}; {_why_not(d, choice)}", named, 0)
        if missed[0] is None:
            missed = choice, hook.entry.id
    # Nobody's choice is available: its equivalents are the next best, which ranking knows how to find.
    return missed


def _why_not(d: Deliberation, choice: Choice) -> str:
    """Why nothing of a choice can be followed; of several targets the reasons stand at the candidates."""
    if len(choice.targets) > 1:
        return "all of it is excluded"
    vetoes = d.vetoes.of(choice.targets[0])
    return f"excluded by {vetoes[0][1]}: {vetoes[0][0].reason}" if vetoes else "it is not enabled"


def _plan(d: Deliberation, assessed: Assessed, ranking: Sequence[str], shaped: Mapping[str, Shaped]) -> Plan:
    """Sequential failover over the ranking, as the planners wrap or replace it."""
    plan = Plan(tuple([_stage(target, i) for i, target in enumerate(ranking[: d.rules.max_attempts])]))
    if not d.chain.plan:
        return plan
    ranked = {target: shaped[target] for target in ranking}
    for hook in d.chain.plan:
        wrapped = d.asking.ask(hook, d.request, d.snapshot, assessed, plan, ranked)
        if wrapped is SILENT:
            continue
        if wrapped is None:
            d.asking.note_silence(hook)
            continue
        if fault := checks.plan_fault(wrapped, ranked, d.rules.gates):
            d.asking.fail(hook, fault)
            continue
        if wrapped.pin_ttl is None:
            wrapped = replace(wrapped, pin_ttl=plan.pin_ttl)
        outcome = VerdictOutcome.NO_OPINION if wrapped.stages == plan.stages else VerdictOutcome.REORDERED
        reason = f"{len(wrapped.stages)} stages"
        if wrapped.pin_ttl != plan.pin_ttl:
            reason = f"{reason}; pins the session for {wrapped.pin_ttl:g} s"
        d.asking.note(hook, outcome, reason, len(plan.stages), len(wrapped.stages))
        plan = wrapped
    return plan


def _stage(target: str, position: int) -> Stage:
    return Stage((PlannedAttempt(target, AttemptKind.FAILOVER if position else AttemptKind.PRIMARY),))


def _candidates(
    ranking: Sequence[str], shaped: Mapping[str, Shaped], latencies: Mapping[str, Latency]
) -> tuple[Candidate, ...]:
    return tuple(
        [
            Candidate(target, shaped[target].estimate, latency.p50 if (latency := latencies.get(target)) else None)
            for target in ranking
        ]
    )


def _stopped(d: Deliberation, assessed: Assessed, failure: PluginFailed) -> Refusal:
    return Refusal(
        reason=Reason.INTERNAL,
        message=str(failure),
        assessed=assessed,
        excluded=(),
        violations=((failure.policy, f"failed in {failure.hook}"),),
        metadata=(),
        trace=tuple(d.asking.verdicts),
        config_version=d.rules.version,
    )


def _attribute(assessed: Assessed, choice: Choice | None, chosen_by: str, chain: Chain) -> tuple[str, PolicyKind, str]:
    """Who settled it: whoever named the task where the choice only looked up its row, otherwise who chose."""
    if choice is None:
        return "default", PolicyKind.DEFAULT, "no policy chose; the cheapest candidate"
    if not choice.follows_task:
        return chosen_by, chain.kind_of(chosen_by), choice.reason
    if assessed.task_by:
        return assessed.task_by, chain.kind_of(assessed.task_by), f"{assessed.source}: {choice.reason}"
    return chosen_by, PolicyKind.DEFAULT, f"nothing matched: {choice.reason}"
