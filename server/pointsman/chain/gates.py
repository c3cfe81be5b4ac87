"""The gates of a configuration: made, checked, and asked one after the other."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from pointsman.chain.calling import being_cancelled
from pointsman.chain.plugin import GatePlugin, PolicySetup
from pointsman.chain.texts import text_fault
from pointsman.errors import PluginRefused
from pointsman.gatespec import Gate
from pointsman.model.catalogue import Catalogue
from pointsman.model.decision import Assessed
from pointsman.model.gate import Accepted, GatedAnswer, Rejected
from pointsman.model.request import Request
from pointsman.services import Services


@dataclass(frozen=True, slots=True)
class GateEntry:
    """A gate as configured. `timeout` is seconds; `accepts_on_error`: a gate that fails lets answers pass."""

    id: str
    use: str
    plugin: GatePlugin
    # An instance of plugin.config, or None.
    options: object = None
    timeout: float = 5.0
    accepts_on_error: bool = False


@dataclass(frozen=True, slots=True)
class LoadedGate:
    """A gate ready to be asked."""

    entry: GateEntry
    gate: Gate


@dataclass(frozen=True, slots=True)
class Question:
    """What the gates of one stage are asked."""

    request: Request
    assessed: Assessed
    answers: Sequence[GatedAnswer]


def build_gates(entries: Sequence[GateEntry], catalogue: Catalogue) -> Mapping[str, LoadedGate]:
    """An instance per entry; PluginRefused names the one that cannot be used."""
    return {entry.id: LoadedGate(entry, _construct(entry, catalogue)) for entry in entries}


def _construct(entry: GateEntry, catalogue: Catalogue) -> Gate:
    try:
        gate = entry.plugin.factory(entry.options, PolicySetup(entry.id, catalogue))
    # A factory is the plugin's own code: whatever it raises must name it.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginRefused(entry.id, f"its factory raised {type(error).__name__}: {error}") from error
    if not inspect.iscoroutinefunction(getattr(gate, "judge", None)):
        raise PluginRefused(entry.id, f"its factory returned a {type(gate).__name__} without a coroutine `judge`")
    return gate


Judged = Callable[[str, bool, float], None]
"""Told of each gate that was asked: its id, whether it accepted, the seconds that it took."""


async def judge(
    gates: Sequence[LoadedGate], question: Question, services: Callable[[str], Services], judged: Judged
) -> Accepted | Rejected:
    """What the gates say together: the first no, or the answer that is left, by its index among all.

    Each gate judges what those before it left. Reasons begin with the gate's id. `services` makes those of a gate, by
    its id.
    """
    left: Sequence[int] = range(len(question.answers))
    reasons: list[str] = []
    for loaded in gates:
        asked = replace(question, answers=[question.answers[index] for index in left])
        began = perf_counter()
        verdict = await _ask(loaded, asked, services(loaded.entry.id))
        judged(loaded.entry.id, isinstance(verdict, Accepted), perf_counter() - began)
        told = f"{loaded.entry.id}: {verdict.reason or 'good'}"
        if isinstance(verdict, Rejected):
            return Rejected(told)
        if verdict.which is not None:
            left = [left[index] for index in (verdict.which, *verdict.others)]
        reasons.append(told)
    return Accepted("; ".join(reasons), left[0])


async def _ask(loaded: LoadedGate, question: Question, services: Services) -> Accepted | Rejected:
    entry = loaded.entry
    try:
        async with asyncio.timeout(entry.timeout):
            verdict = await loaded.gate.judge(question.request, question.assessed, question.answers, services)
    except TimeoutError:
        return _failed(entry, f"took longer than {entry.timeout:g} s")
    # Plugin code may raise anything; only a cancellation of ours goes on.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or (isinstance(error, asyncio.CancelledError) and being_cancelled()):
            raise
        return _failed(entry, f"raised {type(error).__name__}")
    if wrong := fault(verdict, len(question.answers)):
        return _failed(entry, wrong)
    return verdict


def _failed(entry: GateEntry, why: str) -> Accepted | Rejected:
    return Accepted(f"let pass, because it {why}") if entry.accepts_on_error else Rejected(why)


def fault(verdict: object, answers: int) -> str:
    """What is wrong with what a gate answered of so many answers, or ""."""
    if not isinstance(verdict, (Accepted, Rejected)):
        return f"answered a {type(verdict).__name__}, neither Accepted nor Rejected"
    reason: object = verdict.reason
    return text_fault(reason) or (_misplaced(verdict, answers) if isinstance(verdict, Accepted) else "")


def _misplaced(verdict: Accepted, answers: int) -> str:
    # Typed plugins give numbers; nothing has checked the others.
    which: object = verdict.which
    others: object = verdict.others
    if not isinstance(others, tuple):
        return f"gave a {type(others).__name__} where a tuple of others belongs"
    if others and which is None:
        return "named others without an answer they stand beside"
    chosen = (*(() if which is None else (which,)), *others)
    if not all(type(one) is int and 0 <= one < answers for one in chosen):
        return "chose an answer that is not there"
    return "chose an answer twice" if len(set(chosen)) < len(chosen) else ""
