"""Everything recorded, an object for each request with its attempts and feedback, in order and in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pointsman.ledger.figures import Period
from pointsman.ledger.place import Place
from pointsman.ledger.reading import Reader, reading
from pointsman.ledger.rows import ATTEMPT_COLUMNS, DECISION_COLUMNS, FEEDBACK_COLUMNS, quoted

# Each page is a reading of its own: a long one keeps SQLite's write-ahead log, and PostgreSQL's dead rows, growing.
_PAGE = 500

# Their inner form is the release's own, which reads them to explain and to decide again.
_DOCUMENTS = frozenset({"request", "snapshot", "decision", "shadow", "opinions"})
_JSON = _DOCUMENTS | {"labels", "policy_micros"}
_BOOLEANS = frozenset({"estimated", "fallback", "escalated", "text_kept", "usage_estimated", "provider_wide"})
_LINES = frozenset({"packages", "dropped"})

REQUEST_KEYS = tuple([column for column in DECISION_COLUMNS if column not in {*_DOCUMENTS, "attempts"}])
DOCUMENT_KEYS = tuple([column for column in DECISION_COLUMNS if column in _DOCUMENTS])
ATTEMPT_KEYS = tuple([column for column in ATTEMPT_COLUMNS if column != "decision_id"])
FEEDBACK_KEYS = tuple([column for column in FEEDBACK_COLUMNS if column != "decision_id"])

_REQUESTS = (
    # The first comparison finds its index, the second goes on where the last page ended.
    "SELECT {columns} FROM decisions WHERE received >= :since AND received < :until "
    "AND (received, decision_id) > (:since, :after) ORDER BY received, decision_id LIMIT :page"
)


def export(place: Place, period: Period, *, documents: bool = False) -> Iterator[bytes]:
    """The requests received in `period` as JSON, without line ends. `documents` adds what DOCUMENT_KEYS name.

    for line in export(Path("pointsman.db"), Period(since, until)):
        sys.stdout.buffer.write(line + b"\\n")
    """
    columns = (*REQUEST_KEYS, *DOCUMENT_KEYS) if documents else REQUEST_KEYS
    since, after = period.since, ""
    while True:
        with reading(place) as reader:
            bound = {"since": since, "until": period.until, "after": after, "page": _PAGE}
            rows = reader.execute(_REQUESTS.format(columns=quoted(columns)), bound).fetchall()
            requests = [_object(columns, row) for row in rows]
            ids = [request["decision_id"] for request in requests]
            attempts = _of_requests(reader, ids, "attempts", ATTEMPT_KEYS, "number")
            feedback = _of_requests(reader, ids, "feedback", FEEDBACK_KEYS, "received, feedback_id")
        for request in requests:
            request["attempts"] = attempts.get(request["decision_id"], [])
            request["feedback"] = feedback.get(request["decision_id"], [])
            yield msgspec.json.encode(request)
        if len(requests) < _PAGE:
            return
        since, after = requests[-1]["received"], requests[-1]["decision_id"]


def _of_requests(
    reader: Reader, ids: Sequence[str], table: str, keys: Sequence[str], order: str
) -> dict[str, list[dict[str, Any]]]:
    """The rows of a table by request."""
    found: dict[str, list[dict[str, Any]]] = {}
    if ids:
        sql = (
            f"SELECT decision_id, {quoted(keys)} FROM {table} "  # noqa: S608 - our constants
            f"WHERE decision_id IN ({', '.join('?' * len(ids))}) ORDER BY decision_id, {order}"
        )
        for decision_id, *row in reader.execute(sql, ids):
            found.setdefault(decision_id, []).append(_object(keys, row))
    return found


def _object(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return {column: _value(column, value) for column, value in zip(columns, row, strict=True)}


# What a column holds is as different as what it means.
def _value(column: str, value: Any) -> Any:
    if column in _JSON:
        return None if value is None else msgspec.Raw(value.encode())
    if column in _BOOLEANS:
        return bool(value)
    if column in _LINES:
        return value.split("\n") if value else []
    return value
