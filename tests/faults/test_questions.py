"""A model that a policy asks, and that fails: it costs the caller a while at most, and never the answer."""

from __future__ import annotations

import pytest
from grpc import StatusCode
from tests.faults.caller import Question
from tests.faults.conftest import Start
from tests.faults.documents import document, row
from tests.faults.world import World

from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource
from pointsman.model.decision import Decision
from pointsman.model.plan import AttemptKind

pytestmark = pytest.mark.anyio

LABELS = "{risky: whatever wants explaining, healthy: {description: a greeting}}"


def asking(upstream: str, timeout: str = "10s", standby: str = "sim-failing") -> str:
    """A configuration whose classifier asks a model of this name, at a provider of its own."""
    options = f"with: {{model: judge, labels: {LABELS}}}, timeout: {timeout}"
    entry = f"  - {{id: llm, use: llm-classifier, {options}}}\n"
    return document(standby, models=row("judge", "second", upstream), extra=entry)


def questions(world: World) -> list[Attempt]:
    return [a for record in world.records() for a in record.attempts if a.kind is AttemptKind.ASSIST]


def said(world: World) -> str:
    """The reason of the classifier's verdict in the first decision."""
    decision = world.records()[0].decision
    assert isinstance(decision, Decision)
    return next(verdict.reason for verdict in decision.trace if verdict.policy == "llm")


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_it_answers(start: Start, streamed: bool) -> None:
    world = await start(asking("sim-judge"))
    reply = await world.caller.ask(Question(), streamed=streamed)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    question, answer = reply.usage.attempts
    assert (question.ref.model, question.outcome, answer.ref.attempt) == ("judge", 1, 2)
    assert reply.usage.cost.overhead_nano_usd == question.cost_nano_usd > 0
    assert reply.usage.usage == answer.usage
    assert said(world).startswith("task risky from model judge")
    await world.check_afterwards()


@pytest.mark.parametrize(
    ("upstream", "reason"),
    [
        ("fault-http-503", "ALL_PROVIDERS_DOWN"),
        ("fault-http-429", "PROVIDER_RATE_LIMITED"),
        ("fault-http-401", "PROVIDER_AUTH_FAILED"),
        ("fault-http-400", "PROVIDER_REFUSED"),
        ("fault-content-filter", "CONTENT_BLOCKED"),
        ("fault-html-200", "PROVIDER_PROTOCOL_ERROR"),
        ("fault-short-body", "ALL_PROVIDERS_DOWN"),
        ("fault-close-after-headers", "ALL_PROVIDERS_DOWN"),
    ],
)
async def test_it_fails(start: Start, upstream: str, reason: str) -> None:
    world = await start(asking(upstream))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    (question,) = questions(world)
    assert (question.outcome, question.error_reason) == (AttemptOutcome.FAILED, reason)
    assert said(world) == f"model 'judge' gave no answer: {reason}"
    await world.check_afterwards()


async def test_it_hangs_and_costs_its_timeout(start: Start) -> None:
    world = await start(asking("fault-hang-accept", timeout="200ms"))
    reply = await world.caller.ask(Question(), streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    (question,) = questions(world)
    assert (question.outcome, question.cost_source) == (AttemptOutcome.CANCELLED, CostSource.ESTIMATE)
    assert said(world) == "no signal: it was not asked, failed or came too late"
    assert {call.ending for call in await world.simulator.ended() if call.provider == "second"} == {"client_closed"}
    await world.check_afterwards()


async def test_it_leaves_half_of_the_callers_time_for_the_answer(start: Start) -> None:
    world = await start(asking("fault-hang-accept"))
    reply = await world.caller.ask(Question(timeout=2.0), streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "failing")
    (question,) = questions(world)
    assert (question.outcome, question.error_reason) == (AttemptOutcome.FAILED, "DEADLINE_EXCEEDED")
    await world.check_afterwards()


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
async def test_a_caller_that_goes_away_closes_its_connection(start: Start, streamed: bool) -> None:
    world = await start(asking("fault-hang-accept"))
    call = world.caller.call(Question(), streamed=streamed)
    await world.simulator.until_active()
    call.cancel()
    assert (await call.reply()).code is StatusCode.CANCELLED
    await world.simulator.until_idle()
    assert [call.ending for call in await world.simulator.ended()] == ["client_closed"]
    await world.until_recorded(1)
    (question,) = questions(world)
    assert (question.outcome, question.usage.estimated) == (AttemptOutcome.CANCELLED, True)
    (record,) = world.records()
    assert (record.status, record.cost.overhead) == ("CALLER_CANCELLED", question.cost_nano_usd)
    await world.check_afterwards()
