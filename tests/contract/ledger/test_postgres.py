from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import assist, attempt, record
from tests.contract.ledger.suite import LedgerContract, Opener, Outside
from tests.postgres_server import PASSWORD, PostgresServer

from pointsman.cli import main
from pointsman.errors import AmbiguousId, LedgerUnavailable
from pointsman.ledger.export import export
from pointsman.ledger.figures import Period
from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.options import LedgerOptions
from pointsman.ledger.place import Place, Postgres
from pointsman.ledger.postgres import VERSION
from pointsman.ledger.postgres_database import in_its_words
from pointsman.ledger.recorded import find, find_config, newest_config
from pointsman.ledger.recording import DatabaseLedger
from pointsman.ledger.reports import OneModel, Question, report
from pointsman.model.attempt import Attempt
from pointsman.model.catalogue import Price

SECOND = Question(period=Period(0.0, 1.0))
OPUS = OneModel("opus", Price(5_000_000_000, 25_000_000_000))


class PostgresOutside(Outside):
    def __init__(self, place: Postgres) -> None:
        self._place = place

    def decision_ids(self) -> list[str]:
        return [row[0] for row in self._rows("SELECT decision_id FROM decisions ORDER BY 1")]

    def attempts(self, decision_id: str) -> list[Attempt]:
        found = find(self._place, decision_id)
        return [] if found is None else list(found.record.attempts)

    def config(self, version: str) -> str | None:
        return find_config(self._place, version)

    def stored_bytes(self) -> bytes:
        rows = [*self._rows("SELECT d::text FROM decisions AS d"), *self._rows("SELECT a::text FROM attempts AS a")]
        return "".join(row[0] for row in rows).encode()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with psycopg.connect(self._place.url) as connection:
            connection.execute("LOCK TABLE decisions, configs IN EXCLUSIVE MODE")
            yield
            connection.rollback()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._place.url, autocommit=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def place(postgres: PostgresServer) -> Postgres:
    return postgres.place()


@pytest.fixture
def options(tmp_path: Path) -> LedgerOptions:
    return LedgerOptions(spool=tmp_path / "spool")


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def outside(self, place: Postgres) -> Outside:
        return PostgresOutside(place)

    @pytest.fixture
    def open_ledger(self, place: Postgres, options: LedgerOptions) -> Opener:
        async def opener(**wished: Any) -> DatabaseLedger:
            return await open_ledger(place, replace(options, **wished))

        return opener


async def test_several_replicas_may_start_at_once(place: Postgres, tmp_path: Path) -> None:
    options = [LedgerOptions(spool=tmp_path / f"spool-{number}") for number in range(6)]
    ledgers = await asyncio.gather(*(open_ledger(place, each) for each in options))
    await asyncio.gather(*(ledger.append(record(f"d-{number}")) for number, ledger in enumerate(ledgers)))
    for ledger in ledgers:
        await ledger.aclose()
    assert PostgresOutside(place).decision_ids() == [f"d-{number}" for number in range(6)]


