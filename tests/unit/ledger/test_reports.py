from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import assist, attempt, decision, record, telling_request

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.days import zone_of
from pointsman.ledger.figures import (
    Cascade,
    Comparison,
    Group,
    Groups,
    Hedging,
    Percentiles,
    Period,
    Report,
    Scope,
    Spend,
    TierLatency,
)
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.reports import OneModel, Question, report
from pointsman.model.answer import Usage
from pointsman.model.attempt import AttemptOutcome, Cost
from pointsman.model.catalogue import Price
from pointsman.model.decision import PolicyKind
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record
from pointsman.model.request import Hints

ALL = Period(0.0, 10_000.0)
EVERYTHING = Question(period=ALL)
# A nano-USD for each token of output, and nothing else.
BY_OUTPUT = OneModel("opus", Price(0, 1_000_000))
AGAINST = Question(period=ALL, one_model=BY_OUTPUT)


def answered(number: int, tier: str = "small") -> Record:
    """Served at once, in `number` seconds, by the model that was decided."""
    kept = record(f"d-{number}", attempt(1, "mini"), received=100.0 * number)
    return replace(kept, tier=tier, cost=Cost(answer=4000), duration=float(number), ttft=number / 10)


def refused(number: int) -> Record:
    kept = replace(record(f"d-{number}", received=100.0 * number), attempts=(), cost=Cost(), ttft=None, duration=99.0)
    return replace(kept, decision=None, tier="", status="INVALID_REQUEST", finish=None)


async def reported(path: Path, *records: Record, question: Question = EVERYTHING) -> Report:
    ledger = await open_ledger(path / "ledger.db")
    for kept in records:
        await ledger.append(kept)
    made = report(path / "ledger.db", question)
    await ledger.aclose()
    return made


def costs(found: tuple[Group, ...]) -> list[tuple[str, int, float, int]]:
    return [(group.name, group.requests, group.share, group.cost_nano_usd) for group in found]


async def test_nothing_was_asked(tmp_path: Path) -> None:
    made = await reported(tmp_path, question=AGAINST)
    assert (made.requests, made.rates.fallback, made.spend) == (0, 0.0, Spend(0, 0, 0.0))
    assert (made.tasks, made.days, made.latencies, made.tokens) == ((), (), (), Usage())
    assert made.tenants == Groups(0, ())
    assert made.comparison == Comparison("opus", 0, 0, 0.0, 0, 0.0)


async def test_mixes(tmp_path: Path) -> None:
    coded = replace(answered(3, tier="frontier"), decision=decision("opus", "code", "rules"))
    failed_over = record("d-4", received=400.0)
    made = await reported(tmp_path, answered(1), answered(2), coded, failed_over, refused(5))
    assert made.requests == 5
    assert costs(made.statuses) == [("OK", 4, 0.8, 17_000), ("INVALID_REQUEST", 1, 0.2, 0)]
    assert costs(made.tasks) == [("simple", 3, 0.6, 13_000), ("", 1, 0.2, 0), ("code", 1, 0.2, 4000)]
    assert costs(made.tiers) == [("small", 3, 0.6, 13_000), ("", 1, 0.2, 0), ("frontier", 1, 0.2, 4000)]
    assert costs(made.models) == [("mini", 3, 0.6, 12_000), ("", 1, 0.2, 0), ("sonnet", 1, 0.2, 5000)]
    assert costs(made.deciders) == [("tags", 3, 0.6, 13_000), ("", 1, 0.2, 0), ("rules", 1, 0.2, 4000)]
    assert costs(made.decider_kinds) == [("tag", 4, 0.8, 17_000), ("", 1, 0.2, 0)]
    assert made.tasks[0].overhead_nano_usd == 1000
    assert made.tasks[0].one_model_nano_usd is None


async def test_what_was_only_decided_is_in_no_mix(tmp_path: Path) -> None:
    routed = replace(refused(2), method="Route", decision=decision("opus", "code", "rules"), tier="frontier")
    unary = replace(answered(3), method="CompleteUnary")
    made = await reported(tmp_path, answered(1), routed, unary)
    assert (made.requests, made.only_decided) == (2, 1)
    for groups in (made.statuses, made.tasks, made.tiers, made.models, made.deciders):
        assert [group.share for group in groups] == [1.0]


