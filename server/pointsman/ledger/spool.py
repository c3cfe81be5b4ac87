"""The spool: files that keep records while the database is away, fsynced before they are acknowledged.

A directory has a numbered one for each process that spools there at the same time, and those hold segments, which are
written once and deleted when all of them is in the database. `segment.py` says what is in one.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

import msgspec
from msgspec import Struct

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.segment import OVERHEAD, Frame, Header, OpenSegment, count, framed, ledger_of

_log = logging.getLogger(__name__)

_SEGMENT_BYTES = 8 * 1024 * 1024
_MOST_PROCESSES = 1_000
_SUFFIX = ".spool"


class _Claimed(Struct, frozen=True):
    """A directory, and the descriptor that keeps it ours."""

    directory: Path
    lock: int


class _Size(Struct, frozen=True):
    """Of a segment."""

    bytes: int
    records: int


class Spool:
    """One process's share of a spool directory. One thread appends while another one reads what was appended before."""

    def __init__(self, ledger: str, claimed: _Claimed, max_bytes: int) -> None:
        self._directory, self._claim, self._max_bytes = claimed.directory, claimed.lock, max_bytes
        self._ledger = ledger
        self._lock = Lock()
        self._open: OpenSegment | None = None
        self._sizes: dict[Path, _Size] = {}
        self._next = 0

    @classmethod
    def open(cls, path: Path, ledger: str, max_bytes: int) -> Spool:
        """Claim a directory below `path`, with all that is left there for this ledger; LedgerUnavailable."""
        try:
            spool = cls(ledger, _first_free(path, ledger), max_bytes)
            try:
                spool._inherit(path)
            except BaseException:
                spool.close()
                raise
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            why = f"spool {path} cannot be opened: {error}; check the path, its permissions and the disk"
            raise LedgerUnavailable(why) from error
        return spool

    @property
    def directory(self) -> Path:
        return self._directory

    @property
    def records(self) -> int:
        """How many wait to be replayed."""
        return sum([size.records for size in [*self._sizes.values()]])

    def append(self, payloads: Sequence[bytes]) -> int:
        """Keep the first of these records, as many as there is room for; their number. OSError: none is kept."""
        with self._lock:
            head = b"" if self._open else framed(msgspec.msgpack.encode(Header(self._ledger)))
            frames, kept = [head], 0
            room = self._max_bytes - sum([size.bytes for size in self._sizes.values()]) - len(head)
            for payload in payloads:
                room -= len(payload) + OVERHEAD
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

    def drop(self, segment: Path) -> None:
        """Delete a segment that is in the database."""
        with self._lock:
            del self._sizes[segment]
        segment.unlink(missing_ok=True)

    def set_aside(self, frame: Frame) -> Path:
        """Keep a record that the database has no form for; the file that it is in."""
        path = self._directory / "unstorable"
        with path.open("ab") as file:
            file.write(framed(msgspec.msgpack.encode(Header(self._ledger, frame.columns))) + framed(frame.payload))
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
        self._sizes[segment.path] = _Size(segment.size, segment.records)
        if segment.size >= _SEGMENT_BYTES:
            self._close_segment()

    def _begin(self) -> OpenSegment:
        segment = OpenSegment(self._directory / f"{self._next:012}{_SUFFIX}")
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
        self._admit(_segments(self._directory))
        for other in sorted(path.iterdir()):
            if other == self._directory or (claim := _claim(other)) is None:
                continue
            if stranger := _stranger(other, self._ledger):
                _log.warning("spool %s holds records of another ledger, %s: they stay there", other, stranger)
            else:
                for left in _segments(other):
                    mine = self._directory / f"{self._next:012}{_SUFFIX}"
                    left.rename(mine)
                    self._admit([mine])
                with suppress(OSError):
                    other.rmdir()
            os.close(claim)

    def _admit(self, segments: Sequence[Path]) -> None:
        for segment in segments:
            self._next = int(segment.stem) + 1
            self._sizes[segment] = _Size(segment.stat().st_size, count(segment))


def _segments(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"*{_SUFFIX}"))


def _first_free(path: Path, ledger: str) -> _Claimed:
    """The first numbered directory that no other process has, and no records of another ledger."""
    for number in range(_MOST_PROCESSES):
        directory = path / f"{number:03}"
        # Each time: whoever ends deletes what is empty.
        path.mkdir(mode=0o700, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        lock = _claim(directory)
        if lock is not None:
            if not _stranger(directory, ledger):
                return _Claimed(directory, lock)
            os.close(lock)
    raise LedgerUnavailable(f"spool {path} is used by {_MOST_PROCESSES} processes already; name another directory")


def _stranger(directory: Path, ledger: str) -> str:
    """The other ledger whose records are in a directory, "" where there is none."""
    return next((found for found in map(ledger_of, _segments(directory)) if found not in ("", ledger)), "")


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


def _sync(directory: Path) -> None:
    """Make the name of a new file last, not just what is in it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