async def test_both_databases_answer_alike(place: Postgres, options: LedgerOptions, tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    kept = [
        record("abc-1", received=100.0),
        record("abc-2", attempt(1), assist(2), received=200.0),
        replace(record("d-3", received=300.0), attempts=(), decision=None, tier="", status="INVALID_REQUEST"),
    ]
    for where in (place, file):
        ledger = await open_ledger(where, options)
        await ledger.add_config("v1", "chain: []")
        for each in kept:
            await ledger.append(each)
        await ledger.aclose()
    asked: list[tuple[Place, Any]] = []
    for where in (file, place):
        for period in (Period(0.0, 1_000.0), Period(150.0, 250.0), Period(900.0, 1_000.0)):
            asked.append((where, report(where, Question(period=period, one_model=OPUS))))
            asked.append((where, list(export(where, period, documents=True))))
        asked.append((where, find(where, "d-")))
        asked.append((where, newest_config(where)))
        with pytest.raises(AmbiguousId, match="abc-1, abc-2"):
            find(where, "abc")
    half = len(asked) // 2
    assert [answer for _, answer in asked[:half]] == [answer for _, answer in asked[half:]]
    assert asked[0][1].requests == 3


async def test_a_newer_schema_is_refused_and_left_alone(place: Postgres, options: LedgerOptions) -> None:
    await (await open_ledger(place, options)).aclose()
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("UPDATE pointsman_schema SET version = version + 1")
    told = f"has schema version {VERSION + 1}, .* versions up to {VERSION}; use the release"
    with pytest.raises(LedgerUnavailable, match=told):
        await open_ledger(place, options)
    with pytest.raises(LedgerUnavailable, match=told):
        report(place, SECOND)


async def test_a_ledger_that_nobody_has_written_is_not_read(place: Postgres) -> None:
    with pytest.raises(LedgerUnavailable, match=r"schema version 0, .* start `serve` on it once"):
        report(place, SECOND)


async def test_a_ledger_of_the_first_schema_is_migrated(place: Postgres, options: LedgerOptions) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        for statement in (*map(in_its_words, MIGRATIONS[0]), "CREATE TABLE pointsman_schema (version BIGINT NOT NULL)"):
            connection.execute(statement)
        connection.execute("INSERT INTO pointsman_schema VALUES (1)")
    ledger = await open_ledger(place, options)
    await ledger.append(record("d-1"))
    await ledger.aclose()
    assert PostgresOutside(place).decision_ids() == ["d-1"]


async def test_a_connection_that_was_cut_while_it_was_idle_is_made_anew(
    place: Postgres, options: LedgerOptions, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = await open_ledger(place, options)
    await ledger.append(record("d-1"))
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await ledger.append(record("d-2"))
    await ledger.aclose()
    assert PostgresOutside(place).decision_ids() == ["d-1", "d-2"]
    assert not caplog.records


async def test_characters_that_postgresql_has_no_form_for_cost_no_record(
    place: Postgres, options: LedgerOptions
) -> None:
    ledger = await open_ledger(place, options)
    await ledger.append(replace(record("d-1"), message="a\0b"))
    found = await ledger.find("d-1")
    await ledger.aclose()
    assert found is not None
    assert found.record.message == "a\N{REPLACEMENT CHARACTER}b"


async def test_a_record_that_cannot_be_stored_takes_no_other_with_it(place: Postgres, options: LedgerOptions) -> None:
    ledger = await open_ledger(place, options)
    results = await asyncio.gather(
        ledger.append(record("d-1")),
        ledger.append(record("d-2", replace(attempt(), cost_nano_usd=2**63))),
        ledger.append(record("d-3")),
        return_exceptions=True,
    )
    await ledger.aclose()
    assert [type(result) for result in results] == [type(None), LedgerUnavailable, type(None)]
    assert PostgresOutside(place).decision_ids() == ["d-1", "d-3"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (PASSWORD, "canary-wrong", "password authentication failed"),
        ("/ledger_", "/none_", "does not exist"),
        ("pointsman:", "nobody:", "password authentication failed"),
        ("postgresql://", "postgresql://[", "cannot be opened"),
    ],
)
async def test_what_no_waiting_would_cure_is_refused_without_telling_the_password(
    place: Postgres, options: LedgerOptions, old: str, new: str, told: str
) -> None:
    wrong = Postgres(place.url.replace(old, new))
    with pytest.raises(LedgerUnavailable, match=told) as refused:
        await open_ledger(wrong, options)
    assert "canary" not in str(refused.value)
    with pytest.raises(LedgerUnavailable, match=told) as unread:
        report(wrong, SECOND)
    assert "canary" not in str(unread.value) + repr(wrong)


async def test_the_commands_read_it_by_reference(
    place: Postgres, options: LedgerOptions, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    ledger = await open_ledger(place, options)
    await ledger.append(record("d-1"))
    await ledger.aclose()
    monkeypatch.setenv("DATABASE_URL", place.url)
    for command in (["report"], ["explain", "d-1"], ["export"]):
        assert main([*command, "--ledger", "${DATABASE_URL}"]) == 0
    out = capsysbinary.readouterr().out
    assert b"1 request, $0.000005" in out
    assert b'"decision_id":"d-1"' in out
    assert main(["explain", "d-2", "--ledger", "${DATABASE_URL}"]) == 1
    assert PASSWORD.encode() not in b"".join(capsysbinary.readouterr()) + out
