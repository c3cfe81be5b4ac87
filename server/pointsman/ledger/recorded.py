"""What was recorded of one request, read back: for explaining it, and for deciding it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pointsman.errors import AmbiguousId, LedgerUnavailable
from pointsman.ledger.place import Place
from pointsman.ledger.reading import PATIENCE, Reader, reading
from pointsman.ledger.rows import ATTEMPT_COLUMNS, DECISION_COLUMNS, quoted
from pointsman.model.answer import FinishReason, Usage
from pointsman.model.attempt import Attempt, AttemptOutcome, Cost, CostSource
from pointsman.model.decision import Decision, Refusal
from pointsman.model.opinion import Opinion
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record, Recorded
from pointsman.model.request import Request
from pointsman.model.snapshot import Snapshot

_DECISIONS = f"SELECT {quoted(DECISION_COLUMNS)} FROM decisions WHERE decision_id "  # noqa: S608 - our constants
_ATTEMPTS = f"SELECT {quoted(ATTEMPT_COLUMNS)} FROM attempts WHERE decision_id = ? ORDER BY number"  # noqa: S608
_NAMED_AT_MOST = 10

# A row by its columns, which are of all types.
_Row = Mapping[str, Any]


def find(place: Place, decision_id: str) -> Recorded | None:
    """The request with this id, or whose id alone begins so. AmbiguousId names the ids that do, where several."""
    with reading(place) as reader:
        rows = reader.execute(_DECISIONS + "= ?", (decision_id,)).fetchall()
        if not rows and decision_id:
            bounds = (decision_id, decision_id + "\U0010ffff", _NAMED_AT_MOST + 1)
            rows = reader.execute(_DECISIONS + ">= ? AND decision_id < ? ORDER BY 1 LIMIT ?", bounds).fetchall()
        if len(rows) > 1:
            raise AmbiguousId(_ambiguous(decision_id, [row[0] for row in rows]))
        return _whole(place, reader, rows)


def find_exactly(place: Place, decision_id: str, timeout: float = PATIENCE) -> Recorded | None:
    """The request with this id; in PostgreSQL, each query has `timeout` seconds."""
    with reading(place, timeout) as reader:
        return _whole(place, reader, reader.execute(_DECISIONS + "= ?", (decision_id,)).fetchall())


def find_config(place: Place, version: str, timeout: float = PATIENCE) -> str | None:
    """The configuration of this version, as it was written."""
    with reading(place, timeout) as reader:
        row = reader.execute("SELECT document FROM configs WHERE version = ?", (version,)).fetchone()
        return None if row is None else str(row[0])


def newest_config(place: Place) -> str | None:
    """The configuration that decided the newest request, as it was written."""
    with reading(place) as reader:
        newest = reader.execute("SELECT config_version FROM decisions ORDER BY received DESC LIMIT 1").fetchone()
    return None if newest is None else find_config(place, newest[0])


def _ambiguous(prefix: str, ids: list[str]) -> str:
    named = ", ".join(ids[:_NAMED_AT_MOST]) + (", …" if len(ids) > _NAMED_AT_MOST else "")
    return f"{prefix!r} begins several decision ids; write more of the one you mean: {named}"


def _whole(place: Place, reader: Reader, rows: list[Sequence[Any]]) -> Recorded | None:
    if not rows:
        return None
    decision = dict(zip(DECISION_COLUMNS, rows[0], strict=True))
    found = reader.execute(_ATTEMPTS, (decision["decision_id"],))
    attempts = [dict(zip(ATTEMPT_COLUMNS, row, strict=True)) for row in found]
    return _recorded(place, decision, attempts)


def _recorded(place: Place, row: _Row, attempts: Sequence[_Row]) -> Recorded:
    try:
        record = _record(row, tuple([_attempt(attempt) for attempt in attempts]))
    except (msgspec.MsgspecError, ValueError) as error:
        raise LedgerUnavailable(f"ledger {place}: decision {row['decision_id']} cannot be read: {error}") from error
    return Recorded(record, row["prompt_hash"], bool(row["text_kept"]))


def _record(row: _Row, attempts: tuple[Attempt, ...]) -> Record:
    return Record(
        decision_id=row["decision_id"],
        method=row["method"],
        received=row["received"],
        request=msgspec.json.decode(row["request"], type=Request),
        snapshot=msgspec.json.decode(row["snapshot"], type=Snapshot),
        decision=_decision(row["decision"]),
        shadow=_decision(row["shadow"]),
        tier=row["tier"],
        provider=row["provider"],
        attempts=attempts,
        cost=Cost(row["answer_nano_usd"], row["overhead_nano_usd"], bool(row["estimated"])),
        status=row["status"],
        message=row["message"],
        finish=FinishReason(row["finish"]) if row["finish"] else None,
        ttft=row["ttft"],
        duration=row["duration"],
        policy_micros=msgspec.json.decode(row["policy_micros"], type=dict[str, float]),
        opinions=msgspec.json.decode(row["opinions"] or "[]", type=tuple[Opinion, ...]),
        packages=_split(row["packages"]),
    )


def _decision(document: str | None) -> Decision | Refusal | None:
    if document is None:
        return None
    # Both are plain objects: only a decision has a plan.
    if "plan" in msgspec.json.decode(document, type=dict[str, msgspec.Raw]):
        return msgspec.json.decode(document, type=Decision)
    return msgspec.json.decode(document, type=Refusal)


def _attempt(row: _Row) -> Attempt:
    return Attempt(
        number=row["number"],
        kind=AttemptKind(row["kind"]),
        target=row["model"],
        provider=row["provider"],
        upstream=row["upstream"],
        outcome=AttemptOutcome(row["outcome"]),
        started=row["started"],
        duration=row["duration"],
        ttft=row["ttft"],
        usage=_usage(row),
        cost_nano_usd=row["cost_nano_usd"],
        cost_source=CostSource(row["cost_source"]),
        served_model=row["served_model"],
        upstream_request_id=row["upstream_request_id"],
        upstream_status=row["upstream_status"],
        error_reason=row["error_reason"],
        error_message=row["error_message"],
        retry_after=row["retry_after"],
        provider_wide=bool(row["provider_wide"]),
        dropped=_split(row["dropped"]),
        gate=row["gate"],
        chunks=row["chunks"],
    )


def _usage(row: _Row) -> Usage:
    return Usage(
        input_tokens=row["input_tokens"],
        output_tokens=row["output_tokens"],
        cached_input_tokens=row["cached_input_tokens"],
        cache_write_input_tokens=row["cache_write_input_tokens"],
        reasoning_tokens=row["reasoning_tokens"],
        estimated=bool(row["usage_estimated"]),
        cache_write_1h_input_tokens=row["cache_write_1h_input_tokens"],
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
