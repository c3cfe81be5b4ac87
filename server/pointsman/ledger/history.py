"""Which configurations were active, read back."""

from __future__ import annotations

from pointsman.ledger.place import Place
from pointsman.ledger.reading import reading
from pointsman.model.activation import ActivatedBy, Activation

_NEWEST = "SELECT version, activated, activated_by FROM activations ORDER BY activated DESC LIMIT ?"


def find_activations(place: Place, limit: int, timeout: float) -> tuple[Activation, ...]:
    """The last so many, the newest first, within `timeout` seconds."""
    with reading(place, timeout) as reader:
        rows = reader.execute(_NEWEST, (limit,)).fetchall()
    return tuple(Activation(version, at, ActivatedBy(by)) for version, at, by in rows)
