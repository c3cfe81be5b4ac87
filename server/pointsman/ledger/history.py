"""Which configurations were active, read back."""

from __future__ import annotations

from pathlib import Path

from pointsman.ledger.schema import reading
from pointsman.model.activation import ActivatedBy, Activation

_NEWEST = "SELECT version, activated, activated_by FROM activations ORDER BY activated DESC LIMIT ?"


def find_activations(path: Path, limit: int) -> tuple[Activation, ...]:
    """The last so many, the newest first."""
    with reading(path) as connection:
        rows = connection.execute(_NEWEST, (limit,)).fetchall()
    return tuple(Activation(version, at, ActivatedBy(by)) for version, at, by in rows)