async def test_spend_and_tokens_count_every_attempt(tmp_path: Path) -> None:
    made = await reported(tmp_path, record("d-1", received=1.0), answered(2), refused(3))
    assert (made.spend.answer, made.spend.overhead, made.spend.total) == (8000, 1000, 9000)
    assert made.spend.estimated_share == pytest.approx(1 / 9)
    assert made.tokens == Usage(2800, 400, 600, 100, 40, estimated=True)
    assert made.rates.fallback == 0.5


async def test_against_one_model_for_everything(tmp_path: Path) -> None:
    question = replace(AGAINST, one_model=OneModel("opus", Price(0, 50_000_000)))
    made = await reported(tmp_path, record("d-1", received=1.0), answered(2), refused(3), question=question)
    # Twice 200 tokens, 50 each, against 8,000 for answers and 1,000 for an attempt that failed.
    assert made.comparison == Comparison("opus", 20_000, 11_000, 0.55, 12_000, 0.6)
    assert [(group.name, group.one_model_nano_usd) for group in made.tasks] == [("simple", 20_000), ("", 0)]


async def test_latency_by_tier(tmp_path: Path) -> None:
    small = [answered(number) for number in range(1, 21)]
    unary = replace(answered(21, tier="mid"), ttft=None)
    made = await reported(tmp_path, *small, unary, refused(22))
    assert made.latencies == (
        TierLatency("mid", None, Percentiles(21.0, 21.0, 1)),
        TierLatency("small", Percentiles(1.0, 1.9, 20), Percentiles(10.0, 19.0, 20)),
    )


async def test_a_period_has_its_beginning_and_not_its_end(tmp_path: Path) -> None:
    made = await reported(
        tmp_path, answered(1), answered(2), answered(3), question=Question(period=Period(100.0, 300.0))
    )
    assert (made.requests, made.spend.total, made.tokens.input_tokens) == (2, 8000, 2000)


def test_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no such file"):
        report(tmp_path / "ledger.db", EVERYTHING)


async def test_what_policies_ask_is_spent_and_compared_with_nothing(tmp_path: Path) -> None:
    made = replace(record("d-1", assist(1), attempt(2, "mini"), received=1.0), cost=Cost(4000, 300))
    routed = replace(record("d-2", assist(1), received=2.0), method="Route", cost=Cost(0, 300))
    told = await reported(tmp_path, made, routed, question=AGAINST)
    assert (told.requests, told.only_decided, told.rates.fallback) == (1, 1, 1.0)
    assert (told.spend.answer, told.spend.overhead, told.spend.only_decided) == (4000, 600, 300)
    assert told.tokens.input_tokens == 3000
    assert [group.name for group in told.models] == ["mini"]
    assert told.comparison == Comparison("opus", 200, -4400, -22.0, -3800, -19.0)


async def test_the_dearest_are_named_and_the_others_added_up(tmp_path: Path) -> None:
    asked = [
        replace(
            answered(n), request=replace(telling_request(), hints=Hints(labels={"project": f"p{n}"}, session_id="s"))
        )
        for n in range(1, 6)
    ]
    dear = replace(asked[2], cost=Cost(4000, 500))
    made = await reported(tmp_path, *asked[:2], dear, *asked[3:], question=replace(AGAINST, most=2))
    first, second = made.projects.dearest
    assert (made.projects.distinct, first.name, first.cost_nano_usd, first.overhead_nano_usd) == (5, "p3", 4500, 500)
    assert second == Group("p1", 1, 0.2, 4000, 0, 200)
    assert made.projects.others == Group("", 3, 0.6, 12_000, 0, 600)
    assert made.sessions == Groups(1, (Group("s", 5, 1.0, 20_500, 500, 1000),))
    assert made.features.dearest[0].name == ""


async def test_only_the_scope_counts(tmp_path: Path) -> None:
    other = replace(answered(2), request=replace(telling_request(), tenant="globex", hints=Hints(labels={})))
    coded = replace(answered(3), decision=decision("opus", "code", "rules"))

    async def asked(scope: Scope) -> int:
        return report(tmp_path / "ledger.db", replace(EVERYTHING, scope=scope)).requests

    made = await reported(
        tmp_path, answered(1), other, coded, question=replace(EVERYTHING, scope=Scope(tenant="globex"))
    )
    assert (made.requests, made.spend.total, made.tokens.input_tokens) == (1, 4000, 1000)
    assert [latency.duration.samples for latency in made.latencies] == [1]
    assert await asked(Scope(task="code")) == 1
    assert await asked(Scope(feature="search")) == 2
    assert await asked(Scope(feature="")) == 1
    assert await asked(Scope("acme", "simple", "search")) == 1


