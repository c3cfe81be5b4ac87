"""Vectors on disk: read where they belong, made again where they do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pointsman_embeddings.embedder import unit_rows
from pointsman_embeddings.kept import KeptVectors
from pointsman_embeddings.policy import Embeddings

Policy = Callable[..., Embeddings]

VECTORS = unit_rows([[1, 2], [3, 4]])


@pytest.fixture
def kept(tmp_path: Path) -> KeptVectors:
    return KeptVectors(tmp_path / "examples.npz", "seal")


def test_what_is_written_is_read(kept: KeptVectors) -> None:
    assert kept.read(2) is None
    kept.write(VECTORS)
    found = kept.read(2)
    assert found is not None
    assert np.allclose(found, VECTORS)
    assert [path.name for path in kept.path.parent.iterdir()] == ["examples.npz"]


def test_vectors_of_something_else_are_not_read(kept: KeptVectors) -> None:
    kept.write(VECTORS)
    assert KeptVectors(kept.path, "another seal").read(2) is None
    assert kept.read(3) is None


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_file_is_made_again(kept: KeptVectors, keep: int) -> None:
    kept.write(VECTORS)
    kept.path.write_bytes(kept.path.read_bytes()[:keep])
    assert kept.read(2) is None
    kept.write(VECTORS)
    assert kept.read(2) is not None


def test_a_place_that_cannot_be_written_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").mkdir()
    KeptVectors(tmp_path / "taken", "seal").write(VECTORS)
    assert "cannot be kept in" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


async def test_the_second_start_embeds_nothing(
    policy: Policy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for options in ({}, {}, {"method": "nearest"}):
        async with policy(vectors=str(tmp_path / "examples.npz"), **options):
            pass
    logged = [record.getMessage() for record in caplog.records if "indexed" in record.getMessage()]
    assert [message.count("read from") for message in logged] == [0, 1, 1]
