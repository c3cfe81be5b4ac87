"""Several gates in order, and what they may answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pointsman import (
    Accepted,
    Assessed,
    GatedAnswer,
    GatePlugin,
    Mode,
    PointsmanError,
    Rejected,
    Request,
    Services,
    register_gate,
)
from pointsman.chain.gates import GateEntry, LoadedGate, Question, build_gates, judge
from pointsman.testing import make_answer, make_catalogue, make_request, make_services

ASSESSED = Assessed("simple", Mode.BALANCED, 1.0, "test")
# What typed plugins cannot give.
ANYTHING: Any = 3
LISTED: Any = [1]
ANSWERS = [make_answer(text) for text in ("a", "b", "c", "d")]


class Says:
    """Answers what it was made with, and keeps what it was shown."""

    # Wrong types too.
    def __init__(self, verdict: Any) -> None:
        self._verdict = verdict
        self.shown: list[str] = []

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Any:
        self.shown = [answer.text for answer in answers]
        return self._verdict


def loaded(id: str, gate: Any, **entry: Any) -> LoadedGate:
    return LoadedGate(GateEntry(id, id, register_gate(lambda options, setup: gate), **entry), gate)


def unwatched(gate: str, accepted: bool, seconds: float) -> None: ...


async def asked(*gates: LoadedGate) -> Accepted | Rejected:
    return await judge(gates, Question(make_request(), ASSESSED, ANSWERS), make_services, unwatched)


async def test_each_gate_judges_what_those_before_it_left() -> None:
    first, second, third = Says(Accepted("three", 3, (1, 2))), Says(Accepted("two", 1, (2,))), Says(Accepted())
    told = await asked(loaded("x", first), loaded("y", second), loaded("z", third))
    assert (first.shown, second.shown, third.shown) == (["a", "b", "c", "d"], ["d", "b", "c"], ["b", "c"])
    assert told == Accepted("x: three; y: two; z: good", 1)


async def test_who_chooses_one_leaves_only_that() -> None:
    second = Says(Accepted())
    assert await asked(loaded("x", Says(Accepted(which=2))), loaded("y", second)) == Accepted("x: good; y: good", 2)
    assert second.shown == ["c"]


async def test_who_chooses_none_leaves_all() -> None:
    second = Says(Accepted())
    assert await asked(loaded("x", Says(Accepted())), loaded("y", second)) == Accepted("x: good; y: good", 0)
    assert second.shown == ["a", "b", "c", "d"]


async def test_the_first_no_ends_it() -> None:
    second = Says(Accepted())
    assert await asked(loaded("x", Says(Rejected("bad"))), loaded("y", second)) == Rejected("x: bad")
    assert second.shown == []


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (None, "answered a NoneType"),
        (True, "answered a bool"),
        (Rejected(ANYTHING), "gave a int where a text belongs"),
        (Rejected("\ud800"), "gave a text with half a character, a lone surrogate"),
        (Accepted(which=4), "an answer that is not there"),
        (Accepted(which=-1), "an answer that is not there"),
        (Accepted(which=True), "an answer that is not there"),
        (Accepted(which=0, others=(4,)), "an answer that is not there"),
        (Accepted(which=0, others=(1, 0)), "chose an answer twice"),
        (Accepted(others=(1,)), "named others without an answer"),
        (Accepted(which=0, others=LISTED), "gave a list where a tuple of others belongs"),
    ],
)
async def test_nonsense_counts_as_on_error_says(verdict: Any, why: str) -> None:
    told = await asked(loaded("x", Says(verdict)))
    assert isinstance(told, Rejected)
    assert why in told.reason
    let_pass = await asked(loaded("x", Says(verdict), accepts_on_error=True))
    assert isinstance(let_pass, Accepted)
    assert (let_pass.which, why in let_pass.reason) == (0, True)


def test_a_gate_can_want_only_what_there_is() -> None:
    assert register_gate(lambda options, setup: Says(None), wants=["logprobs"]).wants == {"logprobs"}
    with pytest.raises(ValueError, match="can want only"):
        register_gate(lambda options, setup: Says(None), wants=["mercy"])


def test_a_factory_must_return_a_gate() -> None:
    plugin: GatePlugin = register_gate(lambda options, setup: ANYTHING)
    with pytest.raises(PointsmanError, match="returned a int without a coroutine `judge`"):
        build_gates([GateEntry("x", "x", plugin)], make_catalogue())
