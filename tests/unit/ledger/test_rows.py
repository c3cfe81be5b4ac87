from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.contract.ledger.records import assist, attempt, record

from pointsman.ledger.migrations import MIGRATIONS
from pointsman.ledger.rows import ATTEMPT_COLUMNS, CONFIG_COLUMNS, DECISION_COLUMNS, Rows, rows_of
from pointsman.model.decision import Assessed, Refusal
from pointsman.model.record import Record
from pointsman.model.request import Mode


def columns(kept: Record) -> dict[str, Any]:
    return dict(zip(DECISION_COLUMNS, rows_of(kept, keep_text=False).decisions[0], strict=True))


def test_every_column_of_the_schema_is_written() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (statement for step in MIGRATIONS for statement in step):
            connection.execute(statement)
        written = {
            "decisions": DECISION_COLUMNS,
            "attempts": ATTEMPT_COLUMNS,
            "configs": (*CONFIG_COLUMNS, "first_seen"),
        }
        for table, names in written.items():
            found = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            assert found == set(names)


def test_a_decision_in_columns() -> None:
    row = columns(record("d-1"))
    assert (row["decision_id"], row["method"], row["received"]) == ("d-1", "Complete", 1_700_000_000.0)
    assert (row["tenant"], row["project"], row["feature"], row["user"]) == ("acme", "apollo", "search", "u-1")
    assert (row["task"], row["task_source"], row["confidence"], row["mode"]) == ("simple", "tag nightly", 0.75, "eco")
    assert (row["tier"], row["model"], row["provider"]) == ("small", "mini", "openai")
    assert (row["decided_by"], row["decided_by_kind"]) == ("tags", "tag")
    assert (row["cost_nano_usd"], row["answer_nano_usd"], row["overhead_nano_usd"]) == (5000, 4000, 1000)
    assert (row["attempts"], row["fallback"], row["served_model"], row["finish"]) == (2, True, "sonnet", "stop")
    assert row["config_version"] == "v1"


def test_the_session_of_a_request() -> None:
    asked = record("d-1")
    assert columns(asked)["session"] == ""
    asked = replace(asked, request=replace(asked.request, hints=replace(asked.request.hints, session_id="s1")))
    assert columns(asked)["session"] == "s1"


def test_a_refusal_has_a_task_and_no_model() -> None:
    refusal = Refusal(
        reason="NO_CANDIDATE",
        message="no model is left",
        assessed=Assessed("code", Mode.SPORT, 1.0, "rules"),
        excluded=(),
        violations=(("limits", "costs more than 0.01 USD"),),
        metadata=(),
        trace=(),
        config_version="v1",
    )
    row = columns(replace(record("d-1"), decision=refusal, tier="", provider="", attempts=(), status="NO_CANDIDATE"))
    assert (row["task"], row["mode"], row["model"], row["decided_by"]) == ("code", "sport", "", "")
    assert (row["status"], row["reason"], row["served_model"]) == ("NO_CANDIDATE", "no model is left", "")


def test_a_request_that_failed_before_it_was_decided() -> None:
    row = columns(replace(record("d-1"), decision=None, attempts=(), finish=None, tier="", provider=""))
    assert (row["task"], row["confidence"], row["decision"], row["finish"]) == ("", None, None, "")


def test_equal_prompts_have_equal_hashes() -> None:
    hashes = {columns(record(decision_id))["prompt_hash"] for decision_id in ("d-1", "d-2")}
    assert hashes == {blake2b(msgspec.msgpack.encode(record("d-1").request.messages), digest_size=32).hexdigest()}


def test_a_signal_without_a_form_in_json_costs_nothing_but_itself() -> None:
    snapshot = replace(record("d-1").snapshot, signals={"odd": object(), "huge": {"n": {1, 2}}, "fine": {"label": "x"}})
    row = columns(replace(record("d-1"), snapshot=snapshot))
    signals = msgspec.json.decode(row["snapshot"])["signals"]
    assert signals == {"odd": {"unrecordable": "builtins.object"}, "huge": {"n": [1, 2]}, "fine": {"label": "x"}}


def test_size_counts_what_is_held() -> None:
    small, large = Rows(configs=(("v1", "x"),)), Rows(configs=(("v1", "x" * 1000),))
    assert (small.size(), large.size()) == (3, 1002)
    assert rows_of(record("d-1"), keep_text=False).size() > 1000


def test_what_a_policy_asked_is_not_taken_for_the_answer() -> None:
    kept = record("d-1", assist(1), attempt(2, "sonnet"))
    row = columns(kept)
    assert (row["attempts"], row["served_model"]) == (1, "sonnet")
    kinds = [made[ATTEMPT_COLUMNS.index("kind")] for made in rows_of(kept, keep_text=False).attempts]
    assert kinds == ["assist", "failover"]
    assert columns(record("d-2", assist()))["served_model"] == ""
