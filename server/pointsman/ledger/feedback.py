"""What was said of decisions, and what was reported of them: the statements, and feedback read back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from pointsman.ledger.place import Place
from pointsman.ledger.reading import PATIENCE, reading
from pointsman.ledger.rows import FEEDBACK_COLUMNS, Row, storable
from pointsman.model.feedback import Feedback, FeedbackSource

_MOST = 100
_OF_ONE = (
    f"SELECT {', '.join(FEEDBACK_COLUMNS)} FROM feedback "  # noqa: S608 - our constants
    f"WHERE decision_id = ? ORDER BY received, feedback_id LIMIT {_MOST}"
)


@lru_cache
def put_feedback(columns: tuple[str, ...]) -> str:
    """Keeps one judgement, instead of an earlier one of its id."""
    replaced = ", ".join(f"{column} = excluded.{column}" for column in columns[2:])
    return (
        f"INSERT INTO feedback ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "  # noqa: S608
        f"ON CONFLICT (decision_id, feedback_id) DO UPDATE SET {replaced}"
    )


_MINE = "FROM attempts AS a WHERE a.decision_id = decisions.decision_id"
_SERVED = "a.outcome = 'served' AND a.kind <> 'assist'"
SUM_UP = f"""
UPDATE decisions SET
    cost_nano_usd = (SELECT COALESCE(SUM(a.cost_nano_usd), 0) {_MINE}),
    answer_nano_usd = (SELECT COALESCE(SUM(a.cost_nano_usd), 0) {_MINE} AND {_SERVED}),
    overhead_nano_usd = (SELECT COALESCE(SUM(a.cost_nano_usd), 0) {_MINE} AND NOT ({_SERVED})),
    estimated = (SELECT COALESCE(MAX(CASE a.cost_source WHEN 'estimate' THEN 1 ELSE 0 END), 0) {_MINE}),
    attempts = (SELECT COUNT(*) {_MINE} AND a.kind <> 'assist'),
    fallback = (SELECT COALESCE(MAX(CASE a.kind WHEN 'failover' THEN 1 ELSE 0 END), 0) {_MINE}),
    served_model = COALESCE((SELECT MAX(a.model) {_MINE} AND {_SERVED}), '')
WHERE decision_id = ?
"""  # noqa: S608
"""Brings what a decision adds up to in line with its attempts: the same however often it is done."""


def feedback_row(feedback: Feedback) -> Row:
    """In the order of FEEDBACK_COLUMNS."""
    row: Row = (
        feedback.decision_id,
        feedback.feedback_id,
        feedback.received,
        feedback.source.value,
        feedback.score,
        feedback.correct_task,
        feedback.preferred_model,
        feedback.preferred_tier,
        feedback.comment,
        msgspec.json.encode(feedback.labels).decode(),
    )
    return storable(row)


def find_feedback(place: Place, decision_id: str, timeout: float = PATIENCE) -> tuple[Feedback, ...]:
    """What was said of a decision, in order of arrival; the first hundred."""
    with reading(place, timeout) as reader:
        rows = reader.execute(_OF_ONE, (decision_id,)).fetchall()
    return tuple([_feedback(dict(zip(FEEDBACK_COLUMNS, row, strict=True))) for row in rows])


# Each column is of a type of its own.
def _feedback(row: Mapping[str, Any]) -> Feedback:
    return Feedback(
        feedback_id=row["feedback_id"],
        decision_id=row["decision_id"],
        received=row["received"],
        source=FeedbackSource(row["source"]),
        score=row["score"],
        correct_task=row["correct_task"],
        preferred_model=row["preferred_model"],
        preferred_tier=row["preferred_tier"],
        comment=row["comment"],
        labels=msgspec.json.decode(row["labels"], type=dict[str, str]),
    )
