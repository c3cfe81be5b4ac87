"""Each check of the kit fails for the gate that breaks it, and for no other reason."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from pointsman import Accepted, Assessed, GatedAnswer, GatePlugin, Rejected, Request, Services, register_gate
from pointsman.testing import GateContract, Hold


class Options(BaseModel):
    words: int = Field(default=1, ge=1)


# What no gate may answer, too.
def made(judge: Any, config: type | None = None) -> GatePlugin:
    """A gate of one function."""

    def factory(options: Any, setup: Any) -> Any:
        class Gate:
            async def judge(
                self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
            ) -> Any:
                return await judge(request, answers, services)

        return Gate()

    return register_gate(factory, config=config)


async def good(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Accepted | Rejected:
    return Accepted("it has words", 0) if answers[0].text else Rejected("no words")


async def chooses_too_far(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Accepted:
    return Accepted(which=len(answers))


async def says_yes(request: Request, answers: Sequence[GatedAnswer], services: Services) -> bool:
    return True


async def raises(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Accepted:
    raise KeyError("label")


async def says_nothing(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Rejected:
    return Rejected(" ")


async def says_too_much(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Rejected:
    return Rejected("one\ntwo")


async def quotes(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Rejected:
    return Rejected(f"no label: {answers[0].text[:30]!r}")


NUMBERS = itertools.count()


async def counts(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Rejected:
    return Rejected(f"number {next(NUMBERS)}")


async def drops(request: Request, answers: Any, services: Services) -> Accepted:
    answers.append(answers[0])
    return Accepted()


TASKS: list[asyncio.Task[None]] = []


async def leaves(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Accepted:
    TASKS.append(asyncio.create_task(Hold().pass_through()))
    await asyncio.sleep(0)
    return Accepted()


async def swallows(request: Request, answers: Sequence[GatedAnswer], services: Services) -> Accepted:
    try:
        await services.ask("mini", request)
    except asyncio.CancelledError:
        return Accepted()
    return Accepted()


class TestGood(GateContract):
    """The kit as a plugin author uses it."""

    plugin = made(good, Options)
    mistakes = {"words": {"words": 0}}  # noqa: RUF012 - as an author writes it


BROKEN = [
    (register_gate(lambda options, setup: None), "test_it_can_be_made", "without a coroutine `judge`"),  # type: ignore[arg-type, return-value]  # what is no gate
    (made(chooses_too_far), "test_its_verdicts_are_valid", "chose an answer that is not there"),
    (made(says_yes), "test_its_verdicts_are_valid", "neither Accepted nor Rejected"),
    (made(raises), "test_its_verdicts_are_valid", "judge raised KeyError"),
    (made(says_nothing), "test_a_rejection_has_a_reason", "it rejects without a reason"),
    (made(says_too_much), "test_a_rejection_has_a_reason", "a reason of several lines"),
    (made(quotes), "test_its_reasons_quote_nothing", "its reason quotes the answer"),
    (made(counts), "test_the_same_answers_get_the_same_verdict", "the verdict differs, asked again"),
    (made(drops), "test_it_changes_nothing_it_is_given", "it changed the answers"),
    (made(leaves), "test_cancelled_it_leaves_nothing_behind", "left tasks behind"),
    (made(swallows), "test_cancelled_it_leaves_nothing_behind", "swallowed its cancellation"),
]


@pytest.mark.parametrize(("plugin", "check", "why"), BROKEN, ids=[f"{check}: {why}" for _, check, why in BROKEN])
def test_a_broken_gate_fails_the_check_it_breaks(plugin: GatePlugin, check: str, why: str) -> None:
    contract = type("Contract", (GateContract,), {"plugin": plugin})()
    with pytest.raises(AssertionError, match=why):
        getattr(contract, check)()


class Opened:
    """A gate that can judge while it is open."""

    def __init__(self, log: list[str]) -> None:
        self._log = log
        self._open = False

    async def __aenter__(self) -> Opened:
        self._open = True
        self._log.append("entered")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        self._log.append("left")

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted:
        assert self._open
        return Accepted()


def test_a_gate_with_a_lifecycle_is_entered_and_left() -> None:
    log: list[str] = []
    GateContract.check(register_gate(lambda options, setup: Opened(log)))
    assert log.count("entered") == log.count("left") > 0


def test_mistakes_are_found_by_path() -> None:
    with pytest.raises(AssertionError, match="not at 'words'"):
        GateContract.check(made(good, Options), mistakes={"words": {"words": 2}})


def test_a_page_with_a_wrong_example_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```yaml\ngates:\n  a: {use: good, with: {words: 0}}\n```\n")
    contract = type("Contract", (GateContract,), {"plugin": made(good, Options), "use": "good", "example": page})()
    with pytest.raises(AssertionError, match=r"is wrong at \['words'\]"):
        contract.test_its_example_is_valid()
    page.write_text("```yaml\ngates:\n  a: {use: good, with: {words: 1}}\n```\n")
    contract.test_its_example_is_valid()


def test_a_name_that_nobody_installed_or_of_another_gate() -> None:
    for use, why in (("astrology", "no gate 'astrology' is installed"), ("json", "leads to another plugin")):
        contract = type("Contract", (GateContract,), {"plugin": made(good), "use": use})()
        with pytest.raises(AssertionError, match=why):
            contract.test_it_is_found_by_its_name()


def test_one_that_need_not_be_deterministic() -> None:
    contract = type("Contract", (GateContract,), {"plugin": made(counts), "deterministic": False})()
    contract.test_the_same_answers_get_the_same_verdict()


def test_times_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    TestGood().test_time_per_verdict()
    assert "µs a verdict" in capsys.readouterr().out
