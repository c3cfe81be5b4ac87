"""Whatever was recorded: money is neither lost nor made on the way into a report."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.contract.ledger.records import attempt, decision, record, telling_request

from pointsman.ledger.counterfactual import cost_sql
from pointsman.ledger.days import days_of
from pointsman.ledger.figures import Period, Scope
from pointsman.ledger.mixes import mixes
from pointsman.ledger.query import Query
from pointsman.ledger.reports import OneModel, Question, report
from pointsman.ledger.rows import ATTEMPT_COLUMNS, DECISION_COLUMNS, rows_of
from pointsman.ledger.schema import open_for_writing, reading
from pointsman.model.answer import Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, CostSource, total_cost
from pointsman.model.catalogue import Price, PriceStep
from pointsman.model.plan import AttemptKind
from pointsman.model.pricing import cost_nano_usd
from pointsman.model.record import Record
from pointsman.model.request import Hints

COUNTS = st.integers(0, 10**6)
MONEY = st.integers(0, 10**12)
RATES = st.one_of(st.integers(0, 10**15), st.integers(0, 10**6).map(lambda whole: whole * 10**6))
FLAT = st.builds(Price, RATES, RATES, st.none() | RATES, st.none() | RATES, MONEY, st.none() | RATES)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.booleans(), cache_write_1h_input_tokens=COUNTS)
LOSERS = [AttemptOutcome.FAILED, AttemptOutcome.LOST, AttemptOutcome.GATED, AttemptOutcome.CANCELLED]


@st.composite
def prices(draw: st.DrawFn) -> Price:
    steps = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
    return replace(draw(FLAT), above=tuple([PriceStep(tokens, draw(FLAT)) for tokens in steps]))


@st.composite
def attempts(draw: st.DrawFn) -> tuple[Attempt, ...]:
    """Any number that served nobody, and one that may have."""
    outcomes = draw(st.lists(st.sampled_from(LOSERS), max_size=3)) + draw(
        st.sampled_from([[], [AttemptOutcome.SERVED]])
    )
    made = []
    for number, outcome in enumerate(outcomes, start=1):
        kind = draw(st.sampled_from([AttemptKind.PRIMARY, AttemptKind.HEDGE, AttemptKind.ESCALATION]))
        if outcome is not AttemptOutcome.SERVED and draw(st.booleans()):
            kind, outcome = AttemptKind.ASSIST, AttemptOutcome.SERVED
        source, usage = draw(st.sampled_from(list(CostSource))), draw(USAGES)
        known = replace(attempt(number), usage=usage, cost_nano_usd=draw(MONEY), cost_source=source)
        made.append(replace(known, kind=kind, outcome=outcome))
    return tuple(made)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    made = []
    for number, tried in enumerate(draw(st.lists(attempts(), max_size=8))):
        labels = {"feature": draw(st.sampled_from("ab")), "project": draw(st.sampled_from("abcd"))}
        request = replace(telling_request(), tenant=draw(st.sampled_from("xyz")), hints=Hints(labels=labels))
        method = draw(st.sampled_from(["Complete", "CompleteUnary", "Route"]))
        if method == "Route":
            # It runs nothing, whatever policies ask models for.
            tried = tuple([one for one in tried if not one.answers])
        asked = record(f"d-{number}", *tried, received=draw(st.floats(0, 10**6)))
        made.append(
            replace(
                asked,
                attempts=tried,
                cost=total_cost(tried),
                request=request,
                method=method,
                decision=draw(st.sampled_from([None, decision("mini", "code"), decision("mini", "simple")])),
            )
        )
    return made


def keep(path: Path, kept: list[Record]) -> None:
    connection = open_for_writing(path, "normal", 5.0)
    connection.execute("BEGIN")
    for one in kept:
        rows = rows_of(one, keep_text=False)
        for table, columns, some in (
            ("decisions", DECISION_COLUMNS, rows.decisions),
            ("attempts", ATTEMPT_COLUMNS, rows.attempts),
        ):
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", some)  # noqa: S608
    connection.execute("COMMIT")
    connection.close()


@settings(max_examples=20, deadline=None)
@given(records(), prices())
def test_every_figure_is_the_sum_of_the_attempts(kept: list[Record], price: Price) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory, "ledger.db")
        keep(path, kept)
        made = report(path, Question(period=Period(0.0, 10**7), one_model=OneModel("opus", price), most=2))
    tried = [attempt for one in kept for attempt in one.attempts]
    spend = made.spend
    assert spend.total == spend.answer + spend.overhead == sum(attempt.cost_nano_usd for attempt in tried)
    assert spend.answer == sum(attempt.cost_nano_usd for attempt in tried if attempt.served)
    run = [one for one in kept if one.method != "Route"]
    assert spend.only_decided == sum(one.cost.total for one in kept if one.method == "Route")
    one_model = sum(cost_nano_usd(price, attempt.usage) for one in run for attempt in one.attempts if attempt.served)
    some = [(*groups.dearest, *((groups.others,) if groups.others else ())) for groups in
            (made.tenants, made.projects, made.features, made.sessions)]  # fmt: skip
    for groups in (made.statuses, made.tasks, made.tiers, made.models, made.deciders, made.days, *some):
        assert sum(group.requests for group in groups) == made.requests == len(run)
        assert sum(group.cost_nano_usd for group in groups) == spend.total - spend.only_decided
        assert sum(group.overhead_nano_usd for group in groups) == spend.overhead - spend.only_decided
        assert sum(group.one_model_nano_usd or 0 for group in groups) == one_model
    compared = made.comparison
    assert compared is not None
    assert (compared.nano_usd, compared.saved_nano_usd) == (one_model, one_model - spend.total)
    assert compared.saved_before_overhead_nano_usd - compared.saved_nano_usd == spend.overhead
    assert made.tokens.output_tokens == sum(attempt.usage.output_tokens for attempt in tried)


class Counted:
    """A connection that counts the rows it hands out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self.rows = connection, 0

    def execute(self, sql: str, bound: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        for row in self._connection.execute(sql, bound):
            self.rows += 1
            yield row


def test_more_requests_are_no_more_rows_to_hold(tmp_path: Path) -> None:
    def asked(path: Path, requests: int) -> int:
        """Rows that come out of a ledger of so many sessions of as many tenants."""
        hints = [Hints(session_id=f"s{number}", labels={"feature": f"f{number}"}) for number in range(requests)]
        some = [replace(telling_request(), tenant=f"t{number}", hints=hint) for number, hint in enumerate(hints)]
        keep(path, [replace(record(f"d-{n}", received=float(n)), request=one) for n, one in enumerate(some)])
        with reading(path) as connection:
            counted = Counted(connection)
            query = Query(cast(sqlite3.Connection, counted), Scope(), Period(0.0, 1e6))
            assert mixes(query, days_of(0.0, float(requests), UTC), None, 5).many["session"].distinct == requests
        return counted.rows

    assert asked(tmp_path / "few.db", 20) == asked(tmp_path / "many.db", 500)


@settings(max_examples=100, deadline=None)
@given(prices(), USAGES)
def test_the_database_reckons_as_we_do(price: Price, usage: Usage) -> None:
    connection = sqlite3.connect(":memory:")
    counts = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_input_tokens")
    columns = (*counts, "cache_write_1h_input_tokens")
    bound = ", ".join(f"? AS {column}" for column in columns)
    told = [getattr(usage, column) for column in columns]
    (found,) = connection.execute(f"SELECT {cost_sql(price)} FROM (SELECT {bound}) AS a", told).fetchone()  # noqa: S608
    connection.close()
    assert found == cost_nano_usd(price, usage)
