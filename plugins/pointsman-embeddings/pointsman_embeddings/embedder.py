"""What turns texts into vectors, as policy and gate see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pointsman import PointsmanError

Vectors = NDArray[np.float32]


class EmbedderFailed(PointsmanError):
    """Texts that did not become vectors; says why, and never what they are."""


class Embedder(Protocol):
    """An open model or connection."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """A row of length 1 for each text, in their order. Raises EmbedderFailed."""
        ...


def speakable(text: str) -> str:
    """The text as an embedder takes it: lone surrogates are text too, as JSON can spell them, and none takes those."""
    return text.encode(errors="replace").decode()


# Whatever a model or an endpoint gave: numbers of any kind, or none at all.
def unit_rows(rows: Any) -> Vectors:
    """Rows scaled to length 1; EmbedderFailed where they are no vectors."""
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise EmbedderFailed("the vectors are not all of one length") from error
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise EmbedderFailed(f"vectors are expected, and the answer has the shape {vectors.shape}")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise EmbedderFailed("a vector is zero or not finite")
    scaled: Vectors = vectors / lengths
    return scaled
