"""Reading no more than is wanted of files that may be of any size."""

from __future__ import annotations

from typing import IO, AnyStr

_BLOCK = 64 * 1024


def read_at_most(file: IO[AnyStr], most: int) -> AnyStr:
    """The first `most` bytes, of a text file characters, or all where there are fewer.

    `file.read(most)` does the same but takes room for so many first, which tears a heap apart for nothing.
    """
    blocks, left = list[AnyStr](), most
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        blocks.append(block)
        left -= len(block)
    return file.read(0).join(blocks)
