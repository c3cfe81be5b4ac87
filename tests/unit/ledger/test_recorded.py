from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import decision, record

from pointsman.errors import AmbiguousId, LedgerUnavailable
from pointsman.ledger.recorded import find, find_config, newest_config
from pointsman.ledger.redaction import redacted
from pointsman.ledger.sqlite import SqliteLedger, SqliteOptions
from pointsman.model.decision import Assessed, Refusal
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Mode

REFUSAL = Refusal(
    reason="NO_CANDIDATE",
    message="no model is left",
    assessed=Assessed("code", Mode.SPORT, 1.0, "rules"),
    excluded=decision().excluded,
    violations=(("limits", "costs more than 0.01 USD"),),
    metadata=(("cheapest_nano_usd", "9"),),
    trace=(),
    config_version="v1",
)

UNDECIDED = replace(record("d-1"), decision=None, tier="", provider="", attempts=(), finish=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def recorded(path: Path, *records: Record) -> None:
    ledger = await SqliteLedger.open(path, SqliteOptions(prompts="text"))
    for kept in records:
        await ledger.append(kept)
    await ledger.aclose()


@pytest.mark.parametrize(
    "kept",
    [
        record("d-1"),
        replace(record("d-1"), shadow=decision("opus"), ttft=None),
        replace(UNDECIDED, decision=REFUSAL, shadow=REFUSAL, status="NO_CANDIDATE"),
        replace(UNDECIDED, status="INVALID_REQUEST"),
    ],
)
async def test_what_was_recorded_comes_back(path: Path, kept: Record) -> None:
    await recorded(path, kept)
    found = find(path, "d-1")
    assert found is not None
    assert (found.record, found.text_kept, len(found.prompt_hash)) == (replace(kept, opinions=()), True, 64)


async def test_without_its_text_where_that_was_not_kept(path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    await ledger.append(record("d-1"))
    await ledger.aclose()
    found = find(path, "d-1")
    assert found is not None
    assert (found.record.request, found.text_kept) == (redacted(record("d-1").request), False)


async def test_the_beginning_of_an_id_is_enough(path: Path) -> None:
    await recorded(path, record("abc-1"), record("abd-2"), record("abd"))
    assert _id(find(path, "abc")) == "abc-1"
    assert _id(find(path, "abd")) == "abd"
    assert find(path, "x") is None
    assert find(path, "") is None
    with pytest.raises(AmbiguousId, match=r"'ab' begins several decision ids.*: abc-1, abd, abd-2"):
        find(path, "ab")


async def test_only_ten_of_many_ids_are_named(path: Path) -> None:
    await recorded(path, *(record(f"d-{number:02}") for number in range(12)))
    with pytest.raises(AmbiguousId, match=r"d-00, .*d-09, …$"):
        find(path, "d")


async def test_it_may_be_read_while_it_is_written(path: Path) -> None:
    ledger = await SqliteLedger.open(path)
    await ledger.append(record("d-1"))
    await ledger.add_config("v1", "chain: []")
    assert _id(find(path, "d-1")) == "d-1"
    assert find_config(path, "v1") == newest_config(path) == "chain: []"
    await ledger.append(record("d-2"))
    assert _id(find(path, "d-2")) == "d-2"
    await ledger.aclose()


def test_no_ledger(path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="no such file"):
        find(path, "d-1")
    assert not path.exists()


def test_a_file_that_is_no_ledger(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(LedgerUnavailable, match="has schema version 0, and this Pointsman reads version 4"):
        find(path, "d-1")
    path.write_text("models: {}\n" * 100)
    with pytest.raises(LedgerUnavailable, match="file is not a database"):
        find(path, "d-1")


def _id(found: Recorded | None) -> str:
    assert found is not None
    return found.record.decision_id
