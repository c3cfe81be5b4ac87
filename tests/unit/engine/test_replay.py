"""Recorded decisions made again, with the prompt's text and without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench
from tests.unit.engine.policies import Assesses, Plans, Shapes, always, entry, raising

from pointsman import NoOpinion, hookimpl
from pointsman.chain.entry import Entry, OnError
from pointsman.engine.replay import Change, Outcome, recompute, unsignalled, what_if
from pointsman.engine.rules import Rules
from pointsman.errors import NotReplayable, Reason, RequestError
from pointsman.ledger.redaction import redacted
from pointsman.model.catalogue import Price
from pointsman.model.decision import Assessment, Cause, Choice, Decision, Exclusion, Refusal, Shape, Shaped
from pointsman.model.record import Recorded
from pointsman.model.request import Hints, Mode, Request
from pointsman.model.snapshot import Health, HealthState
from pointsman.testing import make_catalogue, make_request, make_rules
from pointsman_policies import health, limits, routing, tags


class Reader:
    """Says of every prompt with "code" in it that it is code, and wants opus for what has "best" in it."""

    @hookimpl
    def pointsman_assess_request(self, request: Request) -> Assessment | None:
        return Assessment("code", confidence=0.9, source="reader") if "code" in request.text() else None

    @hookimpl
    def pointsman_choose_targets(self, request: Request, candidates: Mapping[str, Shaped]) -> Choice | None:
        return Choice(("opus",), "the best") if "best" in request.text() else None


def reader(policy: object | None = None, *, reads_text: bool = True, reads_only_text: bool = False) -> Entry:
    made = entry(policy or Reader(), "reader")
    plugin = dataclasses.replace(made.plugin, reads_text=reads_text, reads_only_text=reads_only_text)
    return dataclasses.replace(made, plugin=plugin)


async def recorded(rules: Rules, request: Request, *, text_kept: bool) -> Recorded:
    """What the ledger would give back of a request that was decided."""
    bench = Bench(rules=rules)
    await bench.route(request)
    (record,) = bench.ledger.records
    if text_kept:
        return Recorded(replace(record, opinions=()), "", text_kept=True)
    return Recorded(replace(record, request=redacted(request)), "", text_kept=False)


def chain() -> Rules:
    return make_rules(reader(), tags.plugin, limits.plugin, health.plugin, routing.plugin)


@pytest.mark.parametrize("text_kept", [True, False])
@pytest.mark.parametrize("text", ["Hello", "Some code", "The best code"])
async def test_it_comes_out_equal(text: str, text_kept: bool) -> None:
    found = await recorded(chain(), make_request(text), text_kept=text_kept)
    replay = recompute(found, chain())
    assert (replay.outcome, replay.differences) == (Outcome.EQUAL, ())
    assert replay.decision == found.record.decision


class Vetoes:
    @hookimpl
    def pointsman_exclude_targets(self) -> list[Exclusion]:
        return [Exclusion("flash", Cause.POLICY, "not today")]


@pytest.mark.parametrize(
    "policy",
    [
        Assesses(raising(RuntimeError())),
        Assesses(always(NoOpinion("cannot say"))),
        Assesses(always("nonsense")),
        Shapes(lambda target: Shape(max_output_tokens=10) if target == "mini" else None),
        Vetoes(),
        Plans(lambda plan: replace(plan, pin_ttl=60.0)),
    ],
)
async def test_whatever_was_answered_is_recalled(policy: object) -> None:
    asked = make_rules(reader(policy))
    found = await recorded(asked, make_request(), text_kept=False)
    # Nobody is asked any more: a policy that would fail cannot.
    silent = make_rules(reader(_alike(policy)))
    assert recompute(found, silent).outcome is Outcome.EQUAL


def _alike(policy: object) -> object:
    """The same hooks; each fails when it is called."""
    members = {name: hookimpl(_failing(name)) for name in dir(policy) if name.startswith("pointsman_")}
    return type("Alike", (), members)()


def _failing(name: str) -> Callable[..., Any]:
    def call(self: object) -> Any:
        raise AssertionError(f"{name} was called")

    return call


async def test_a_failure_that_stopped_the_request_stops_it_again() -> None:
    failing = dataclasses.replace(reader(Assesses(raising(RuntimeError()))), on_error=OnError.FAIL)
    found = await recorded(make_rules(failing), make_request(), text_kept=False)
    assert isinstance(found.record.decision, Refusal)
    assert recompute(found, make_rules(failing)).outcome is Outcome.EQUAL


async def test_those_that_read_no_text_are_asked_again() -> None:
    calls: list[int] = []
    counting = reader(Assesses(lambda: calls.append(1)), reads_text=False)
    found = await recorded(make_rules(counting), make_request(), text_kept=False)
    assert found.record.opinions == ()
    assert recompute(found, make_rules(counting)).outcome is Outcome.EQUAL
    assert len(calls) == 2


async def test_an_answer_that_was_not_recorded() -> None:
    found = await recorded(chain(), make_request("Some code"), text_kept=False)
    replay = recompute(Recorded(replace(found.record, opinions=()), "", text_kept=False), chain())
    assert replay.outcome is Outcome.NOT_REPLAYABLE
    assert "policy 'reader' reads the prompt, whose text was not kept" in replay.why


async def test_what_was_never_decided() -> None:
    found = await recorded(chain(), make_request(hints=Hints(task="cod")), text_kept=True)
    assert "UNKNOWN_TASK" in recompute(found, chain()).why


async def test_a_file_that_the_configuration_names_has_changed() -> None:
    found = await recorded(chain(), make_request(), text_kept=True)
    other = dataclasses.replace(chain(), version="other")
    assert recompute(found, other).why.startswith("configuration test has become other")


async def test_a_difference_is_told_by_its_path() -> None:
    found = await recorded(chain(), make_request(), text_kept=True)
    replay = recompute(found, dearer(chain()))
    assert replay.outcome is Outcome.DIFFERS
    (first, *_) = replay.differences
    assert first.path == "ranking[0].estimate.expected_nano_usd"
    assert (first.before, first.after) != (None, None)


async def test_another_version_of_a_package_excuses_a_difference_but_no_equality() -> None:
    found = await recorded(chain(), make_request(), text_kept=True)
    old = Recorded(replace(found.record, packages=("acme 1.0", "pointsman 0.1.0")), "", text_kept=True)
    new = dataclasses.replace(chain(), packages=("acme 1.1", "pointsman 0.1.0"))
    assert recompute(old, new).outcome is Outcome.EQUAL
    replay = recompute(old, dearer(new))
    assert replay.outcome is Outcome.NOT_REPLAYABLE
    assert "it was decided by acme 1.0, and here is acme 1.1" in replay.why
    assert replay.differences


def dearer(rules: Rules) -> Rules:
    models = {id: replace(model, price=Price(9, 9)) for id, model in rules.catalogue.models.items()}
    return Rules.of("test", replace(rules.catalogue, models=models), rules.chain, packages=rules.packages)


# --- what if ---------------------------------------------------------------------------------------------------------


async def asked(found: Recorded, rules: Rules, **changed: Any) -> Decision | Refusal:
    """The decision with hints changed, or the snapshot."""
    record = found.record
    hints = {name: value for name, value in changed.items() if name != "health"}
    request = replace(record.request, hints=replace(record.request.hints, **hints))
    snapshot = replace(record.snapshot, health=changed.get("health", {}))
    ids = frozenset(entry.id for entry in rules.chain.entries)
    return what_if(found, rules, Change(request, snapshot, rules, ids))


DOWN = {"opus": Health(HealthState.DOWN)}


async def test_with_the_text_everybody_is_asked() -> None:
    found = await recorded(chain(), make_request("Some code"), text_kept=True)
    decided = await asked(found, chain(), mode=Mode.ECO)
    assert (decided.assessed.task, decided.assessed.mode) == ("code", Mode.ECO)


async def test_without_it_a_changed_question_has_no_known_answer() -> None:
    found = await recorded(chain(), make_request("Some code"), text_kept=False)
    with pytest.raises(NotReplayable, match=r"'reader' reads the prompt.*assess_request"):
        await asked(found, chain(), mode=Mode.ECO)


async def test_unless_the_answer_follows_from_the_text_alone() -> None:
    rules = make_rules(reader(reads_only_text=True), routing.plugin)
    found = await recorded(rules, make_request("Some code"), text_kept=False)
    decided = await asked(found, rules, mode=Mode.ECO)
    assert (decided.assessed.task, decided.assessed.mode) == ("code", Mode.ECO)
    assert isinstance(decided, Decision)
    assert decided.target == "mini"


async def test_or_the_question_is_still_the_same() -> None:
    """It does not look at the snapshot, so that a change there is none of its question."""
    found = await recorded(chain(), make_request("Hello"), text_kept=False)
    with pytest.raises(NotReplayable, match="choose_targets"):
        await asked(found, chain(), health=DOWN)
    assesses = make_rules(reader(Assesses(always(Assessment("code")))), health.plugin, routing.plugin)
    found = await recorded(assesses, make_request("Hello"), text_kept=False)
    decided = await asked(found, assesses, health={"medium": Health(HealthState.DOWN)})
    assert isinstance(decided, Decision)
    assert decided.target == "sonnet"


async def test_a_hook_that_is_not_asked_needs_no_answer() -> None:
    """The caller's own model decides before the reader is asked to choose."""
    rules = make_rules(reader(reads_only_text=True), routing.plugin)
    found = await recorded(rules, make_request("Hello"), text_kept=False)
    assert {opinion.hook for opinion in found.record.opinions} == {"assess_request", "choose_targets"}
    assert recompute(found, rules).outcome is Outcome.EQUAL


