"""The spool: files that keep records while the database is away, fsynced before they are acknowledged.

A directory has a numbered one for each process that spools there at the same time. It holds segments, which are written
once and deleted when all of them is in the database. A segment is a sequence of frames:

    length of the payload, 4 bytes | CRC-32 of the payload, 4 bytes (both big-endian) | payload, MessagePack

The first names the columns, the others hold the rows of one record each. A frame that was cut off, or whose sum is
wrong, ends its segment: it was never acknowledged.
"""

from __future__ import annotations

import fcntl
import logging
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO
from zlib import crc32

import msgspec
from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.database import CURRENT, Columns
from pointsman.ledger.rows import Rows

_log = logging.getLogger(__name__)

_HEAD = struct.Struct(">II")
_SEGMENT_BYTES = 8 * 1024 * 1024
_MOST_PROCESSES = 1_000
_SUFFIX = ".spool"


class Frame(Struct, frozen=True):
    """The rows of one record, and what their columns are."""

    rows: Rows
    columns: Columns
    payload: bytes


class _Open:
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


class Spool:
    """One process's share of a spool directory. One thread appends while another one reads what was appended before."""

    def __init__(self, directory: Path, lock: int, max_bytes: int) -> None:
        self._directory, self._claim, self._max_bytes = directory, lock, max_bytes
        self._lock = Lock()
        self._open: _Open | None = None
        self._sizes: dict[Path, int] = {}
        self._records = 0
        self._next = 0

    @classmethod
    def open(cls, path: Path, max_bytes: int) -> Spool:
        """Claim a directory below `path`, with all that others left there. LedgerUnavailable where that fails."""
        try:
            directory, claim = _claimed(path)
        except OSError as error:
            raise _unopened(path, error) from error
        spool = cls(directory, claim, max_bytes)
        try:
            spool._inherit(path)
        except (OSError, ValueError) as error:
            spool.close()
            raise _unopened(path, error) from error
        except LedgerUnavailable:
            spool.close()
            raise
        return spool

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def records(self) -> int:
        """How many wait to be replayed."""
        return self._records

    def append(self, payloads: Sequence[bytes]) -> int:
        """Keep the first of these records, as many as there is room for; their number. OSError: none is kept."""
        with self._lock:
            head = b"" if self._open else framed(_ENCODE({"format": 1, "columns": CURRENT}))
            frames, kept = [head], 0
            room = self._max_bytes - sum(self._sizes.values()) - len(head)
            for payload in payloads:
                room -= len(payload) + _HEAD.size
                if room < 0:
                    break
                frames.append(framed(payload))
                kept += 1
            if kept:
                self._write(b"".join(frames), kept)
            return kept

    def take(self) -> list[Path]:
        """All segments, oldest first; none of them grows any more."""
        with self._lock:
            self._close_segment()
            return sorted(self._sizes)

    def read(self, segment: Path, at_most: int) -> Iterator[list[Frame]]:
        """The records of a segment, in order, so many at once."""
        with segment.open("rb") as file:
            yield from _read(file, segment, at_most)

    def replayed(self, frames: Sequence[Frame]) -> None:
        """These are in the database."""
        with self._lock:
            self._records = max(0, self._records - len(frames))

    def drop(self, segment: Path) -> None:
        """Delete a segment that is in the database."""
        with self._lock:
            del self._sizes[segment]
            if not self._sizes:
                self._records = 0
        segment.unlink(missing_ok=True)

    def set_aside(self, frame: Frame) -> Path:
        """Keep a record that the database has no form for; the file that it is in."""
        path = self._directory / "unstorable"
        with path.open("ab") as file:
            file.write(framed(_ENCODE({"format": 1, "columns": frame.columns})) + framed(frame.payload))
        return path

    def close(self) -> None:
        """Give the directory up, and delete it where nothing is left in it."""
        with self._lock:
            self._close_segment()
        with suppress(OSError):
            self._directory.rmdir()
            self._directory.parent.rmdir()
        os.close(self._claim)

    def _write(self, frames: bytes, records: int) -> None:
        segment = self._open or self._begin()
        try:
            segment.append(frames, records)
        except OSError:
            # What of it is on the disk is unknown: nothing may follow it.
            self._close_segment()
            raise
        self._sizes[segment.path] = segment.size
        self._records += records
        if segment.size >= _SEGMENT_BYTES:
            self._close_segment()

    def _begin(self) -> _Open:
        segment = _Open(self._directory / f"{self._next:012}{_SUFFIX}")
        self._next += 1
        self._open = segment
        _sync(self._directory)
        return segment

    def _close_segment(self) -> None:
        segment, self._open = self._open, None
        if segment:
            segment.close()
            if not segment.size:
                with suppress(OSError):
                    segment.path.unlink()

    def _inherit(self, path: Path) -> None:
        """Take over what is here, and what processes that are no more left in other directories."""
        self._admit(sorted(self._directory.glob(f"*{_SUFFIX}")))
        for other in sorted(path.iterdir()):
            if other == self._directory or (claim := _claim(other)) is None:
                continue
            for left in sorted(other.glob(f"*{_SUFFIX}")):
                mine = self._directory / f"{self._next:012}{_SUFFIX}"
                left.rename(mine)
                self._admit([mine])
            with suppress(OSError):
                other.rmdir()
            os.close(claim)

    def _admit(self, segments: Sequence[Path]) -> None:
        for segment in segments:
            self._next = int(segment.stem) + 1
            self._sizes[segment] = segment.stat().st_size
            self._records += sum(len(frames) for frames in self.read(segment, 1_000))


