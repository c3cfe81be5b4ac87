from __future__ import annotations

import io
import tracemalloc

import pytest

from pointsman.bounded import read_at_most

TEXT = bytes(range(256)) * 1024


@pytest.mark.parametrize("most", [0, 1, 65_536, 65_537, len(TEXT) - 1, len(TEXT), len(TEXT) + 1, 1 << 30])
def test_as_much_as_is_there_and_no_more(most: int) -> None:
    assert read_at_most(io.BytesIO(TEXT), most) == TEXT[:most]


def test_a_small_file_takes_little_room() -> None:
    tracemalloc.start()
    try:
        read_at_most(io.BytesIO(b"small"), 1 << 30)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
