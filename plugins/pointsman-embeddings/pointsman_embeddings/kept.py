"""Vectors of the examples on disk, so that the next start need not embed them again."""

from __future__ import annotations

import logging
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pointsman_embeddings.embedder import EmbedderFailed, Vectors, unit_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptVectors:
    """A file of the vectors of what `seal` stands for: an embedder and texts. It holds no text."""

    path: Path
    seal: str

    def read(self, count: int) -> Vectors | None:
        """`count` rows of length 1; None where the file is not there, damaged, or of something else."""
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                if str(archive["seal"]) != self.seal:
                    return None
                vectors = unit_rows(archive["vectors"])
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, EmbedderFailed):
            return None
        return vectors if len(vectors) == count else None

    def write(self, vectors: Vectors) -> None:
        """Whole or not at all. Where it cannot be written, the log says so, and the next start takes its time."""
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        try:
            with beside.open("wb") as file:
                np.savez(file, seal=np.array(self.seal), vectors=vectors)
            beside.replace(self.path)
        except OSError as error:
            log.warning("the vectors of the examples cannot be kept in %s: %s", self.path, error.strerror)
            beside.unlink(missing_ok=True)
