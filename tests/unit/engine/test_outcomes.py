"""Attempts that callers of Route made themselves."""

from __future__ import annotations

import dataclasses

import pytest
from msgspec.structs import replace
from tests.unit.engine.bench import Bench, failure

from pointsman.engine.explain import Explainer
from pointsman.engine.outcomes import Charged, Outcome, Outcomes
from pointsman.errors import ConfigInvalid, LedgerUnavailable, Problem, Reason, RequestError
from pointsman.model.answer import Usage
from pointsman.model.attempt import AttemptOutcome, Cost, CostSource
from pointsman.model.catalogue import Catalogue
from pointsman.model.events import AttemptEnded
from pointsman.model.plan import AttemptKind
from pointsman.model.request import Hints
from pointsman.model.snapshot import HealthState, Pin
from pointsman.testing import make_request, make_rules
from pointsman_policies import limits, pinning

SESSION = make_request(hints=Hints(session_id="s-1"))
USED = Usage(input_tokens=1000, output_tokens=100)


async def unreadable(document: str) -> Catalogue:
    raise ConfigInvalid([Problem("tiers", "is missing")])


class Reporting(Bench):
    def __init__(self) -> None:
        super().__init__(rules=make_rules(limits.plugin, pinning.plugin))
        explainer = Explainer(lambda: self.engine.rules, self.ledger, unreadable)
        self.outcomes = Outcomes(explainer, self.store, self.ledger, self.clock, self.engine.settle_reported)

    async def decided(self) -> str:
        return (await self.route(SESSION)).decision_id

    async def report(self, outcome: Outcome, tenant: str = "default") -> Charged:
        charged = await self.outcomes.report(tenant, outcome)
        await self.engine.drain()
        return charged

    async def refused(self, outcome: Outcome, tenant: str = "default") -> RequestError:
        with pytest.raises(RequestError) as caught:
            await self.report(outcome, tenant)
        return caught.value


@pytest.fixture
async def bench() -> Reporting:
    return Reporting()


async def test_an_answer_is_recorded_charged_and_learnt_from(bench: Reporting) -> None:
    id_ = await bench.decided()
    charged = await bench.report(Outcome(decision_id=id_, ttft=0.25, duration=2.0, usage=USED))
    (record,) = bench.ledger.records
    (attempt,) = record.attempts
    assert (attempt.target, attempt.kind, attempt.outcome) == ("flash", AttemptKind.PRIMARY, AttemptOutcome.SERVED)
    assert (attempt.ttft, attempt.duration, attempt.usage) == (0.25, 2.0, USED)
    assert attempt.cost_source is CostSource.PRICE
    assert charged == Charged(Cost(answer=attempt.cost_nano_usd), known_already=False)
    assert record.cost.total == attempt.cost_nano_usd > 0
    state = await bench.store.read("default/s-1")
    assert state.latencies["flash"].p50 == 0.25
    assert state.pin == Pin("flash", record.snapshot.now, 1)
    assert [event.attempt for event in bench.events if isinstance(event, AttemptEnded)] == [attempt]


async def test_a_repeat_changes_nothing(bench: Reporting) -> None:
    outcome = Outcome(decision_id=await bench.decided(), ttft=0.25, duration=2.0, usage=USED)
    first = await bench.report(outcome)
    again = await bench.report(replace(outcome, ttft=9.0, duration=9.0, usage=Usage(9, 9)))
    assert again == Charged(first.cost, known_already=True)
    assert (await bench.store.read()).latencies["flash"].samples == 1
    assert len(bench.ledger.records[0].attempts) == 1


async def test_a_row_that_could_not_be_kept_is_learnt_from_once(bench: Reporting) -> None:
    outcome = Outcome(decision_id=await bench.decided(), ttft=0.25, duration=2.0)
    bench.ledger.error = LedgerUnavailable("full")
    assert (await bench.refused(outcome)).reason is Reason.LEDGER_UNAVAILABLE
    bench.ledger.error = None
    assert (await bench.report(outcome)).known_already
    assert (await bench.store.read()).latencies["flash"].samples == 1
    assert len(bench.ledger.records[0].attempts) == 1