async def test_other_policies_answers_are_not_taken_for_theirs() -> None:
    rules = make_rules(reader(reads_only_text=True), routing.plugin)
    found = await recorded(rules, make_request("Some code"), text_kept=False)
    change = Change(found.record.request, found.record.snapshot, rules, frozenset())
    with pytest.raises(NotReplayable):
        what_if(found, rules, change)
    lost = Change(found.record.request, found.record.snapshot, None, frozenset({"reader"}))
    with pytest.raises(NotReplayable):
        what_if(found, rules, lost)


async def test_under_another_catalogue_only_the_text_counts() -> None:
    rules = make_rules(reader(Assesses(always(Assessment("code")))), routing.plugin)
    found = await recorded(rules, make_request(), text_kept=False)
    other = dearer(rules)
    same = frozenset({"reader", "routing"})
    with pytest.raises(NotReplayable):
        what_if(found, other, Change(found.record.request, found.record.snapshot, rules, same))


async def test_a_recorded_answer_that_does_not_fit_is_not_held_against_its_policy() -> None:
    policy = reader(Assesses(always(Assessment("code"))), reads_only_text=True)
    rules = make_rules(policy, routing.plugin)
    found = await recorded(rules, make_request(), text_kept=False)
    tasks = [task for task in make_catalogue().tasks.values() if task.name != "code"]
    other = make_rules(policy, routing.plugin, catalogue=make_catalogue(tasks=tasks, tags={}))
    change = Change(found.record.request, found.record.snapshot, rules, frozenset({"reader"}))
    with pytest.raises(NotReplayable, match="does not fit this configuration"):
        what_if(found, other, change)


async def test_names_that_are_not_there_are_refused_as_a_caller_would_be() -> None:
    found = await recorded(chain(), make_request(), text_kept=True)
    with pytest.raises(RequestError) as refused:
        await asked(found, chain(), task="cod")
    assert refused.value.reason is Reason.UNKNOWN_TASK


class Asks:
    @hookimpl
    async def pointsman_gather_signal(self) -> int:
        return 7


async def test_who_has_no_signal() -> None:
    rules = make_rules(entry(Asks(), "asks"))
    found = await recorded(rules, make_request(), text_kept=True)
    assert unsignalled(found.record.snapshot, rules) == []
    assert unsignalled(replace(found.record.snapshot, signals={}), rules) == ["asks"]


async def test_one_shape_for_all_targets_is_recorded_once() -> None:
    class Caps:
        @hookimpl
        def pointsman_shape_request(self) -> Shape:
            return Shape(max_output_tokens=10)

    found = await recorded(make_rules(reader(Caps())), make_request(), text_kept=False)
    assert [opinion.shapes for opinion in found.record.opinions] == [{"": Shape(max_output_tokens=10)}]
    assert recompute(found, make_rules(reader(_alike(Caps())))).outcome is Outcome.EQUAL
