"""Reading no more than is wanted of files that may be of any size."""

from __future__ import annotations

from typing import BinaryIO

_BLOCK = 64 * 1024


def read_at_most(file: BinaryIO, most: int) -> bytes:
    """The first `most` bytes, or all where there are fewer.

    `file.read(most)` does the same but takes room for `most` bytes first, which tears a heap apart for nothing.
    """
    blocks, left = list[bytes](), most
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)
