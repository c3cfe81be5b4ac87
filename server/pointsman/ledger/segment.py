"""The format of a spool's files: segments of frames.

    length of the payload, 4 bytes | CRC-32 of the payload, 4 bytes (both big-endian) | payload, MessagePack

The first frame of a segment is a `Header`, each of the others the `Rows` of one record. A frame that was cut off, or
whose sum is wrong, ends its segment: it was never acknowledged.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import msgspec
from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.database import CURRENT, Columns
from pointsman.ledger.rows import Rows

_log = logging.getLogger(__name__)

_HEAD = struct.Struct(">II")
OVERHEAD = _HEAD.size
"""Bytes of a frame beside its payload."""


class Header(Struct):
    """The first frame of a segment."""

    ledger: str
    columns: Columns = CURRENT
    format: int = 1


class Frame(Struct, frozen=True):
    """The rows of one record, and what their columns are."""

    rows: Rows
    columns: Columns
    payload: bytes


class OpenSegment:
    """The segment that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        self.size = self.records = 0

    def append(self, frames: bytes, records: int) -> None:
        """OSError where it is not on the disk now; nothing of it is left there then, if that can be had."""
        try:
            written = 0
            while written < len(frames):
                written += os.write(self._file, frames[written:])
            os.fsync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self.size += len(frames)
        self.records += records

    def close(self) -> None:
        os.close(self._file)


def encoded(rows: Rows) -> Frame:
    """A record as it would be in a segment of this release."""
    return Frame(rows, CURRENT, msgspec.msgpack.encode(rows))


def framed(payload: bytes) -> bytes:
    """A payload as a frame."""
    return _HEAD.pack(len(payload), crc32(payload)) + payload


def read(segment: Path, at_most: int) -> Iterator[list[Frame]]:
    """The records of a segment, in order, so many at once."""
    with segment.open("rb") as file:
        yield from _read(file, segment, at_most)


def count(segment: Path) -> int:
    """How many records are in it; LedgerUnavailable where they are of a later release."""
    with segment.open("rb") as file:
        payloads = _payloads(file)
        for head in payloads:
            _columns(segment, head)
            return sum(1 for _ in payloads)
    return 0


def ledger_of(segment: Path) -> str:
    """Whose records are in it; "" where there are none."""
    with segment.open("rb") as file:
        for payload in _payloads(file):
            return msgspec.msgpack.decode(payload, type=Header).ledger
    return ""


def _read(file: BinaryIO, segment: Path, at_most: int) -> Iterator[list[Frame]]:
    columns, frames = CURRENT, list[Frame]()
    for index, payload in enumerate(_payloads(file)):
        if index == 0:
            columns = _columns(segment, payload)
            continue
        frames.append(Frame(msgspec.msgpack.decode(payload, type=Rows), columns, payload))
        if len(frames) == at_most:
            yield frames
            frames = []
    if frames:
        yield frames
    if cut := segment.stat().st_size - file.tell():
        _log.warning("spool %s: %d bytes at its end were cut off, and not acknowledged", segment, cut)


def _payloads(file: BinaryIO) -> Iterator[bytes]:
    """Up to the first that is not whole; the file stands behind the last that is."""
    while True:
        start = file.tell()
        head = file.read(_HEAD.size)
        length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
        payload = file.read(length)
        # A tail of zeros, which some file systems leave after a power cut, must not pass for empty frames.
        if not length or len(payload) < length or crc32(payload) != checksum:
            file.seek(start)
            return
        yield payload


def _columns(segment: Path, payload: bytes) -> Columns:
    columns = msgspec.msgpack.decode(payload, type=Header).columns
    for mine, theirs in ((CURRENT.decisions, columns.decisions), (CURRENT.attempts, columns.attempts)):
        if newer := set(theirs).difference(mine):
            raise LedgerUnavailable(
                f"spool {segment} was written by a later release, with {', '.join(sorted(newer))}; start that one"
            )
    return columns
