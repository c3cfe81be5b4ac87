"""What a ledger's thread needs of a database, and how rows are inserted into any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from msgspec import Struct

from pointsman.ledger.feedback import SUM_UP, put_feedback
from pointsman.ledger.rows import (
    ACTIVATION_COLUMNS,
    ATTEMPT_COLUMNS,
    CONFIG_COLUMNS,
    DECISION_COLUMNS,
    FEEDBACK_COLUMNS,
    Row,
    Rows,
    Value,
    quoted,
)

Execute = Callable[[str, Sequence[Value]], object]

# Each execution gives the interpreter's lock away and has to win it back from the event loop, which costs more than the
# insertion itself: so several rows go into one.
_ROWS_AT_ONCE = 24


class Unavailable(Exception):
    """The database cannot be had just now; the same again later may succeed."""


class Unstorable(Exception):
    """Not the database but a row: it has a number or a text that the database has no form for."""


class Columns(Struct, frozen=True):
    """Names of the columns that rows are in the order of; those of another release may be fewer."""

    decisions: tuple[str, ...] = DECISION_COLUMNS
    attempts: tuple[str, ...] = ATTEMPT_COLUMNS
    configs: tuple[str, ...] = CONFIG_COLUMNS
    activations: tuple[str, ...] = ACTIVATION_COLUMNS
    feedback: tuple[str, ...] = FEEDBACK_COLUMNS


CURRENT = Columns()


class Batch(Struct, frozen=True):
    """Rows that go into one transaction; `added_to` as in `Rows`."""

    decisions: Sequence[Row] = ()
    attempts: Sequence[Row] = ()
    configs: Sequence[Row] = ()
    activations: Sequence[Row] = ()
    feedback: Sequence[Row] = ()
    added_to: Sequence[str] = ()
    columns: Columns = CURRENT

    @classmethod
    def of(cls, some: Sequence[Rows], columns: Columns = CURRENT) -> Batch:
        """Those of several records."""
        return cls(
            [row for rows in some for row in rows.decisions],
            [row for rows in some for row in rows.attempts],
            [row for rows in some for row in rows.configs],
            [row for rows in some for row in rows.activations],
            [row for rows in some for row in rows.feedback],
            [decision_id for rows in some for decision_id in rows.added_to],
            columns,
        )


class Keep(Struct, frozen=True):
    """Unix seconds: prompts of requests received before `text` are blanked, and all of those before `records` deleted.

    None: kept for ever.
    """

    text: float | None = None
    records: float | None = None


class Database(Protocol):
    """One connection, used by one thread. Every call ends within seconds, whatever the database does."""

    def open(self) -> None:
        """Connect and migrate; Unavailable, or LedgerUnavailable where trying again is no use."""

    def write(self, batch: Batch) -> None:
        """Insert in one transaction what is not there yet, connecting again where necessary; Unavailable, Unstorable.

        Of an empty batch, it is found out whether the database can be written to.
        """

    def tidy(self, keep: Keep) -> bool:
        """Blank and delete a few rows; whether there may be more. Unavailable as above."""

    def close(self) -> None: ...


def insert(execute: Execute, batch: Batch) -> None:
    """Insert the rows of a batch; those whose key is there already stay as they are, but for feedback."""
    for statement, values in insertions(batch):
        execute(statement, values)


def insertions(batch: Batch) -> Iterator[tuple[str, Sequence[Value]]]:
    """The statements that do so, in order."""
    columns = batch.columns
    for table, key, names, rows in (
        ("configs", "version", columns.configs, batch.configs),
        ("activations", "activated, version", columns.activations, batch.activations),
        ("decisions", "decision_id", columns.decisions, batch.decisions),
        ("attempts", "decision_id, number", columns.attempts, batch.attempts),
    ):
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            yield _insertion(table, key, names, len(some)), [value for row in some for value in row]
    for row in batch.feedback:
        yield put_feedback(columns.feedback), row
    for decision_id in batch.added_to:
        yield SUM_UP, (decision_id,)


@lru_cache(maxsize=1000)
def _insertion(table: str, key: str, columns: tuple[str, ...], rows: int) -> str:
    # Only a repeated key is ignored: OR IGNORE would drop rows that break a constraint, too, and say nothing.
    marks = f"({', '.join('?' * len(columns))})"
    values = ", ".join([marks] * rows)
    return f"INSERT INTO {table} ({quoted(columns)}) VALUES {values} ON CONFLICT ({key}) DO NOTHING"  # noqa: S608
