"""Retention: what became too old is blanked or deleted, a few rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pointsman.ledger.database import Keep
from pointsman.ledger.reading import Found
from pointsman.ledger.redaction import redacted
from pointsman.ledger.rows import Value
from pointsman.model.request import Request

# So few that a record which comes meanwhile does not notice.
_AT_ONCE = 100

# Beside `decisions`; whatever else has rows by decision id belongs here.
_DEPENDENT = ("attempts", "feedback")

Ask = Callable[[str, Sequence[Value]], Found]


def tidy(ask: Ask, keep: Keep) -> bool:
    """Blank and delete the oldest that are due, in the caller's transaction; whether there may be more."""
    blanked = 0 if keep.text is None else _blank(ask, keep.text)
    deleted = 0 if keep.records is None else _delete(ask, keep.records)
    return max(blanked, deleted) == _AT_ONCE


def _blank(ask: Ask, before: float) -> int:
    rows = ask(
        "SELECT decision_id, request FROM decisions WHERE text_kept = 1 AND received < ? ORDER BY received LIMIT ?",
        (before, _AT_ONCE),
    ).fetchall()
    for decision_id, request in rows:
        ask("UPDATE decisions SET request = ?, text_kept = 0 WHERE decision_id = ?", (_blanked(request), decision_id))
    # A comment may quote the prompt, whether or not that was kept.
    ask("UPDATE feedback SET comment = '' WHERE received < ? AND comment <> ''", (before,))
    return len(rows)


def _delete(ask: Ask, before: float) -> int:
    rows: list[tuple[Any, ...]] = ask(
        "SELECT decision_id FROM decisions WHERE received < ? ORDER BY received LIMIT ?", (before, _AT_ONCE)
    ).fetchall()
    if rows:
        ids, marks = [row[0] for row in rows], ", ".join("?" * len(rows))
        for table in (*_DEPENDENT, "decisions"):
            ask(f"DELETE FROM {table} WHERE decision_id IN ({marks})", ids)  # noqa: S608 - our constants
    return len(rows)


def _blanked(request: str) -> str:
    try:
        return msgspec.json.encode(redacted(msgspec.json.decode(request, type=Request))).decode()
    except msgspec.MsgspecError:
        # Of a release whose requests this one cannot read; what it cannot read, it must not keep either.
        return "{}"
