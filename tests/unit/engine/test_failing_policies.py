"""Policies that raise or answer nonsense: skipped or refused by kind and `on_error`, and named without quoting them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest
from tests.unit.engine.policies import Assesses, Chooses, Excludes, Plans, Shapes, always, entry, raising

from pointsman.chain.entry import OnError
from pointsman.engine.decide import decide
from pointsman.errors import Reason
from pointsman.model.decision import (
    Assessment,
    Cause,
    Choice,
    Decision,
    Exclusion,
    NoOpinion,
    Refusal,
    Shape,
    VerdictOutcome,
)
from pointsman.model.plan import AttemptKind, Plan, PlannedAttempt, Stage
from pointsman.testing import make_request, make_rules, make_snapshot

RAISED = [ValueError("secret"), BaseException("secret"), SystemExit(1), asyncio.CancelledError()]
HOOKS: dict[str, Callable[[Callable[..., Any]], object]] = {
    "assess_request": Assesses,
    "shape_request": Shapes,
    "exclude_targets": Excludes,
    "choose_targets": Chooses,
    "plan_attempts": Plans,
}


class Hostile:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("secret")


def twice(target: str) -> Stage:
    return Stage((PlannedAttempt(target), PlannedAttempt(target)))


# Policies are not all type-checked: these are answers that the annotations forbid.
_any: Any = lambda value: value  # noqa: E731

NONSENSE = [
    ("assess_request", "code"),
    ("assess_request", {"task": "code"}),
    ("assess_request", Assessment(task="not-a-task")),
    ("assess_request", Assessment(task=_any(["code"]))),
    ("assess_request", Assessment(mode=_any("ludicrous"))),
    ("assess_request", Assessment(confidence=nan)),
    ("assess_request", Assessment(source="\ud800")),
    ("assess_request", NoOpinion("\ud800")),
    ("shape_request", Shape(system_prompt="\ud800")),
    ("exclude_targets", [Exclusion("mini", Cause.POLICY, "\ud800")]),
    ("exclude_targets", [Exclusion("mini", Cause.POLICY, "no", "\ud800")]),
    ("choose_targets", Choice(("mini",), "\ud800")),
    ("assess_request", Assessment(confidence=1.5)),
    ("assess_request", Assessment(confidence=_any("high"))),
    ("assess_request", Assessment(confidence=_any(10**400))),
    ("shape_request", 256),
    ("shape_request", Shape(max_output_tokens=0)),
    ("shape_request", Shape(min_output_tokens=_any(nan))),
    ("shape_request", Shape(max_output_tokens=_any(2.5))),
    ("shape_request", Shape(temperature_cap=inf)),
    ("shape_request", Shape(temperature_cap=-1)),
    ("shape_request", Shape(system_prompt=_any(7))),
    ("exclude_targets", None),
    ("exclude_targets", "mini"),
    ("exclude_targets", ["mini"]),
    ("exclude_targets", {"mini": "no"}),
    ("exclude_targets", [None]),
    ("exclude_targets", [Exclusion("not-a-model", Cause.POLICY, "no")]),
    ("exclude_targets", [Exclusion(_any(["mini"]), Cause.POLICY, "no")]),
    ("exclude_targets", [Exclusion("mini", _any("spite"), "no")]),
    ("exclude_targets", [Exclusion("mini", Cause.POLICY, _any(None))]),
    ("exclude_targets", [Exclusion("mini", Cause.POLICY, "no", yields=_any("perhaps"))]),
    ("choose_targets", "mini"),
    ("choose_targets", ["mini"]),
    ("choose_targets", Choice((), "none")),
    ("choose_targets", Choice(("not-a-model",), "best")),
    ("choose_targets", Choice(_any("mini"), "best")),
    ("choose_targets", Choice(_any(5), "best")),
    ("choose_targets", Choice(_any([["mini"]]), "best")),
    ("choose_targets", Choice(("mini",), _any(b"bytes"))),
    ("plan_attempts", "mini"),
    ("plan_attempts", Plan(())),
    ("plan_attempts", Plan((twice("mini"),))),
    ("plan_attempts", Plan((Stage(()),))),
    ("plan_attempts", Plan((Stage((PlannedAttempt("not-ranked"),)),))),
    ("plan_attempts", Plan((Stage((PlannedAttempt("mini", AttemptKind.ASSIST),)),))),
    ("plan_attempts", Plan(_any(5))),
    ("plan_attempts", Plan(_any(["mini"]))),
    *((hook, Hostile()) for hook in HOOKS),
]


def outcome_with(hook: str, answer: Callable[..., Any], on_error: OnError | None) -> Decision | Refusal:
    rules = make_rules(entry(HOOKS[hook](answer), "mine", on_error))
    return decide(make_request(), make_snapshot(), rules)


def refused_by(outcome: Decision | Refusal, hook: str) -> None:
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.message) == (Reason.INTERNAL, f"policy 'mine' failed in {hook}")
    assert outcome.violations == (("mine", f"failed in {hook}"),)
    named(outcome, hook)


def named(outcome: Decision | Refusal, hook: str) -> None:
    errors = [verdict for verdict in outcome.trace if verdict.outcome is VerdictOutcome.ERROR]
    assert [(verdict.policy, verdict.hook) for verdict in errors] == [("mine", hook)]
    assert "secret" not in errors[0].reason


def skipped(outcome: Decision | Refusal, hook: str) -> None:
    untouched = decide(make_request(), make_snapshot(), make_rules())
    assert isinstance(outcome, Decision)
    assert isinstance(untouched, Decision)
    assert (outcome.plan, outcome.shaped, outcome.excluded) == (untouched.plan, untouched.shaped, untouched.excluded)
    assert outcome.assessed == untouched.assessed
    named(outcome, hook)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_policy_that_raises(hook: str, error: BaseException) -> None:
    default = refused_by if hook == "exclude_targets" else skipped
    default(outcome_with(hook, raising(error), None), hook)
    skipped(outcome_with(hook, raising(error), OnError.SKIP), hook)
    refused_by(outcome_with(hook, raising(error), OnError.FAIL), hook)


# Without ids of its own pytest would look at the answers, and one of them cannot be looked at.
@pytest.mark.parametrize(
    ("hook", "answer"), [pytest.param(*case, id=f"{case[0]}-{i}") for i, case in enumerate(NONSENSE)]
)
def test_a_policy_that_answers_nonsense(hook: str, answer: object) -> None:
    default = refused_by if hook == "exclude_targets" else skipped
    default(outcome_with(hook, always(answer), None), hook)
    skipped(outcome_with(hook, always(answer), OnError.SKIP), hook)
    refused_by(outcome_with(hook, always(answer), OnError.FAIL), hook)


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "exclude_targets"])
def test_none_is_no_opinion(hook: str) -> None:
    outcome = outcome_with(hook, always(None), OnError.FAIL)
    assert isinstance(outcome, Decision)
    assert [(v.hook, v.outcome) for v in outcome.trace] == [(hook, VerdictOutcome.NO_OPINION)]


def test_half_an_answer_is_not_used() -> None:
    def shape(target: str) -> Shape:
        if target == "opus":
            raise ValueError("secret")
        return Shape(max_output_tokens=10)

    skipped(outcome_with("shape_request", shape, None), "shape_request")


def test_a_failing_policy_does_not_silence_the_next() -> None:
    rules = make_rules(
        entry(Assesses(raising(ValueError())), "broken"),
        entry(Assesses(always(Assessment("code"))), "sound"),
        entry(Excludes(raising(ValueError())), "skipped", OnError.SKIP),
        entry(Excludes(always([Exclusion("flash", Cause.POLICY, "no")])), "veto"),
    )
    outcome = decide(make_request(), make_snapshot(), rules)
    assert isinstance(outcome, Decision)
    assert (outcome.assessed.task, outcome.target) == ("code", "mini")


def test_planners_wrap_one_another() -> None:
    def reverse(plan: Plan) -> Plan:
        return Plan(plan.stages[::-1])

    def first_only(plan: Plan) -> Plan:
        return Plan(plan.stages[:1])

    rules = make_rules(entry(Plans(reverse), "reverse"), entry(Plans(first_only), "first"))
    decision = decide(make_request(), make_snapshot(), rules)
    assert isinstance(decision, Decision)
    assert [stage.attempts[0].target for stage in decision.plan.stages] == ["sonnet"]
    assert decision.target == "sonnet"
    assert [(v.policy, v.outcome, v.before, v.after) for v in decision.trace] == [
        ("reverse", VerdictOutcome.REORDERED, 4, 4),
        ("first", VerdictOutcome.REORDERED, 4, 1),
    ]


def test_shapes_are_merged() -> None:
    shapes = [
        Shape(max_output_tokens=500, temperature_cap=0.9),
        Shape(max_output_tokens=300, min_output_tokens=100, temperature_cap=0.5, system_prompt="First."),
        Shape(min_output_tokens=400, system_prompt="Second."),
    ]
    rules = make_rules(*(entry(Shapes(always(shape)), f"s{i}") for i, shape in enumerate(shapes)))
    decision = decide(make_request(), make_snapshot(), rules)
    assert isinstance(decision, Decision)
    merged = decision.shaped[0]
    assert (merged.max_output_tokens, merged.system_prompt) == (400, "First.")
