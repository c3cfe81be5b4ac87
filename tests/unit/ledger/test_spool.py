from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.contract.ledger.records import record

from pointsman.errors import LedgerUnavailable
from pointsman.ledger.rows import Rows, rows_of
from pointsman.ledger.segment import Header, framed, read
from pointsman.ledger.spool import Spool

LARGE = 1024 * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def opened(path: Path, max_bytes: int = LARGE, ledger: str = "ledger.db") -> Spool:
    return Spool.open(path, ledger, max_bytes)


def rows(*names: str) -> list[Rows]:
    return [rows_of(record(name), keep_text=False) for name in names]


def payloads(*names: str) -> list[bytes]:
    return [msgspec.msgpack.encode(each) for each in rows(*names)]


def kept(spool: Spool, at_most: int = 1_000) -> list[str]:
    """The ids of what is there, in order."""
    frames = [frame for segment in spool.take() for some in read(segment, at_most) for frame in some]
    return [str(frame.rows.decisions[0][0]) for frame in frames]


def test_what_was_written_is_read_back_in_order(path: Path) -> None:
    spool = opened(path)
    assert spool.append(payloads("a", "b")) == 2
    assert spool.append(payloads("c")) == 1
    assert spool.records == 3
    (segment,) = spool.take()
    frames = [frame for some in read(segment, 2) for frame in some]
    assert [frame.rows for frame in frames] == rows("a", "b", "c")
    spool.append(payloads("d"))
    assert kept(spool) == ["a", "b", "c", "d"]
    for segment in spool.take():
        spool.drop(segment)
    assert (spool.records, kept(spool)) == (0, [])
    spool.close()
    assert not path.exists()


def test_another_start_goes_on_behind_what_is_left(path: Path) -> None:
    spool = opened(path)
    spool.append(payloads("a"))
    spool.close()
    again = opened(path)
    assert again.records == 1
    again.append(payloads("b"))
    assert kept(again) == ["a", "b"]
    again.close()


def test_only_what_there_is_room_for_is_kept(path: Path) -> None:
    spool = opened(path, max_bytes=len(payloads("a")[0]) * 3)
    assert spool.append(payloads("a", "b", "c")) == 2
    assert spool.append(payloads("d")) == 0
    assert kept(spool) == ["a", "b"]
    for segment in spool.take():
        spool.drop(segment)
    assert spool.append(payloads("d")) == 1
    spool.close()


def torn(path: Path, tail: bytes) -> list[str]:
    """What is left of a segment of two records and this tail."""
    spool = opened(path)
    spool.append(payloads("a", "b"))
    (segment,) = spool.take()
    with segment.open("ab") as file:
        file.write(tail)
    spool.close()
    again = opened(path)
    assert again.records == 2
    found = kept(again)
    again.close()
    return found


WHOLE = framed(payloads("c")[0])


@pytest.mark.parametrize(
    "tail",
    [WHOLE[:1], WHOLE[:8], WHOLE[:9], WHOLE[:-1], WHOLE[:-1] + b"\xff", bytes(100), b"\xff" * 100],
    ids=["1 byte", "head", "9 bytes", "all but one", "changed", "zeros", "ones"],
)
def test_a_torn_tail_is_dropped(path: Path, tail: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert torn(path, tail) == ["a", "b"]
    assert [line.message for line in caplog.records] == [
        f"spool {path}/000/000000000000.spool: {len(tail)} bytes at its end were cut off, and not acknowledged"
    ]


def test_what_cannot_be_written_leaves_nothing_behind(path: Path) -> None:
    spool = opened(path)
    spool.append(payloads("a"))
    with file_size(len(payloads("a")[0]) * 2), pytest.raises(OSError, match="too large"):
        spool.append(payloads("b", "c", "d"))
    assert spool.append(payloads("e")) == 1
    assert kept(spool) == ["a", "e"]
    spool.close()


@contextmanager
def file_size(limit: int) -> Iterator[None]:
    """Whatever is written beyond this fails, after what fits has been written: as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_processes_have_a_directory_each_and_inherit_what_was_left(path: Path) -> None:
    first, second = opened(path), opened(path)
    first.append(payloads("a"))
    second.append(payloads("b"))
    first.close()
    third = opened(path)
    assert (kept(third), kept(second)) == (["a"], ["b"])
    second.close()
    third.close()
    fourth = opened(path)
    assert kept(fourth) == ["a", "b"]
    fourth.close()


def test_another_ledgers_records_are_left_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    theirs = opened(path, ledger="theirs.db")
    theirs.append(payloads("a"))
    theirs.close()
    ours = opened(path, ledger="ours.db")
    assert kept(ours) == []
    assert "holds records of another ledger, theirs.db" in caplog.text
    ours.close()
    again = opened(path, ledger="theirs.db")
    assert kept(again) == ["a"]
    again.close()


def test_records_of_a_later_release_are_refused(path: Path) -> None:
    spool = opened(path)
    spool.append(payloads("a"))
    (segment,) = spool.take()
    spool.close()
    columns = msgspec.to_builtins(Header("ledger.db").columns)
    columns["decisions"] = [*columns["decisions"], "flavour"]
    head = framed(msgspec.msgpack.encode({"ledger": "ledger.db", "columns": columns}))
    segment.write_bytes(head + framed(payloads("a")[0]))
    with pytest.raises(LedgerUnavailable, match="written by a later release, with flavour"):
        opened(path)


@pytest.mark.parametrize("content", [framed(b"\x01"), framed(msgspec.msgpack.encode({"other": 1}))])
def test_what_is_no_spool_is_refused(path: Path, content: bytes) -> None:
    (path / "000").mkdir(parents=True)
    (path / "000" / "000000000007.spool").write_bytes(content)
    with pytest.raises(LedgerUnavailable, match="cannot be opened"):
        opened(path)


def test_it_is_readable_by_its_owner_alone(path: Path) -> None:
    spool = opened(path)
    spool.append(payloads("a"))
    modes: Sequence[int] = [item.stat().st_mode & 0o077 for item in (path, *path.rglob("*"))]
    spool.close()
    assert set(modes) == {0}
