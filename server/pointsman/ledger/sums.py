"""What requests came to in a window, grouped by what budgets tell apart. Plain SQL, the same for every database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pointsman.ledger.place import Place
from pointsman.ledger.reading import reading
from pointsman.model.budget import Dimension, Sum, Window

# Quoted: `user` is a word of the language elsewhere.
_COLUMNS: Mapping[Dimension, str] = {
    Dimension.TENANT: 'd."tenant"',
    Dimension.KEY: 'd."key"',
    Dimension.PROJECT: 'd."project"',
    Dimension.FEATURE: 'd."feature"',
    Dimension.USER: 'd."user"',
    Dimension.SESSION: 'd."session"',
    Dimension.TASK: 'd."task"',
    Dimension.MODEL: 'a."model"',
}


def _query(dimensions: Sequence[Dimension]) -> str:
    """The query; its two parameters are the window's begin and end. Its columns: values, then sums.

    Whoever has no value somewhere is left out: no budget counts him there.
    """
    columns = [_COLUMNS[dimension] for dimension in dimensions]
    told = "".join([f"{column}, " for column in columns])
    named = "".join([f" AND {column} <> ''" for column in columns])
    grouped = f" GROUP BY {', '.join(columns)}" if columns else ""
    return (
        f"SELECT {told}COALESCE(SUM(a.cost_nano_usd), 0), COUNT(DISTINCT a.decision_id),"  # noqa: S608 - our constants
        " COALESCE(SUM(a.input_tokens + a.output_tokens), 0)"
        " FROM decisions d JOIN attempts a ON a.decision_id = d.decision_id"
        f" WHERE d.received >= ? AND d.received < ?{named}{grouped}"
    )


def sums(place: Place, dimensions: Sequence[Dimension], window: Window) -> Sequence[Sum]:
    """One for each combination of values; LedgerUnavailable."""
    with reading(place) as reader:
        rows = reader.execute(_query(dimensions), (window.start, window.end)).fetchall()
    return [Sum(tuple(row[: len(dimensions)]), *row[len(dimensions) :]) for row in rows]
