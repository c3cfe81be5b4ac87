"""The same runners against a real server: what it promises of calls that are cancelled, abandoned or too dear."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clients.conformance.runners import CLIENTS, RUNNERS, Runner, absent, run
from clients.conformance.scenarios import CALL, LINE, Json
from tests.faults.process import serving
from tests.faults.world import PATIENCE, simulating

from pointsman.ledger.reading import reading
from pointsman.sim import CallRecord, SimSettings

# Callers give a call 120 s, so that what ends an abandoned one is the server.
CONFIGURATION = """\
providers:
  sim: {wire: openai, api_key: "${FIRST}", base_url: "SIMULATOR/sim/v1"}
models:
  good: {provider: sim, upstream: sim-good, tier: only, context: 100_000, price: {input: 1, output: 4}}
  stalls: {provider: sim, upstream: fault-stall-after-20=1, tier: only, context: 100_000, price: {input: 1, output: 4}}
  pours: {provider: sim, upstream: fault-runs-on, tier: only, context: 100_000, price: {input: 1, output: 4}}
  hangs: {provider: sim, upstream: fault-hang-accept, tier: only, context: 100_000, price: {input: 1, output: 4}}
tiers: [only]
tasks: {good: {route: good}, dear: {route: good}, stalls: {route: stalls}, pours: {route: pours}, hangs: {route: hangs}}
default: good
budgets: [{name: pennies, match: {task: dear}, daily_usd: 0.000001}]
chain: [{use: override}, {use: tags}, {use: feasibility}, {use: budgets}, {use: routing}]
failover: {retries: 0}
auth: none
server:
  {grpc: "127.0.0.1:0", http: "127.0.0.1:0", drain: 0s, watch: off, default_deadline: 1500ms, max_deadline: 1500ms}
ledger: {path: "LEDGER"}
"""
# Of the fixture that runs them all.
pytestmark = pytest.mark.timeout(180)
PROMPT = "Why do trains need points?"


def call(name: str, **options: Any) -> Json:
    return {**CALL, "name": name, "prompt": PROMPT, **options}


CALLS = (
    call("route", call="route"),
    call("ordinary"),
    call("whole", call="complete_unary"),
    *[call("cancelled", task="stalls", stop={"how": "cancel", "after": 2}) for _ in range(3)],
    call("budget", task="dear"),
    call("abandoned", task="stalls", stop={"how": "abandon", "after": 2}),
    call("abandoned", task="pours", stop={"how": "abandon", "after": 2}),
    # The process lives until this one is over, and so after those before it should be.
    call("hanging", task="hangs"),
)


@dataclass(frozen=True)
class Lived:
    """What a runner printed, and its language's example; what the provider logged, and the ledger."""

    lines: Sequence[Json]
    example: str
    upstream: Sequence[CallRecord]
    ledger: Path

    def line(self, name: str) -> Json:
        (found,) = [line for line in self.lines if line["name"] == name]
        return found

    def asked(self, model: str) -> list[CallRecord]:
        """In the order of their start."""
        return sorted((call for call in self.upstream if call.model == model), key=lambda call: call.started)

    def status(self, call: CallRecord) -> str:
        """How the request for which this was asked ended, as the ledger has it."""
        with reading(self.ledger) as connection:
            asked = "SELECT status FROM decisions JOIN attempts USING (decision_id) WHERE upstream_request_id = ?"
            return str(connection.execute(asked, (call.id,)).fetchone()[0])


async def live(directory: Path) -> AsyncIterator[tuple[Runner, Lived | Exception]]:
    """All runners, one after the other at one server."""
    calm = SimSettings(port=0, ttft_median=0, token_interval=0, drain=0)
    async with simulating(calm) as simulator, serving(CONFIGURATION, simulator, directory) as served:
        for runner in RUNNERS:
            if absent(runner.language):
                continue
            before = len(await simulator.ended())
            try:
                lines = await runner.run(served.caller.address, CALLS)
                await simulator.until_idle(PATIENCE)
                upstream = (await simulator.ended())[before:]
                example = await run(CLIENTS / runner.language / "run-example", served.caller.address, PROMPT)
            except (RuntimeError, OSError) as failed:
                yield runner, failed
            else:
                yield runner, Lived(lines, example, upstream, served.ledger)


@pytest.fixture(scope="session")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Runner, Lived | Exception]:
    async def all_of_them() -> dict[Runner, Lived | Exception]:
        return {runner: lived async for runner, lived in live(tmp_path_factory.mktemp("live"))}

    return asyncio.run(all_of_them())


@pytest.fixture
def lived(runner: Runner, lives: Mapping[Runner, Lived | Exception]) -> Lived:
    found = lives[runner]
    if isinstance(found, Exception):
        raise found
    return found


def test_an_answer(lived: Lived) -> None:
    streamed, whole = lived.line("ordinary"), lived.line("whole")
    assert lived.line("route") == {**LINE, "name": "route", "model": "good"}
    assert streamed["complete"], streamed
    assert streamed["events"] == ["decision", "text_delta", "usage", "finish"]
    assert streamed["text"] == whole["message_text"] != ""
    told = ("model", "cost_nano_usd", "attempts", "finish", "complete", "error")
    assert [streamed[key] for key in told] == [whole[key] for key in told]


def test_the_example(lived: Lived) -> None:
    answer = lived.line("ordinary")["text"]
    assert answer in lived.example, lived.example
    assert "good" in lived.example


def test_a_cancelled_call_ends_at_the_provider_within_100_ms(lived: Lived) -> None:
    lines = [line for line in lived.lines if line["name"] == "cancelled"]
    assert {(line["error"] or {}).get("code") for line in lines} == {"CANCELLED"}
    calls = lived.asked("fault-stall-after-20=1")[: len(lines)]
    assert {call.ending for call in calls} == {"client_closed"}
    assert {lived.status(call) for call in calls} == {"CALLER_CANCELLED"}
    # From the first token, after which its caller cancels: all the way there and back.
    took = [call.ended - call.first_token for call in calls if call.ended and call.first_token]
    assert statistics.median(took) < 0.1, took


def test_an_abandoned_call_ends_by_the_servers_deadline(lived: Lived) -> None:
    hanging = lived.line("hanging")
    assert (hanging["error"]["code"], hanging["error"]["reason"]) == ("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED")
    (lasting,) = lived.asked("fault-hang-accept")
    for call in (lived.asked("fault-stall-after-20=1")[-1], *lived.asked("fault-runs-on")):
        assert call.ending == "client_closed"
        # Some languages cancel what nobody holds any more. None needs its process to end for that.
        cancelled = lived.status(call) == "CALLER_CANCELLED" and (call.ended or 0) < (lasting.ended or 0)
        assert cancelled or lived.status(call) == "DEADLINE_EXCEEDED"


def test_an_exhausted_budget(lived: Lived) -> None:
    error = lived.line("budget")["error"]
    assert (error["code"], error["reason"]) == ("RESOURCE_EXHAUSTED", "BUDGET_EXHAUSTED")
    assert "resets_at" in error["metadata"]
    assert error["retry_delay_ms"] is None