def framed(payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), crc32(payload)) + payload


def _read(file: BinaryIO, segment: Path, at_most: int) -> Iterator[list[Frame]]:
    columns, frames = CURRENT, list[Frame]()
    for index, payload in enumerate(_payloads(file, segment)):
        if index == 0:
            columns = _columns(segment, payload)
            continue
        frames.append(Frame(msgspec.msgpack.decode(payload, type=Rows), columns, payload))
        if len(frames) == at_most:
            yield frames
            frames = []
    if frames:
        yield frames


def _payloads(file: BinaryIO, segment: Path) -> Iterator[bytes]:
    while head := file.read(_HEAD.size):
        length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
        payload = file.read(length)
        # A tail of zeros, which some file systems leave after a power cut, must not pass for empty frames.
        if not length or len(payload) < length or crc32(payload) != checksum:
            _log.warning("spool %s: the end was cut off, and had not been acknowledged", segment)
            return
        yield payload


def _columns(segment: Path, payload: bytes) -> Columns:
    columns = msgspec.msgpack.decode(payload, type=_Header).columns
    for mine, theirs in ((CURRENT.decisions, columns.decisions), (CURRENT.attempts, columns.attempts)):
        if newer := set(theirs).difference(mine):
            raise LedgerUnavailable(
                f"spool {segment} was written by a later release, with {', '.join(sorted(newer))}; start that one"
            )
    return columns


class _Header(Struct):
    format: int
    columns: Columns


def _claimed(path: Path) -> tuple[Path, int]:
    """The first numbered directory that no other process has, and the descriptor that keeps it ours."""
    for number in range(_MOST_PROCESSES):
        directory = path / f"{number:03}"
        # Each time: whoever ends deletes what is empty.
        path.mkdir(mode=0o700, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        if (claim := _claim(directory)) is not None:
            return directory, claim
    raise LedgerUnavailable(f"spool {path} is used by {_MOST_PROCESSES} processes already; name another directory")


def _claim(directory: Path) -> int | None:
    """A descriptor with a lock that lasts as long as it, or None where another process has one."""
    try:
        claim = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it before may have deleted it in between.
        if os.fstat(claim).st_ino == directory.stat().st_ino:
            return claim
    except OSError:
        pass
    os.close(claim)
    return None


def _unopened(path: Path, error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"spool {path} cannot be opened: {error}; check the path, its permissions and the disk")


def _sync(directory: Path) -> None:
    """Make the name of a new file last, not just what is in it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_ENCODE = msgspec.msgpack.Encoder().encode