async def test_failures_open_the_breaker(bench: Reporting) -> None:
    for _ in range(5):
        down = Outcome(decision_id=await bench.decided(), error="ALL_PROVIDERS_DOWN", upstream_status=503)
        assert (await bench.report(down)).cost == Cost()
    assert (await bench.store.read()).health["flash"].state is HealthState.DOWN
    attempt = bench.ledger.records[-1].attempts[0]
    assert (attempt.outcome, attempt.cost_source) == (AttemptOutcome.FAILED, CostSource.NONE)


async def test_a_rate_limit_is_waited_out(bench: Reporting) -> None:
    limited = Outcome(decision_id=await bench.decided(), error="PROVIDER_RATE_LIMITED", retry_after=7.0)
    await bench.report(limited)
    health = (await bench.store.read()).health["flash"]
    assert health.until == pytest.approx(bench.clock.now() + 7.0)


@pytest.mark.parametrize("error", ["PROVIDER_AUTH_FAILED", "CALLER_CANCELLED"])
async def test_what_is_the_callers_own_says_nothing_of_the_model(bench: Reporting, error: str) -> None:
    for _ in range(10):
        await bench.report(Outcome(decision_id=await bench.decided(), error=error))
    assert dict((await bench.store.read()).health) == {}


async def test_a_caller_that_failed_over_reports_each(bench: Reporting) -> None:
    id_ = await bench.decided()
    await bench.report(Outcome(decision_id=id_, error="ALL_PROVIDERS_DOWN", usage=Usage(1000)))
    await bench.report(Outcome(decision_id=id_, number=2, model="sonnet", usage=USED))
    first, second = bench.ledger.records[0].attempts
    assert (first.number, second.number, second.kind) == (1, 2, AttemptKind.FAILOVER)
    assert bench.ledger.records[0].cost == Cost(answer=second.cost_nano_usd, overhead=first.cost_nano_usd)


async def test_without_usage_what_was_expected_is_charged(bench: Reporting) -> None:
    id_ = await bench.decided()
    charged = await bench.report(Outcome(decision_id=id_))
    assert charged.cost.estimated
    assert charged.cost.answer > 0


async def test_the_providers_own_figure_counts(bench: Reporting) -> None:
    charged = await bench.report(Outcome(decision_id=await bench.decided(), usage=USED, cost_nano_usd=42))
    assert charged.cost == Cost(answer=42)


async def test_without_the_configuration_the_price_is_the_decisions(bench: Reporting) -> None:
    id_ = await bench.decided()
    bench.adopt(dataclasses.replace(bench.engine.rules, version="later"))
    charged = await bench.report(Outcome(decision_id=id_, usage=USED))
    assert charged.cost.estimated
    assert charged.cost.answer > 0


async def test_another_tenants_decision_is_denied_as_one_that_there_is_not(bench: Reporting) -> None:
    outcome = Outcome(decision_id=await bench.decided())
    assert (await bench.refused(outcome, "acme")).reason is Reason.PERMISSION_DENIED
    nothing = replace(outcome, decision_id="0" * 32)
    assert (await bench.refused(nothing, "acme")).reason is Reason.PERMISSION_DENIED


async def test_what_cannot_have_been_run(bench: Reporting) -> None:
    id_ = await bench.decided()
    assert (await bench.refused(Outcome(decision_id=id_, model="nothing"))).reason is Reason.UNKNOWN_MODEL
    assert "is at 'google'" in (await bench.refused(Outcome(decision_id=id_, provider="openai"))).message
    ours = (await bench.unary()).decision_id
    assert "CompleteUnary" in (await bench.refused(Outcome(decision_id=ours))).message
    nobody = await bench.route(make_request(hints=Hints(exclude_providers=("google", "openai", "anthropic"))))
    assert failure(nobody).reason is Reason.NO_CANDIDATE
    assert "was refused" in (await bench.refused(Outcome(decision_id=nobody.decision_id))).message