async def test_days_are_those_of_a_time_zone(tmp_path: Path) -> None:
    begin = datetime(2026, 10, 24, 23, 30, tzinfo=UTC).timestamp()
    # In Berlin the 25th begins at 22:00 UTC, lasts 25 hours, and nothing is asked on the 26th.
    hours = {"d-1": 0.0, "d-2": 23.4, "d-3": 23.6, "d-4": 48.0}
    asked = [replace(answered(1), decision_id=name, received=begin + 3600 * hour) for name, hour in hours.items()]
    question = Question(period=Period(0.0, 2e9), zone=zone_of("Europe/Berlin"))
    made = await reported(tmp_path, *asked, question=question)
    days = [(day.name, day.requests) for day in made.days]
    assert days == [("2026-10-25", 2), ("2026-10-26", 1), ("2026-10-27", 1)]
    assert made.time_zone == "Europe/Berlin"
    utc = report(tmp_path / "ledger.db", Question(period=Period(0.0, 2e9)))
    assert [(day.name, day.requests) for day in utc.days] == [
        *[("2026-10-24", 1), ("2026-10-25", 2), ("2026-10-26", 1)]
    ]


async def test_overrides(tmp_path: Path) -> None:
    pinned = replace(decision("opus"), decided_by="override", decided_by_kind=PolicyKind.OVERRIDE)
    made = await reported(tmp_path, answered(1), answered(2), replace(answered(3), decision=pinned), refused(4))
    assert made.rates.override == pytest.approx(1 / 3)


async def test_races_and_what_their_losers_cost(tmp_path: Path) -> None:
    hedge = replace(attempt(2, "opus"), kind=AttemptKind.HEDGE)
    lost = replace(attempt(1, "mini", AttemptOutcome.LOST), cost_nano_usd=700)
    raced = replace(record("d-1", lost, hedge, received=1.0), cost=Cost(4000, 700))
    beaten = replace(
        record("d-2", attempt(1), replace(hedge, outcome=AttemptOutcome.LOST, cost_nano_usd=300), received=2.0),
        cost=Cost(4000, 300),
    )
    # Lost, but not to a hedge: two tiers were asked whether they agree.
    agreed = replace(record("d-3", attempt(1), replace(lost, number=2), received=3.0), cost=Cost(4000, 700))
    made = await reported(tmp_path, raced, beaten, agreed, answered(4))
    assert made.hedging == Hedging(2, 0.5, 1, 1000, 1000 / 17_700)


async def test_what_gates_judged(tmp_path: Path) -> None:
    turned_down = replace(attempt(1, "mini", AttemptOutcome.GATED), cost_nano_usd=600, gate="parses: no JSON")
    climbed = replace(attempt(2, "opus"), kind=AttemptKind.ESCALATION)
    escalated = replace(record("d-1", turned_down, climbed, received=1.0), cost=Cost(4000, 600))
    passed = replace(record("d-2", replace(attempt(1), gate="parses"), received=2.0), cost=Cost(4000))
    made = await reported(tmp_path, escalated, passed, answered(3), answered(4))
    assert made.cascade == Cascade(2, 0.5, 1, 0.5, 600)
    assert made.rates.escalation == 0.25


async def test_rates_are_held_against_a_baseline(tmp_path: Path) -> None:
    def tried(number: int, received: float, task: str, failed: bool) -> Record:
        attempts = () if failed else (attempt(1),)
        kept = record(f"d-{received}-{task}-{number}", *attempts, received=received)
        return replace(kept, decision=decision("mini", task))

    before = [tried(n, 50.0, task, n < 10) for task in ("code", "simple") for n in range(200)]
    now = [tried(n, 150.0, "code", n < 60) for n in range(200)] + [
        tried(n, 150.0, "simple", n < 12) for n in range(200)
    ]
    question = Question(period=Period(100.0, 200.0), baseline=Period(0.0, 100.0))
    made = await reported(tmp_path, *before, *now, tried(1, 160.0, "new", True), question=question)
    code, simple, new = made.rates.fallbacks
    assert (code.task, code.count, code.rate, code.baseline_rate) == ("code", 60, 0.3, 0.05)
    assert [code.change, simple.change] == pytest.approx([5.0, 0.2])
    assert (code.alert, simple.alert) == (True, False)
    assert (new.baseline_requests, new.baseline_rate, new.change, new.alert) == (0, None, None, False)
    assert made.rates.alerts() == (("fallback", code),)
    assert [rate.rate for rate in made.rates.escalations] == [0.0, 0.0, 0.0]
