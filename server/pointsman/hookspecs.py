"""Every hook a policy can implement, grouped by phase; a spec function is the interface.

A policy implements any of them on an object made by its registered factory, each marked with `@hookimpl`. Hooks of one
phase are called in the order of the configuration's `chain`, never by pluggy's own order. An implementation may leave
out arguments it does not need. Hooks marked *pure* must not read clocks, random numbers, files or sockets, nor change
their arguments: the same request and snapshot must give the same answer, or decisions could not be made again. Where
None says nothing, `NoOpinion(reason)` says nothing and why, in the trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from pointsman.model.attempt import Attempt
from pointsman.model.decision import Assessed, Assessment, Choice, Exclusion, NoOpinion, Shape, Shaped
from pointsman.model.events import Event
from pointsman.model.plan import Plan, PlannedAttempt
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.services import Denial, Lease, Services

API_VERSION = 1
"""Major version of this file. A plugin declares the one it was written for as `POINTSMAN_API` in its module."""

PROJECT = "pointsman"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# --- gather: ask the world ---------------------------------------------------------------------------------------


@hookspec
async def pointsman_gather_signal(request: Request, prior: Assessed, services: Services) -> Any:
    """Ask something that needs I/O, such as a remote classifier; all policies are asked at once.

    `prior` is what `pointsman_assess_request` says without any signal: skip a paid question that it already answers.
    The answer is found in `snapshot.signals[entry id]`; None: no signal. It must be JSON-like (None, bool, int, float,
    str, list, dict), since it is recorded so that the decision can be made again. `services.ask` asks a configured
    model. Has the entry's `timeout`; failing or late, the signal is missing and the chain goes on, unless the entry
    says `on_error: fail`.
    """


# --- decide: pure ------------------------------------------------------------------------------------------------


@hookspec
def pointsman_assess_request(request: Request, snapshot: Snapshot) -> Assessment | NoOpinion | None:
    """Pure. Say what task this is, or in which mode it should run; None: no opinion.

    Opinions are merged field by field, the first in chain order wins. A task must be a configured task row and a
    confidence a number from 0 to 1, or the policy has failed. The caller's own mode wins over every opinion. A policy
    registered with `names_only_tasks` is not asked where an entry before it named the task.
    """


@hookspec
def pointsman_shape_request(request: Request, snapshot: Snapshot, assessment: Assessed, target: str) -> Shape | None:
    """Pure. Say how a call to `target` (a model id) should be shaped; called for every enabled model.

    Merged: the lowest cap, the highest floor, the lowest temperature cap, the first system prompt. A floor beats caps;
    a caller's own maximum below the floor excludes the target. Return the same object for the same answer: merging is
    then free.
    """


@hookspec
def pointsman_exclude_targets(  # type: ignore[empty-body]  # a spec has no body
    request: Request, snapshot: Snapshot, assessment: Assessed, shaped: Mapping[str, Shaped]
) -> Sequence[Exclusion] | NoOpinion:
    """Pure. Veto targets; an empty sequence vetoes none.

    None is a failure: a forgotten `return` must not let anything pass. `shaped` holds every enabled model with its cost
    and token estimates. Vetoes are a union: no order can bypass one. One that `yields` is a guess, and lifted where
    nothing would be left to try.
    A failure here fails the request, unless the entry says `on_error: skip`.
    """


@hookspec
def pointsman_choose_targets(
    request: Request, snapshot: Snapshot, assessment: Assessed, candidates: Mapping[str, Shaped]
) -> Choice | NoOpinion | None:
    """Pure. Choose among `candidates` (what no veto excluded, in catalogue order); None: no opinion.

    The first choice that names a candidate wins. A choice that names excluded models is followed as far as it goes;
    with `exclusive` nothing else is tried.
    """


@hookspec
def pointsman_plan_attempts(
    request: Request, snapshot: Snapshot, assessment: Assessed, plan: Plan, ranking: Mapping[str, Shaped]
) -> Plan | NoOpinion | None:
    """Pure. Wrap or replace the plan so far; None: leave it. Each policy in order gets the plan of the one before.

    The first is given sequential failover over the `ranking`: all that may be tried, in that order, of which the plan
    names the first few. A plan may name only ranked targets and configured gates, and at most 16 attempts a stage.
    """


# --- run: admission and settlement -------------------------------------------------------------------------------


@hookspec
async def pointsman_admit_attempt(
    attempt: PlannedAttempt, request: Request, assessment: Assessed, services: Services
) -> Lease | Denial | None:
    """Grant a lease for one attempt or deny it, before it starts; None: no opinion.

    Every policy is asked. One denial is enough: a hedge or a sample is then left out, an escalation may end with the
    answer so far; otherwise the target is excluded and the rest of the request decided again.
    Fails closed: a policy that raises or is late denies, unless the entry's `on_error` skips it or fails the request.
    """


@hookspec
async def pointsman_settle_attempt(
    attempt: PlannedAttempt, outcome: Attempt | None, lease: Lease | None, request: Request, services: Services
) -> None:
    """Give back or charge a lease. Called for every attempt that was asked to be admitted, whatever happened to it.

    `outcome` is None when the attempt was never made, because another policy denied it. Shielded from cancellation.
    """


# --- observe -----------------------------------------------------------------------------------------------------


@hookspec
def pointsman_observe(event: Event) -> None:
    """Look at what happened. Must return at once: it runs on the event loop. Errors are logged, no more."""
