"""Decide with one entry under observation: every call of its pure hooks, with what it was given, said and did."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import msgspec

from pointsman import hookspecs
from pointsman.chain.loading import Hook
from pointsman.engine.decide import decide
from pointsman.engine.rules import Rules
from pointsman.model.decision import Decision, Refusal
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot
from pointsman.testing.purity import effects

PURE = ("assess", "shape", "exclude", "choose", "plan")
"""Phases of a chain whose hooks are pure."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook. `changed` names arguments that it changed, `effects` are sentences as `purity` has them.

    `answer` is None where it raised `error`.
    """

    hook: str
    # Whatever the policy answered, wrong types included.
    answer: Any
    error: BaseException | None
    changed: tuple[str, ...]
    effects: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One decision and the calls that led to it."""

    outcome: Decision | Refusal
    calls: list[Call]

    def fingerprint(self) -> bytes:
        """Equal for equal decisions and answers, byte for byte."""
        return msgspec.json.encode((self.outcome, self.answers()))

    def answers(self, hook: str = "") -> list[tuple[str, str, str]]:
        """What was answered to one hook, or to each: its name, the answer, what was raised."""
        return [(c.hook, encoded(c.answer), repr(c.error)) for c in self.calls if hook in ("", c.hook)]

    def failures(self, entry: str) -> list[str]:
        """What the engine holds against the entry, with the text of what it raised."""
        failed = [v for v in self.outcome.trace if v.policy == entry and v.outcome == "error"]
        raised = {call.hook: f": {call.error}" for call in self.calls if call.error is not None}
        return [f"{verdict.hook} {verdict.reason}{raised.get(verdict.hook, '')}" for verdict in failed]


Look = Callable[[Hook, tuple[Any, ...]], Call]


def attempt(request: Request, snapshot: Snapshot, rules: Rules, entry: str, *, watched: bool = True) -> Trial:
    """Decide as the engine does. Unwatched, calls are only timed: to look on takes time itself."""
    calls: list[Call] = []
    look = _watched if watched else _timed
    # The fields of a chain that hold hooks; it has others.
    hooks: dict[str, Any] = {phase: _observed(getattr(rules.chain, phase), entry, look, calls) for phase in PURE}
    observed = dataclasses.replace(rules, chain=dataclasses.replace(rules.chain, **hooks))
    return Trial(decide(request, snapshot, observed), calls)


def encoded(value: object) -> str:
    """What it says, in any order that it says it; its `repr` where it cannot be written down."""
    try:
        return msgspec.json.encode(value).decode()
    # A wrong answer may be anything, and raise anything when it is looked at.
    except Exception:  # noqa: BLE001
        return repr(value)


def _observed(hooks: tuple[Hook, ...], entry: str, look: Look, calls: list[Call]) -> tuple[Hook, ...]:
    return tuple(
        dataclasses.replace(hook, call=_noting(hook, look, calls)) if hook.entry.id == entry else hook for hook in hooks
    )


def _noting(hook: Hook, look: Look, calls: list[Call]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        done = look(hook, arguments)
        calls.append(done)
        if done.error is not None:
            raise done.error
        return done.answer

    return call


def _timed(hook: Hook, arguments: tuple[Any, ...]) -> Call:
    began = perf_counter()
    answer, error = _called(hook, arguments)
    return Call(hook.name, answer, error, (), (), perf_counter() - began)


def _watched(hook: Hook, arguments: tuple[Any, ...]) -> Call:
    names = tuple(inspect.signature(getattr(hookspecs, f"pointsman_{hook.name}")).parameters)
    before = [encoded(argument) for argument in arguments]
    with effects() as seen:
        answer, error = _called(hook, arguments)
    changed = [n for n, a, was in zip(names, arguments, before, strict=True) if encoded(a) != was]
    return Call(hook.name, answer, error, tuple(changed), tuple(seen), 0.0)


def _called(hook: Hook, arguments: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return hook.call(*arguments), None
    # It is raised again where the engine contains it; here it is only remembered.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return None, error
