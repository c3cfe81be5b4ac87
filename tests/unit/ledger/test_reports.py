from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import assist, attempt, decision, record

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.reports import (
    Comparison,
    Group,
    OneModel,
    Percentiles,
    Period,
    Report,
    Spend,
    TierLatency,
    report,
)
from pointsman.model.answer import Usage
from pointsman.model.attempt import Cost
from pointsman.model.record import Record

ALL = Period(0.0, 10_000.0)


def answered(number: int, tier: str = "small") -> Record:
    """Served at once, in `number` seconds, by the model that was decided."""
    kept = record(f"d-{number}", attempt(1, "mini"), received=100.0 * number)
    return replace(kept, tier=tier, cost=Cost(answer=4000), duration=float(number), ttft=number / 10)


def refused(number: int) -> Record:
    kept = replace(record(f"d-{number}", received=100.0 * number), attempts=(), cost=Cost(), ttft=None, duration=99.0)
    return replace(kept, decision=None, tier="", status="INVALID_REQUEST", finish=None)


async def reported(path: Path, *records: Record, period: Period = ALL, one_model: OneModel | None = None) -> Report:
    ledger = await open_ledger(path / "ledger.db")
    for kept in records:
        await ledger.append(kept)
    made = report(path / "ledger.db", period, one_model)
    await ledger.aclose()
    return made


async def test_nothing_was_asked(tmp_path: Path) -> None:
    made = await reported(tmp_path, one_model=OneModel("opus", lambda usage: 1))
    assert (made.requests, made.fallback_rate, made.spend) == (0, 0.0, Spend(0, 0, 0.0))
    assert (made.tasks, made.latencies, made.tokens) == ((), (), Usage())
    assert made.comparison == Comparison("opus", 0, 0, 0.0)


async def test_mixes(tmp_path: Path) -> None:
    coded = replace(answered(3, tier="frontier"), decision=decision("opus", "code", "rules"))
    failed_over = record("d-4", received=400.0)
    made = await reported(tmp_path, answered(1), answered(2), coded, failed_over, refused(5))
    assert made.requests == 5
    assert made.statuses == (Group("OK", 4, 0.8, 17_000), Group("INVALID_REQUEST", 1, 0.2, 0))
    assert made.tasks == (Group("simple", 3, 0.6, 13_000), Group("", 1, 0.2, 0), Group("code", 1, 0.2, 4000))
    assert made.tiers == (Group("small", 3, 0.6, 13_000), Group("", 1, 0.2, 0), Group("frontier", 1, 0.2, 4000))
    assert made.models == (Group("mini", 3, 0.6, 12_000), Group("", 1, 0.2, 0), Group("sonnet", 1, 0.2, 5000))
    assert made.deciders == (Group("tags", 3, 0.6, 13_000), Group("", 1, 0.2, 0), Group("rules", 1, 0.2, 4000))


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
    assert made.fallback_rate == 0.5


async def test_against_one_model_for_everything(tmp_path: Path) -> None:
    priced: list[Usage] = []

    def price_of(usage: Usage) -> int:
        priced.append(usage)
        return 10_000

    made = await reported(
        tmp_path, record("d-1", received=1.0), answered(2), refused(3), one_model=OneModel("opus", price_of)
    )
    assert priced == [Usage(1000, 200, 300, 50, 20)] * 2
    assert made.comparison == Comparison("opus", 20_000, 11_000, 0.55)


async def test_latency_by_tier(tmp_path: Path) -> None:
    small = [answered(number) for number in range(1, 21)]
    unary = replace(answered(21, tier="mid"), ttft=None)
    made = await reported(tmp_path, *small, unary, refused(22))
    assert made.latencies == (
        TierLatency("mid", None, Percentiles(21.0, 21.0, 1)),
        TierLatency("small", Percentiles(1.0, 1.9, 20), Percentiles(10.0, 19.0, 20)),
    )


async def test_a_period_has_its_beginning_and_not_its_end(tmp_path: Path) -> None:
    made = await reported(tmp_path, answered(1), answered(2), answered(3), period=Period(100.0, 300.0))
    assert (made.requests, made.spend.total, made.tokens.input_tokens) == (2, 8000, 2000)


def test_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no such file"):
        report(tmp_path / "ledger.db", ALL)


async def test_what_policies_ask_is_spent_and_compared_with_nothing(tmp_path: Path) -> None:
    made = replace(record("d-1", assist(1), attempt(2, "mini"), received=1.0), cost=Cost(4000, 300))
    routed = replace(record("d-2", assist(1), received=2.0), method="Route", cost=Cost(0, 300))
    told = await reported(tmp_path, made, routed, one_model=OneModel("opus", lambda usage: 10_000))
    assert (told.requests, told.only_decided, told.fallback_rate) == (1, 1, 1.0)
    assert (told.spend.answer, told.spend.overhead) == (4000, 600)
    assert told.tokens.input_tokens == 3000
    assert [group.name for group in told.models] == ["mini"]
    assert told.comparison == Comparison("opus", 10_000, 5400, 0.54)
