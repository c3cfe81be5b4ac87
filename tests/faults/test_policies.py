"""Rows 30 to 33 and 54: policies that raise, hang, answer nonsense, cannot be loaded or leak a cancellation."""

from __future__ import annotations

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import KEYS, document
from tests.faults.policies import HOOKS, SLEEPS, Hook, with_misbehaving
from tests.faults.world import World

from pointsman.app import App
from pointsman.config.load import load
from pointsman.errors import ConfigInvalid, PluginRefused
from pointsman.model.decision import Decision, Verdict, VerdictOutcome

# Which event loop contains a policy's failure makes no difference.
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

RAISING = ("raise", "raise-base", "exit", "cancel")
NONSENSE = (
    ("assess", "text"),
    ("assess", "nan"),
    ("assess", "unknown-task"),
    ("shape", "text"),
    ("shape", "nan-cap"),
    ("shape", "zero-cap"),
    ("exclude", "none"),
    ("exclude", "text"),
    ("exclude", "unknown-exclusion"),
    ("choose", "text"),
    ("choose", "unknown-choice"),
    ("choose", "empty-choice"),
    ("choose", "half-character"),
    ("plan", "text"),
    ("plan", "empty-plan"),
    ("admit", "text"),
    ("gather", "not-json"),
    ("gather", "nan-signal"),
)
IN_DECIDE = tuple((hook, deed) for hook, deed in NONSENSE if hook not in ("gather", "admit"))
# What `on_error: fail` makes of a failing hook; what comes after the answer can no longer fail it.
REFUSED = dict.fromkeys(
    ("gather", "assess", "shape", "exclude", "choose", "plan", "admit"), (StatusCode.INTERNAL, "INTERNAL")
)
# What becomes of a failure where the entry says nothing: an admission that cannot be had denies the target.
CLOSED = {
    "exclude": (StatusCode.INTERNAL, "INTERNAL"),
    "admit": (StatusCode.FAILED_PRECONDITION, "NO_CANDIDATE"),
}
FINE = (StatusCode.OK, "")


def misbehaving(hook: str, deed: str, *, on_error: str = "", timeout: str = "100ms", seconds: float = 60.0) -> str:
    """A chain entry."""
    options = f"with: {{hook: {hook}, deed: {deed}, seconds: {seconds}}}, timeout: {timeout}"
    return (
        f"  - {{id: bad-{hook}-{deed}, use: misbehaving, {options}{f', on_error: {on_error}' if on_error else ''}}}\n"
    )


async def check_survived(world: World, expected: tuple[StatusCode, str]) -> None:
    for reply in await world.caller.ask_both(Question()):
        assert (reply.code, reply.reason) == expected, reply.message
        if expected[0] is StatusCode.INTERNAL:
            assert reply.failure.decision_id == ""
    if expected == FINE:
        await world.check_afterwards()
    else:
        assert await world.simulator.ended() == []


@pytest.mark.parametrize("hook", HOOKS)
async def test_rows_30_and_54_policies_that_raise_are_skipped(start: Start, hook: Hook) -> None:
    world = await start(document(extra="".join(misbehaving(hook, deed, on_error="skip") for deed in RAISING)))
    await check_survived(world, FINE)


@pytest.mark.parametrize("deed", ["raise-base", "cancel"])
@pytest.mark.parametrize("hook", HOOKS)
async def test_rows_30_and_54_a_policy_that_raises_refuses(start: Start, hook: Hook, deed: str) -> None:
    world = await start(document(extra=misbehaving(hook, deed, on_error="fail")))
    await check_survived(world, REFUSED.get(hook, FINE))


@pytest.mark.parametrize("hook", ["exclude", "admit"])
async def test_row_30_vetoes_and_admission_fail_closed(start: Start, hook: Hook) -> None:
    await check_survived(await start(document(extra=misbehaving(hook, "raise"))), CLOSED[hook])


@pytest.mark.parametrize("hook", ["gather", "admit", "settle"])
async def test_row_31_a_policy_that_never_returns_is_given_up(start: Start, hook: Hook) -> None:
    world = await start(document(extra=misbehaving(hook, "hang", on_error="skip")))
    await check_survived(world, FINE)


@pytest.mark.parametrize("hook", ["gather", "assess", "exclude", "admit", "observe"])
async def test_row_31_a_policy_that_blocks_is_named_and_quarantined(start: Start, hook: Hook) -> None:
    world = await start(document(extra=misbehaving(hook, "sleep", seconds=1.0, on_error="skip")))
    assert (await world.caller.ask(Question(), streamed=True)).code is StatusCode.OK
    assert f"policy bad-{hook}-sleep has held the event loop" in world.log.text
    before = world.log.text.count(SLEEPS)
    for _ in range(5):
        assert (await world.caller.ask(Question(), streamed=True)).code is StatusCode.OK
    assert world.log.text.count(SLEEPS) == before
    if hook in ("assess", "exclude"):
        assert any(verdict.reason.startswith("quarantined") for verdict in verdicts(world))
    await world.check_afterwards()


@pytest.mark.parametrize(("hook", "deed"), NONSENSE)
async def test_row_32_nonsense_refuses(start: Start, hook: Hook, deed: str) -> None:
    world = await start(document(extra=misbehaving(hook, deed, on_error="fail")))
    await check_survived(world, REFUSED.get(hook, FINE))


async def test_row_32_nonsense_is_skipped(start: Start) -> None:
    world = await start(document(extra="".join(misbehaving(hook, deed, on_error="skip") for hook, deed in IN_DECIDE)))
    await check_survived(world, FINE)
    failed = {verdict.policy for verdict in verdicts(world) if verdict.outcome is VerdictOutcome.ERROR}
    assert len(failed) == len(IN_DECIDE)


async def test_row_33_a_policy_that_cannot_be_imported_stops_the_start() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        load(written(document(extra="  - {use: broken}\n")), KEYS, installed=with_misbehaving())
    (problem,) = refused.value.problems
    assert problem.path == "chain[0].use"
    assert "'broken'" in problem.message
    assert "ImportError" in problem.message


async def test_row_33_an_optional_one_is_left_out(start: Start) -> None:
    config = load(written(document(extra="  - {use: broken, optional: true}\n")), KEYS, installed=with_misbehaving())
    assert [entry.use for entry in config.entries] == ["override", "tags", "limits", "feasibility", "routing"]
    assert any("'broken'" in warning.message and "left out" in warning.message for warning in config.warnings)


async def test_row_33_a_policy_that_cannot_be_made_stops_the_start() -> None:
    text = written(document(extra="  - {id: bad, use: misbehaving, with: {hook: assess, deed: unmakeable}}\n"))
    with pytest.raises(PluginRefused, match="'bad'"):
        async with App(load(text, KEYS, installed=with_misbehaving())):
            pass


async def test_row_33_an_optional_one_that_cannot_be_made_is_left_out(start: Start) -> None:
    options = "with: {hook: assess, deed: unmakeable}, optional: true"
    world = await start(document(extra=f"  - {{id: bad, use: misbehaving, {options}}}\n"))
    assert "running without it: plugin 'bad' is refused" in world.log.text
    await check_survived(world, FINE)


def written(text: str) -> str:
    return text.replace("SIMULATOR", "http://127.0.0.1:1").replace("LEDGER", "never-opened.db")


def verdicts(world: World) -> list[Verdict]:
    """Of the misbehaving policies, in all decisions."""
    decisions = [record.decision for record in world.records()]
    return [v for d in decisions if isinstance(d, Decision) for v in d.trace if v.policy.startswith("bad-")]
