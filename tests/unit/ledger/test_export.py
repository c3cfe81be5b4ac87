from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.ledger.records import CANARY, record

from pointsman.cli import main
from pointsman.ledger.export import ATTEMPT_KEYS, DOCUMENT_KEYS, FEEDBACK_KEYS, REQUEST_KEYS, export
from pointsman.ledger.figures import Period
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.options import LedgerOptions
from pointsman.model.feedback import Feedback, FeedbackSource

ALL = Period(0.0, 2e9)
PAGE = Path(__file__).parents[3] / "docs" / "ledger.md"


async def written(path: Path, count: int) -> None:
    """So many requests, ten of which came at the same moment."""
    ledger = await open_ledger(path, LedgerOptions(prompts="text"))
    for number in range(count):
        kept = record(f"d-{number:04}", received=float(100 + number // 10))
        await ledger.append(replace(kept, attempts=()) if number == 7 else kept)
    await ledger.aclose()


def exported(path: Path, period: Period = ALL) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(path, period)]


async def test_each_request_once_with_its_attempts(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await written(path, 1_005)
    found = exported(path)
    assert [request["decision_id"] for request in found] == [f"d-{number:04}" for number in range(1_005)]
    assert [len(request["attempts"]) for request in found[5:9]] == [2, 2, 0, 2]
    assert [len(exported(path, period)) for period in (Period(100, 101), Period(101, 102), Period(300, 400))] == [
        10,
        10,
        0,
    ]


async def test_what_stands_where(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await written(path, 1)
    (found,) = exported(path)
    assert tuple(found) == (*REQUEST_KEYS, "attempts", "feedback")
    failed, served = found["attempts"]
    assert tuple(failed) == ATTEMPT_KEYS
    assert (found["labels"], found["packages"]) == (
        {"project": "apollo", "feature": "search", "user": "u-1"},
        ["acme-policies 2.1", "pointsman 0.1.0"],
    )
    assert (found["fallback"], found["estimated"], found["cost_nano_usd"]) == (True, True, 5000)
    assert (failed["dropped"], served["dropped"]) == (["reasoning parts", "seed"], [])
    assert CANARY not in json.dumps(found)


async def test_what_was_said_of_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = await open_ledger(path, LedgerOptions())
    for number in range(2):
        await ledger.append(record(f"d-{number}"))
    for said, score in (("second", 0.25), ("first", None)):
        await ledger.add_feedback(
            Feedback(
                feedback_id=said,
                decision_id="d-1",
                received=200.0 if score else 100.0,
                source=FeedbackSource.REVIEWER,
                score=score,
                correct_task="code",
                preferred_model="",
                preferred_tier="",
                comment="",
                labels={"ticket": "7"},
            )
        )
    await ledger.aclose()
    before, spoken = exported(path)
    assert before["feedback"] == []
    assert [(said["feedback_id"], said["score"]) for said in spoken["feedback"]] == [("first", None), ("second", 0.25)]
    assert tuple(spoken["feedback"][0]) == FEEDBACK_KEYS
    assert spoken["feedback"][0]["labels"] == {"ticket": "7"}


async def test_documents_where_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await written(path, 1)
    (line,) = export(path, ALL, documents=True)
    found = json.loads(line)
    assert found.keys() == {*REQUEST_KEYS, *DOCUMENT_KEYS, "attempts", "feedback"}
    assert found["request"]["messages"][0]["parts"][0]["text"] == CANARY
    assert (found["decision"]["target"], found["shadow"]) == ("mini", None)


def test_the_page_explains_every_key() -> None:
    page = PAGE.read_text()
    explained = [
        key for line in page.splitlines() if line.startswith("| `") for key in line.split("|")[1].split("`")[1::2]
    ]
    assert (
        sorted({*REQUEST_KEYS, *DOCUMENT_KEYS, *ATTEMPT_KEYS, *FEEDBACK_KEYS, "attempts", "feedback"} - {*explained})
        == []
    )


async def test_the_command(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "ledger.db"
    await written(path, 30)
    assert main(["export", "--ledger", str(path), "--since", "1970-01-01T00:01:41Z", "--until", "24h"]) == 0
    lines = capsysbinary.readouterr().out.splitlines()
    assert [json.loads(line)["received"] for line in lines] == [101.0] * 10 + [102.0] * 10


def test_a_moment_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--since", "yesterday"])
    assert "'yesterday' must be a duration such as" in capsys.readouterr().err
