"""What gates are handed: models to ask, on the request's bill, and what they want of the answers they judge."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest
from tests.unit.engine.bench import Bench, rows
from tests.unit.engine.planners import ESCALATION, FAILOVER, Planning, accepting, alone

from pointsman import (
    Accepted,
    AskFailed,
    Assessed,
    GatedAnswer,
    Message,
    Params,
    Rejected,
    Request,
    Role,
    Services,
    Text,
    register_gate,
)
from pointsman.chain.gates import GateEntry, LoadedGate
from pointsman.model.attempt import AttemptOutcome
from pointsman.model.plan import AttemptKind
from pointsman.services import Ask
from pointsman.testing import FakeProvider, answering, make_rules

QUESTION = Request(messages=(Message(Role.USER, (Text("PASS or FAIL?"),)),), params=Params(max_output_tokens=5))


class Asking:
    """A gate that asks `opus`, and keeps what it asked with."""

    def __init__(self) -> None:
        self.ask: Ask | None = None

    async def judge(
        self, request: Request, assessment: Assessed, answers: Sequence[GatedAnswer], services: Services
    ) -> Accepted | Rejected:
        self.ask = services.ask
        reply = await services.ask("opus", QUESTION)
        return Accepted("passed") if reply.parts == (Text("PASS"),) else Rejected("failed")


def bench(gate: Asking, judge: str) -> Bench:
    rules = make_rules(Planning(alone("flash", gates=["asks"]), alone("mini", ESCALATION)), gates={"asks": gate})
    providers = {"google": "cheap", "openai": "dear", "anthropic": judge}
    return Bench({name: FakeProvider(answering(text)) for name, text in providers.items()}, rules)


async def test_a_gate_may_ask_a_model_at_the_requests_expense() -> None:
    completion = await bench(Asking(), "PASS").unary()
    assert rows(completion) == [("flash", "served"), ("opus", "served")]
    answer, asked = completion.attempts
    assert (asked.kind, answer.gate) == (AttemptKind.ASSIST, "asks: passed")
    assert (completion.cost.answer, completion.cost.overhead) == (answer.cost_nano_usd, asked.cost_nano_usd)
    assert asked.cost_nano_usd > 0


async def test_its_no_escalates() -> None:
    completion = await bench(Asking(), "FAIL").unary()
    assert rows(completion) == [("flash", "gated"), ("opus", "served"), ("mini", "served")]


async def test_no_question_outlives_the_judging() -> None:
    gate = Asking()
    await bench(gate, "PASS").unary()
    assert gate.ask is not None
    with pytest.raises(AskFailed, match="while signals are gathered or answers judged"):
        await gate.ask("opus", QUESTION)


async def test_log_probabilities_are_asked_for_where_a_gate_wants_them() -> None:
    planning = Planning(alone("flash", gates=["sure"]), alone("sonnet", ESCALATION), alone("mini", FAILOVER))
    rules, gate = make_rules(planning, gates={"sure": accepting()}), accepting()
    plugin = register_gate(lambda options, setup: gate, wants=["logprobs"])
    wanting = {"sure": LoadedGate(GateEntry("sure", "sure", plugin), gate)}
    for gates, wanted in ((rules.gates, False), (wanting, True)):
        cheap = FakeProvider(answering("cheap"))
        completion = await Bench({"google": cheap}, dataclasses.replace(rules, gates=gates)).unary()
        assert completion.attempts[-1].outcome is AttemptOutcome.SERVED
        assert [call.logprobs for call in cheap.calls] == [wanted]


async def test_a_stage_without_such_a_gate_asks_for_none() -> None:
    gate = accepting()
    plugin = register_gate(lambda options, setup: gate, wants=["logprobs"])
    rules = dataclasses.replace(
        make_rules(Planning(alone("flash"), alone("sonnet", gates=["sure"])), gates={"sure": gate}),
        gates={"sure": LoadedGate(GateEntry("sure", "sure", plugin), gate)},
    )
    cheap = FakeProvider(answering("cheap"))
    await Bench({"google": cheap}, rules).unary()
    assert [call.logprobs for call in cheap.calls] == [False]
