"""Plays the scenarios to a runner, and says what differs from what they expect, on either side."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clients.conformance.runners import Runner
from clients.conformance.scenarios import Json, Scenario
from clients.conformance.scripted import Call, ScriptedServer


@dataclass(frozen=True)
class Played:
    """What a runner printed, and what the server saw, by scenario."""

    lines: Mapping[str, Sequence[Json]]
    calls: Mapping[str, Sequence[Call]]

    def differences(self, scenario: Scenario) -> list[str]:
        """One sentence for each thing that is not as the scenario wants it."""
        lines, calls = self.lines[scenario.name], self.calls[scenario.name]
        found = [difference for line in lines for difference in _in_line(scenario.expected(), line)]
        return [*found, *self._at_the_server(scenario, calls)]

    def _at_the_server(self, scenario: Scenario, calls: Sequence[Call]) -> Iterator[str]:
        seen, ended = scenario.server, [call.ended for call in calls]
        if not calls:
            if not seen.or_none:
                yield "no call of it arrived"
            return
        if ended != [*seen.ended] * scenario.times:
            yield f"at the server calls ended {ended}, not {[*seen.ended] * scenario.times}"
        if seen.request is not None and calls[0].request != seen.request:
            yield f"the request was {calls[0].request}, not {seen.request}"
        if seen.deadline_s is not None and not _within(calls[0].given, seen.deadline_s):
            yield f"its caller gave it {calls[0].given} s, not {seen.deadline_s}"
        used = {call.connection for call in self.calls.get(seen.not_on_connection_of, ())}
        if used & {call.connection for call in calls}:
            yield f"it came on the connection of {seen.not_on_connection_of}"
        if seen.within_ms is not None:
            yield from _too_late(calls, seen.within_ms)


async def play(runner: Runner, scenarios: Sequence[Scenario]) -> Played:
    """All of them, by one process on one client."""
    async with ScriptedServer(scenarios) as server:
        lines = await runner.run(server.target, [call for scenario in scenarios for call in scenario.calls()])
        for call in server.log:
            await call.over.wait()
    names = [scenario.name for scenario in scenarios]
    return Played(
        {name: [line for line in lines if line["name"] == name] for name in names},
        {name: server.calls(name) for name in names},
    )


def _in_line(expected: Json, line: Json, path: str = "") -> Iterator[str]:
    for key in sorted(expected.keys() | line.keys()):
        wanted, got, name = expected.get(key), line.get(key), f"{path}{key}"
        if isinstance(wanted, Mapping) and isinstance(got, Mapping):
            yield from _in_line(wanted, got, f"{name}.")
        elif wanted is None and name == "error.message":
            continue
        elif key not in line or key not in expected or wanted != got:
            yield f"{name} is {_short(got) if key in line else 'missing'}, not {_short(wanted)}"


def latencies(calls: Sequence[Call]) -> list[float]:
    """Milliseconds from when a script had sent all that its caller waited for to when the call was gone.

    That is no less than a cancellation took from the caller to the server.
    """
    return [(call.gone - call.waiting) * 1000 for call in calls if call.waiting is not None]


def _too_late(calls: Sequence[Call], limit: int) -> Iterator[str]:
    # Of several, since machines have hiccups and clients their first time.
    took = latencies(calls)
    if took and statistics.median(took) > limit:
        yield f"the call was gone after {', '.join(f'{ms:.0f}' for ms in took)} ms, not within {limit}"


def _within(value: float | None, bounds: Sequence[int]) -> bool:
    return value is not None and bounds[0] <= value <= bounds[1]


# Values are JSON of any kind.
def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:200]} … {text[-200:]} ({len(text)} characters)"
