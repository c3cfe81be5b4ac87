"""Policies for tests: each answers one hook by a function that it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pointsman.chain.entry import Entry, OnError
from pointsman.hookspecs import hookimpl
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Assessed
from pointsman.model.plan import Plan, PlannedAttempt
from pointsman.model.request import Request
from pointsman.services import Denial, Lease, Services
from pointsman.testing import make_entry

# What a hook answers is what these tests are about, wrong types included.
Answer = Callable[[], Any]


class Gathers:
    def __init__(self, ask: Callable[[Request, Assessed, Services], Any]) -> None:
        self._ask = ask

    @hookimpl
    async def pointsman_gather_signal(self, request: Request, prior: Assessed, services: Services) -> Any:
        return await self._ask(request, prior, services)


class Assesses:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @hookimpl
    def pointsman_assess_request(self) -> Any:
        return self._answer()


class Shapes:
    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer

    @hookimpl
    def pointsman_shape_request(self, target: str) -> Any:
        return self._answer(target)


class Excludes:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @hookimpl
    def pointsman_exclude_targets(self) -> Any:
        return self._answer()


class Chooses:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @hookimpl
    def pointsman_choose_targets(self) -> Any:
        return self._answer()


class Plans:
    def __init__(self, answer: Callable[[Plan], Any]) -> None:
        self._answer = answer

    @hookimpl
    def pointsman_plan_attempts(self, plan: Plan) -> Any:
        return self._answer(plan)


class Observes:
    def __init__(self, look: Callable[[object], Any]) -> None:
        self._look = look

    @hookimpl
    def pointsman_observe(self, event: object) -> Any:
        return self._look(event)


class Admits:
    """Answers by target, after `wait`; `asked` and `settled` are what it was told, in order."""

    def __init__(self, answers: dict[str, Any] | None = None, wait: Callable[[], Any] | None = None) -> None:
        self.asked: list[str] = []
        self.settled: list[tuple[str, Attempt | None, Lease | None]] = []
        self._answers, self._wait = answers or {}, wait

    @hookimpl
    async def pointsman_admit_attempt(self, attempt: PlannedAttempt) -> Any:
        self.asked.append(attempt.target)
        if self._wait:
            await self._wait()
        answer: Lease | Denial | BaseException | None = self._answers.get(attempt.target, Lease(len(self.asked)))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @hookimpl
    async def pointsman_settle_attempt(
        self, attempt: PlannedAttempt, outcome: Attempt | None, lease: Lease | None
    ) -> None:
        self.settled.append((attempt.target, outcome, lease))


def entry(policy: object, id: str = "mine", on_error: OnError | None = None, *, shadow: bool = False) -> Entry:
    return replace(make_entry(policy, id), on_error=on_error, shadow=shadow)


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        raise error

    return call


def always(answer: object) -> Callable[..., Any]:
    return lambda *arguments: answer
