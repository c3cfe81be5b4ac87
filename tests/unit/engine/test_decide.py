"""Deciding is pure, and no order of policies can change what is permitted."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.policies import Assesses, Chooses, Excludes, always, entry

from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.engine.watch import Watchdog
from pointsman.model.decision import Assessment, Cause, Choice, Decision, Exclusion, Refusal
from pointsman.model.request import Facts, Hints, Mode, ModelOverride, Params, Request
from pointsman.model.snapshot import Latency, Snapshot
from pointsman.testing import make_catalogue, make_request, make_rules, make_snapshot
from pointsman_policies import feasibility, limits, override, routing, tags

STANDARD = (override.plugin, tags.plugin, limits.plugin, feasibility.plugin, routing.plugin)
MODELS = sorted(make_catalogue().models)
PROVIDERS = ["anthropic", "google", "openai"]


def standard() -> Rules:
    return make_rules(*STANDARD)


RULES, AGAIN = standard(), standard()


def subsets(values: list[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


OVERRIDES = st.one_of(
    st.none(),
    st.builds(ModelOverride, st.sampled_from([*MODELS, "claude"]), st.just(""), st.booleans()),
    st.builds(ModelOverride, st.just(""), st.sampled_from(PROVIDERS), st.booleans()),
)
HINTS = st.builds(
    Hints,
    task=st.sampled_from(["", "simple", "code", "reasoning"]),
    tags=subsets(["refactor", "nightly-report", "simple", "unheard-of"]),
    mode=st.none() | st.sampled_from(Mode),
    model_override=OVERRIDES,
    max_cost_nano_usd=st.none() | st.integers(0, 10_000_000_000),
    input_tokens=st.none() | st.integers(0, 1_500_000),
    exclude_providers=subsets(PROVIDERS),
    allowed_regions=subsets(["eu", "us", "mars"]),
)
PARAMS = st.builds(
    Params, max_output_tokens=st.none() | st.integers(1, 100_000), temperature=st.none() | st.floats(0, 2)
)
REQUESTS = st.builds(
    lambda hints, params, facts: msgspec.structs.replace(make_request(hints=hints, params=params), facts=facts),
    HINTS,
    PARAMS,
    st.builds(Facts, input_tokens=st.integers(0, 1_000_000), images=st.integers(0, 2), image_urls=st.integers(0, 2)),
)
DENIALS = st.lists(st.builds(Exclusion, st.sampled_from(MODELS), st.sampled_from(Cause), st.just("denied")), max_size=3)
SNAPSHOTS = st.builds(
    lambda p50, ratios, denials: make_snapshot(
        latencies={target: Latency(seconds, seconds, 1) for target, seconds in p50.items()},
        token_ratios=ratios,
        denials=denials,
    ),
    st.dictionaries(st.sampled_from(MODELS), st.floats(0, 10)),
    st.dictionaries(st.sampled_from(MODELS), st.floats(0.25, 4)),
    DENIALS,
)


def encoded(outcome: Decision | Refusal) -> bytes:
    return msgspec.json.encode(outcome)


@settings(max_examples=60, deadline=None)
@given(REQUESTS, SNAPSHOTS)
def test_equal_arguments_give_equal_bytes(request: Request, snapshot: Snapshot) -> None:
    before = deepcopy((request, snapshot))
    once = encoded(decide(request, snapshot, RULES))
    assert encoded(decide(request, snapshot, RULES)) == once
    assert encoded(decide(request, snapshot, RULES, Watchdog().stopwatch())) == once
    assert encoded(decide(deepcopy(request), deepcopy(snapshot), AGAIN)) == once
    assert (request, snapshot) == before


@settings(max_examples=60, deadline=None)
@given(REQUESTS, SNAPSHOTS)
def test_what_is_excluded_is_never_planned(request: Request, snapshot: Snapshot) -> None:
    outcome = decide(request, snapshot, RULES)
    out = {candidate.target for candidate in outcome.excluded}
    assert out <= set(MODELS)
    if isinstance(outcome, Refusal):
        assert outcome.violations
        return
    planned = [attempt.target for stage in outcome.plan.stages for attempt in stage.attempts]
    ranked = [candidate.target for candidate in outcome.ranking]
    assert outcome.target == planned[0]
    assert set(planned) <= set(ranked) <= set(MODELS) - out
    assert len(planned) == len(set(planned)) <= RULES.max_attempts
    assert {shaped.target for shaped in outcome.shaped} == set(planned)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.lists(st.builds(Exclusion, st.sampled_from(MODELS), st.sampled_from(Cause), st.just("no"))), max_size=3)
)
def test_no_order_of_vetoes_changes_what_is_left(vetoes: list[list[Exclusion]]) -> None:
    policies = [entry(Excludes(always(mine)), f"veto-{i}") for i, mine in enumerate(vetoes)]
    left = set()
    for order in itertools.permutations([*policies, tags.plugin]):
        outcome = decide(make_request(), make_snapshot(), make_rules(*order))
        names = (c.target for c in outcome.ranking) if isinstance(outcome, Decision) else ()
        left.add((frozenset(names), frozenset(c.target for c in outcome.excluded)))
    assert len(left) == 1


SCRIPT = """
import msgspec, sys
from pointsman_policies import feasibility, limits, override, routing, tags
from pointsman.engine.decide import decide
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.testing import make_rules
request, snapshot = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[Request, Snapshot])
rules = make_rules(override.plugin, tags.plugin, limits.plugin, feasibility.plugin, routing.plugin)
sys.stdout.buffer.write(msgspec.json.encode(decide(request, snapshot, rules)))
"""


def test_another_process_with_another_hash_seed_decides_the_same() -> None:
    hints = Hints(tags=("refactor",), exclude_providers=("google",), allowed_regions=("us", "eu"))
    request, snapshot = make_request(hints=hints), make_snapshot(latencies={"mini": Latency(0.1, 0.2, 3)})
    here = encoded(decide(request, snapshot, RULES))
    root = Path(__file__).resolve().parents[3]
    for seed in ("1", "2"):
        there = subprocess.run(  # noqa: S603  # our own interpreter and script
            [sys.executable, "-c", SCRIPT],
            input=msgspec.json.encode((request, snapshot)),
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            cwd=root,
            check=True,
        )
        assert there.stdout == here


def assessed_by(*opinions: Assessment | None, hints: Hints | None = None) -> tuple[str, str, float, str]:
    policies = [entry(Assesses(always(opinion)), f"p{i}") for i, opinion in enumerate(opinions)]
    outcome = decide(make_request(hints=hints), make_snapshot(), make_rules(*policies))
    said = outcome.assessed
    return said.task, said.mode.value, said.confidence, said.task_by


@pytest.mark.parametrize(
    ("opinions", "hints", "assessed"),
    [
        ([], None, ("simple", "balanced", 0.0, "")),
        ([None, Assessment("code")], None, ("code", "balanced", 1.0, "p1")),
        ([Assessment("code", confidence=0.5), Assessment("reasoning")], None, ("code", "balanced", 0.5, "p0")),
        ([Assessment(mode=Mode.ECO), Assessment("code", Mode.SPORT)], None, ("code", "eco", 1.0, "p1")),
        ([Assessment(mode=Mode.ECO)], Hints(mode=Mode.SPORT), ("simple", "sport", 0.0, "")),
        ([Assessment(confidence=0.9), Assessment("code", confidence=0.2)], None, ("code", "balanced", 0.2, "p1")),
    ],
)
def test_opinions_are_merged_field_by_field_and_the_first_wins(
    opinions: list[Assessment | None], hints: Hints | None, assessed: tuple[str, str, float, str]
) -> None:
    assert assessed_by(*opinions, hints=hints) == assessed


def test_what_names_only_tasks_is_not_asked_once_one_is_named() -> None:
    said = {"code": Assessment("code", source="it"), "nothing": None, "a mode": Assessment("code", Mode.ECO)}
    traces = {}
    for before, later in (("nothing", "code"), ("code", "code"), ("code", "a mode"), ("nothing", "a mode")):
        asked = entry(Assesses(always(said[later])), "later")
        asked = replace(asked, plugin=replace(asked.plugin, names_only_tasks=True))
        rules = make_rules(entry(Assesses(always(said[before])), "before"), asked, routing.plugin)
        outcome = decide(make_request(), make_snapshot(), rules)
        (traces[before, later],) = [(v.outcome.value, v.reason) for v in outcome.trace if v.policy == "later"]
    assert traces == {
        ("nothing", "code"): ("selected", "task code from it"),
        ("code", "code"): ("no_opinion", "not asked: before named the task"),
        ("code", "a mode"): ("no_opinion", "not asked: before named the task"),
        ("nothing", "a mode"): ("error", "answered a mode, but is registered with names_only_tasks=True"),
    }


def test_the_first_choice_that_leaves_something_wins() -> None:
    policies = [
        entry(Excludes(lambda: [Exclusion("opus", Cause.POLICY, "no")]), "veto"),
        entry(Chooses(lambda: Choice(("opus",), "best")), "first"),
        entry(Chooses(lambda: Choice(("opus", "sonnet"), "next")), "second"),
        entry(Chooses(lambda: Choice(("mini",), "last")), "third"),
    ]
    decision = decide(make_request(), make_snapshot(), make_rules(*policies))
    assert isinstance(decision, Decision)
    assert (decision.target, decision.decided_by, decision.reason) == ("sonnet", "second", "next")
    assert [v.policy for v in decision.trace if v.hook == "choose_targets"] == ["first", "second"]
