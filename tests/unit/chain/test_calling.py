from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from pointsman.chain.calling import SILENT, UNWATCHED, Consultation, Watch, call_async
from pointsman.chain.entry import OnError
from pointsman.chain.loading import Hook
from pointsman.errors import PluginFailed
from pointsman.model.decision import NoOpinion, VerdictOutcome
from pointsman.testing import Hold, make_entry

RAISED = [RuntimeError("secret"), BaseException("secret"), SystemExit(1), asyncio.CancelledError(), GeneratorExit()]


def hook(call: Callable[..., object], name: str = "assess_request", on_error: OnError | None = None) -> Hook:
    return Hook(replace(make_entry(object(), "mine"), on_error=on_error), name, call)


def raising(error: BaseException) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        raise error

    return call


class Noting(Watch):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def enter(self, entry: str) -> None:
        self.seen.append(f"enter {entry}")

    def leave(self, entry: str) -> None:
        self.seen.append(f"leave {entry}")


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_what_a_policy_raises_is_contained_and_named(error: BaseException) -> None:
    asking = Consultation(frozenset(), UNWATCHED)
    assert asking.ask(hook(raising(error))) is SILENT
    assert [(v.policy, v.hook, v.outcome, v.reason) for v in asking.verdicts] == [
        ("mine", "assess_request", VerdictOutcome.ERROR, f"raised {type(error).__name__}")
    ]


@pytest.mark.parametrize(
    ("name", "on_error", "stops"),
    [
        ("gather_signal", None, False),
        ("assess_request", None, False),
        ("shape_request", None, False),
        ("exclude_targets", None, True),
        ("choose_targets", None, False),
        ("plan_attempts", None, False),
        ("admit_attempt", None, True),
        ("exclude_targets", OnError.SKIP, False),
        ("admit_attempt", OnError.SKIP, False),
        ("assess_request", OnError.FAIL, True),
        ("plan_attempts", OnError.FAIL, True),
    ],
)
def test_vetoes_fail_closed_and_preferences_fall_through(name: str, on_error: OnError | None, stops: bool) -> None:
    asking = Consultation(frozenset(), UNWATCHED)
    broken = hook(raising(ValueError("secret")), name, on_error)
    if not stops:
        assert asking.ask(broken) is SILENT
        return
    with pytest.raises(PluginFailed) as failed:
        asking.ask(broken)
    assert str(failed.value) == f"policy 'mine' failed in {name}"
    assert (failed.value.why, len(asking.verdicts)) == ("raised ValueError", 1)


def test_no_opinion_is_noted_with_its_reason() -> None:
    asking = Consultation(frozenset(), UNWATCHED)
    assert asking.ask(hook(lambda *_: NoOpinion("nothing to say of images"), "exclude_targets")) is SILENT
    assert [(v.outcome, v.reason) for v in asking.verdicts] == [(VerdictOutcome.NO_OPINION, "nothing to say of images")]


def test_no_opinion_for_a_reason_that_is_no_text_is_a_failure() -> None:
    asking = Consultation(frozenset(), UNWATCHED)
    assert asking.ask(hook(lambda *_: NoOpinion(7))) is SILENT  # type: ignore[arg-type]  # what it is about
    assert [v.outcome for v in asking.verdicts] == [VerdictOutcome.ERROR]


def test_an_interrupt_is_not_contained() -> None:
    with pytest.raises(KeyboardInterrupt):
        Consultation(frozenset(), UNWATCHED).ask(hook(raising(KeyboardInterrupt())))


def test_a_quarantined_entry_is_not_called() -> None:
    calls: list[object] = []
    asking = Consultation(frozenset({"mine"}), UNWATCHED)
    assert asking.ask(hook(calls.append), "request") is SILENT
    assert calls == []
    assert asking.verdicts[0].reason.startswith("quarantined")


@pytest.mark.parametrize("call", [lambda: 1, raising(RuntimeError())])
def test_the_watch_sees_every_call_begin_and_end(call: Callable[..., object]) -> None:
    watch = Noting()
    Consultation(frozenset(), watch).ask(hook(call))
    assert watch.seen == ["enter mine", "leave mine"]


async def test_the_answer_of_a_coroutine() -> None:
    async def add(a: int, b: int) -> int:
        return a + b

    assert await call_async(hook(add), UNWATCHED, 1, 2) == 3


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_what_a_coroutine_raises_names_its_policy(error: BaseException) -> None:
    async def broken() -> None:
        raise error

    with pytest.raises(PluginFailed) as failed:
        await call_async(hook(broken, "gather_signal"), UNWATCHED)
    assert (failed.value.policy, failed.value.hook) == ("mine", "gather_signal")
    assert failed.value.why == f"raised {type(error).__name__}"


async def test_a_coroutine_that_hangs_is_cut_off() -> None:
    hold = Hold()
    endless = hook(hold.pass_through, "gather_signal")
    with pytest.raises(PluginFailed) as failed:
        await call_async(replace(endless, entry=replace(endless.entry, timeout=0.25)), UNWATCHED)
    assert failed.value.why == "took longer than 0.25 s"


async def test_a_coroutine_that_outlives_its_timeout_by_answering_is_heard() -> None:
    async def stubborn() -> str:
        try:
            await Hold().pass_through()
        except asyncio.CancelledError:
            return "late"
        return "never"

    assert await call_async(hook(stubborn), UNWATCHED) == "late"


async def test_the_callers_own_cancellation_goes_on() -> None:
    hold = Hold()
    task = asyncio.create_task(_awaited(call_async(hook(hold.pass_through), UNWATCHED)))
    await hold.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def _awaited(work: Awaitable[object]) -> object:
    return await work
