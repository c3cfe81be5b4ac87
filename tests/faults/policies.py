"""Policies for tests of faults: one that counts its leases, and some that misbehave on purpose."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any, Literal

from pydantic import BaseModel

from pointsman import (
    Assessment,
    Attempt,
    Choice,
    Exclusion,
    Lease,
    Plan,
    PlannedAttempt,
    PolicySetup,
    Shape,
    hookimpl,
    register,
    register_gate,
)
from pointsman.chain.discovery import Installed, installed
from pointsman.chain.entry import Entry
from pointsman.chain.plugin import GATES, GROUP
from pointsman.config.policies import Policies

POINTSMAN_API = 1
TEXT_CANARY = "canaryexception3w"
GATE_ASKED = "a gate was asked, and hangs"
SLEEPS = "a policy was called, and sleeps"

Hook = Literal["gather", "assess", "shape", "exclude", "choose", "plan", "admit", "settle", "observe"]
HOOKS: tuple[Hook, ...] = ("gather", "assess", "shape", "exclude", "choose", "plan", "admit", "settle", "observe")


class Turnstile:
    """Admits everything and counts: a lease that is never settled would stay reserved for ever."""

    def __init__(self) -> None:
        self.outstanding = 0
        self.settled: list[Attempt | None] = []

    def entry(self) -> Entry:
        return Entry("turnstile", "turnstile", register(lambda options, setup: self))

    @hookimpl
    async def pointsman_admit_attempt(self) -> Lease:
        self.outstanding += 1
        return Lease()

    @hookimpl
    async def pointsman_settle_attempt(self, outcome: Attempt | None, lease: Lease | None) -> None:
        self.outstanding -= lease is not None
        self.settled.append(outcome)


class Bad(BaseException):
    """What no `except Exception` catches."""


def _raise(error: BaseException) -> Any:
    raise error


class Vice(BaseModel):
    """What to do in which hook."""

    hook: Hook
    deed: str
    seconds: float = 60.0


# Each answers with what its hook must never give.
_DEEDS: Mapping[str, Callable[[], Any]] = {
    "raise": lambda: _raise(RuntimeError(TEXT_CANARY)),
    "raise-base": lambda: _raise(Bad(TEXT_CANARY)),
    "exit": lambda: _raise(SystemExit(TEXT_CANARY)),
    "cancel": lambda: _raise(asyncio.CancelledError(TEXT_CANARY)),
    "none": lambda: None,
    "text": lambda: TEXT_CANARY,
    "nan": lambda: Assessment(task="healthy", confidence=float("nan")),
    "half-character": lambda: Choice(("failing",), "\ud800"),
    "unknown-task": lambda: Assessment(task=TEXT_CANARY),
    "nan-cap": lambda: Shape(temperature_cap=float("nan")),
    "zero-cap": lambda: Shape(max_output_tokens=0),
    "unknown-exclusion": lambda: (Exclusion(TEXT_CANARY, "policy", TEXT_CANARY),),  # type: ignore[arg-type]  # wrong too
    "unknown-choice": lambda: Choice((TEXT_CANARY,), TEXT_CANARY),
    "empty-choice": lambda: Choice((), TEXT_CANARY),
    "empty-plan": lambda: Plan(()),
    "not-json": lambda: object(),
    "nan-signal": lambda: float("nan"),
}


class Misbehaving:
    """Implements every hook innocently, but for one."""

    def __init__(self, vice: Vice, setup: PolicySetup) -> None:
        if vice.deed == "unmakeable":
            raise ValueError("cannot be made")
        self._vice = vice

    def _do(self, hook: Hook, innocent: Any) -> Any:
        if hook != self._vice.hook:
            return innocent
        if self._vice.deed == "sleep":
            logging.getLogger(__name__).info(SLEEPS)
            time.sleep(self._vice.seconds)
            return innocent
        return _DEEDS[self._vice.deed]()

    async def _await(self, hook: Hook) -> Any:
        if hook == self._vice.hook and self._vice.deed == "hang":
            await asyncio.sleep(self._vice.seconds)
        return self._do(hook, None)

    @hookimpl
    async def pointsman_gather_signal(self) -> Any:
        return await self._await("gather")

    @hookimpl
    def pointsman_assess_request(self) -> Any:
        return self._do("assess", None)

    @hookimpl
    def pointsman_shape_request(self) -> Any:
        return self._do("shape", None)

    @hookimpl
    def pointsman_exclude_targets(self) -> Any:
        return self._do("exclude", ())

    @hookimpl
    def pointsman_choose_targets(self) -> Any:
        return self._do("choose", None)

    @hookimpl
    def pointsman_plan_attempts(self) -> Any:
        return self._do("plan", None)

    @hookimpl
    async def pointsman_admit_attempt(self, attempt: PlannedAttempt) -> Any:
        return await self._await("admit")

    @hookimpl
    async def pointsman_settle_attempt(self, attempt: PlannedAttempt) -> None:
        await self._await("settle")

    @hookimpl
    def pointsman_observe(self) -> None:
        self._do("observe", None)


misbehaving = register(Misbehaving, config=Vice)


# Looking for what is installed would be a quarter of the work of most tests.
@cache
def with_misbehaving() -> Policies:
    """What is installed, the policy above, and one that cannot be imported."""
    own = {"misbehaving": f"{__name__}:misbehaving", "broken": "tests.faults.broken_policy:plugin"}
    return {**installed(), **{name: (fake_entry_point(name, value),) for name, value in own.items()}}


class Hanging:
    """A gate that never says anything but that it was asked, in the log."""

    async def judge(self, *question: object) -> Any:
        logging.getLogger(__name__).info(GATE_ASKED)
        await asyncio.Event().wait()


hanging = register_gate(lambda options, setup: Hanging())


@cache
def with_hanging() -> Policies:
    """The gates that are installed, and the one above."""
    return {**installed(GATES), "hanging": (fake_entry_point("hanging", f"{__name__}:hanging", GATES),)}


def fake_entry_point(name: str, value: str, group: str = GROUP) -> Installed:
    """An entry point of a distribution that nobody installed."""
    return Installed(name, "badly-made", "1.0", EntryPoint(name, value, group))
