"""A record as rows: columns for what reports ask, JSON documents for what only explaining and replaying need."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pointsman.ledger.redaction import redacted
from pointsman.model.attempt import Attempt
from pointsman.model.decision import Decision
from pointsman.model.fingerprint import prompt_hash
from pointsman.model.opinion import Opinion
from pointsman.model.plan import AttemptKind
from pointsman.model.record import Record
from pointsman.model.snapshot import Snapshot

Value = str | int | float | bool | None
Row = tuple[Value, ...]

# Documents come last: SQLite keeps the head of a long row on the page, so that reports never read the overflow.
DECISION_COLUMNS = (
    *("decision_id", "received", "method", "tenant", "project", "feature", "user", "session", "key", "config_version"),
    *("task", "task_source", "confidence", "mode", "tier", "model", "provider"),
    *("decided_by", "decided_by_kind", "reason"),
    *("status", "message", "finish", "served_model"),
    *("cost_nano_usd", "answer_nano_usd", "overhead_nano_usd", "estimated"),
    *("ttft", "duration", "attempts", "fallback", "escalated"),
    *("prompt_hash", "text_kept", "labels", "policy_micros", "request", "snapshot", "decision", "shadow"),
    *("opinions", "packages"),
)
ATTEMPT_COLUMNS = (
    *("decision_id", "number", "kind", "outcome", "model", "provider", "upstream", "served_model"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_input_tokens", "reasoning_tokens"),
    *("usage_estimated", "cost_nano_usd", "cost_source", "started", "duration", "ttft"),
    *("upstream_status", "upstream_request_id", "error_reason", "error_message"),
    *("retry_after", "provider_wide", "dropped", "gate", "cache_write_1h_input_tokens", "chunks"),
)
CONFIG_COLUMNS = ("version", "document")
ACTIVATION_COLUMNS = ("activated", "version", "activated_by")
FEEDBACK_COLUMNS = (
    *("decision_id", "feedback_id", "received", "source", "score"),
    *("correct_task", "preferred_model", "preferred_tier", "comment", "labels"),
)


def quoted(columns: Sequence[str]) -> str:
    """A list of columns for SQL: to PostgreSQL a bare `user` is a question of its own."""
    return ", ".join([f'"{column}"' for column in columns])


class Rows(Struct, frozen=True):
    """Rows that belong into one transaction, in the order of the columns above.

    `added_to` are the ids of decisions that some of the attempts were added to after they had been recorded.
    """

    decisions: tuple[Row, ...] = ()
    attempts: tuple[Row, ...] = ()
    configs: tuple[Row, ...] = ()
    activations: tuple[Row, ...] = ()
    feedback: tuple[Row, ...] = ()
    added_to: tuple[str, ...] = ()

    def size(self) -> int:
        """Characters held, roughly the memory that they take."""
        rows = (*self.decisions, *self.configs, *self.feedback)
        return sum([len(value) for row in rows for value in row if type(value) is str])


def rows_of(record: Record, keep_text: bool) -> Rows:
    """One row for the request and one for each attempt. `keep_text`: the prompt as it was, instead of blanked."""
    attempts = tuple([_attempt(record.decision_id, attempt) for attempt in record.attempts])
    columns = storable((*_asked(record), *_decided(record), *_outcome(record)))
    return Rows(((*columns, *_documents(record, keep_text)),), attempts)


def outcome_rows(decision_id: str, attempt: Attempt) -> Rows:
    """One more attempt at a decision that is recorded."""
    return Rows(attempts=(_attempt(decision_id, attempt),), added_to=(decision_id,))


def storable(row: Row) -> Row:
    """A row with U+FFFD for lone surrogates, which would cost it: UTF-8 has no bytes for them. What came in headers may
    have some.
    """
    text = "".join([value for value in row if type(value) is str])
    if text.isascii() or not _SURROGATE.search(text):
        return row
    return tuple([_SURROGATE.sub("\ufffd", value) if type(value) is str else value for value in row])


def _asked(record: Record) -> Row:
    request = record.request
    label = request.hints.labels.get
    return (
        record.decision_id,
        record.received,
        record.method,
        request.tenant,
        label("project", ""),
        label("feature", ""),
        label("user", ""),
        request.hints.session_id,
        request.key,
        record.snapshot.config_version,
    )


def _decided(record: Record) -> Row:
    decision = record.decision
    if decision is None:
        return ("", "", None, "", "", "", "", "", "", "")
    assessed = decision.assessed
    task = (assessed.task, assessed.source, assessed.confidence, assessed.mode.value)
    if isinstance(decision, Decision):
        by = (decision.decided_by, decision.decided_by_kind.value, decision.reason)
        return (*task, record.tier, decision.target, record.provider, *by)
    return (*task, "", "", "", "", "", decision.message)


def _outcome(record: Record) -> Row:
    cost = record.cost
    # What policies asked models for themselves has rows of its own, and a share of the overhead.
    tried = [attempt for attempt in record.attempts if attempt.answers]
    served = [attempt.target for attempt in tried if attempt.served]
    return (
        record.status,
        record.message,
        "" if record.finish is None else record.finish.value,
        served[0] if served else "",
        cost.total,
        cost.answer,
        cost.overhead,
        cost.estimated,
        record.ttft,
        record.duration,
        len(tried),
        any(attempt.kind is AttemptKind.FAILOVER for attempt in tried),
        any(attempt.kind is AttemptKind.ESCALATION for attempt in tried),
    )


def _documents(record: Record, keep_text: bool) -> Row:
    request = record.request
    return (
        prompt_hash(request.messages),
        keep_text,
        _json(request.hints.labels),
        _json(record.policy_micros),
        _json(request if keep_text else redacted(request)),
        _snapshot(record.snapshot),
        None if record.decision is None else _json(record.decision),
        None if record.shadow is None else _json(record.shadow),
        # With the text at hand the policies can simply be asked again.
        None if keep_text or not record.opinions else _opinions(record.opinions),
        "\n".join(record.packages),
    )


def _attempt(decision_id: str, attempt: Attempt) -> Row:
    usage = attempt.usage
    row: Row = (
        decision_id,
        attempt.number,
        attempt.kind.value,
        attempt.outcome.value,
        attempt.target,
        attempt.provider,
        attempt.upstream,
        attempt.served_model,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_input_tokens,
        usage.reasoning_tokens,
        usage.estimated,
        attempt.cost_nano_usd,
        attempt.cost_source.value,
        attempt.started,
        attempt.duration,
        attempt.ttft,
        attempt.upstream_status,
        attempt.upstream_request_id,
        attempt.error_reason,
        attempt.error_message,
        attempt.retry_after,
        attempt.provider_wide,
        "\n".join(attempt.dropped),
        attempt.gate,
        usage.cache_write_1h_input_tokens,
        attempt.chunks,
    )
    return storable(row)


UNENCODABLE = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
_SURROGATE = re.compile("[\ud800-\udfff]")
_encode = msgspec.json.Encoder().encode


def _json(value: object) -> str:
    # Text, because SQLite's JSON functions refuse blobs.
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_mended(msgspec.to_builtins(value))).decode()


def _mended(value: Any) -> Any:
    """A document with U+FFFD for lone surrogates: a policy's reason may have them, and must not cost the record."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_mended(key): _mended(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(inner) for inner in value]
    return value


def _snapshot(snapshot: Snapshot) -> str:
    try:
        return _json(snapshot)
    except UNENCODABLE:
        # A policy's signal may be anything, and one that JSON has no form for must not cost the record.
        signals = {entry: _recordable(signal) for entry, signal in snapshot.signals.items()}
        return _json(replace(snapshot, signals=signals))


def _opinions(opinions: tuple[Opinion, ...]) -> str:
    try:
        return _json(opinions)
    except UNENCODABLE:
        # As of signals: what JSON has no form for is missing when the decision is to be made again, and only then.
        return _json([opinion for opinion in opinions if _encodable(opinion)])


def _encodable(opinion: Opinion) -> bool:
    try:
        _json(opinion)
    except UNENCODABLE:
        return False
    return True


def _recordable(signal: object) -> object:
    try:
        _json(signal)
    except UNENCODABLE:
        return {"unrecordable": f"{type(signal).__module__}.{type(signal).__qualname__}"}
    return signal
