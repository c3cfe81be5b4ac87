"""The key file: what is kept of a key, and what happens to it while several change it."""

from __future__ import annotations

import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pointsman.access.keyfile import change_keys, read_keys
from pointsman.access.keys import Key, digest, id_of, mint
from pointsman.errors import KeysUnusable
from pointsman.model.caller import Permission

LATER = datetime(2030, 1, 31, 12, tzinfo=UTC)


def add(path: Path, *, tenant: str = "acme", label: str = "") -> str:
    """The token of a new key in the file."""
    key, token = mint(tenant, (Permission.OVERRIDE,), label, LATER)
    change_keys(path, lambda keys: [*keys, key])
    return token


def add_many(path: Path, count: int) -> None:
    for _ in range(count):
        add(path)


def test_what_is_kept_is_a_hash(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    token = add(path, label="the nightly job")
    (key,) = read_keys(path)
    assert (key.tenant, key.permissions, key.label, key.expires) == ("acme", ("override",), "the nightly job", LATER)
    assert key.sha256 == digest(token).hex()
    assert id_of(token) == key.id
    assert token.rpartition("_")[2] not in path.read_text()
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert os.listdir(tmp_path) == ["keys.jsonl"]


def test_who_may_read_it_stays_so_and_nobody_else_writes(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    add(path)
    path.chmod(0o664)
    add(path)
    assert oct(path.stat().st_mode & 0o777) == "0o644"


def test_no_two_are_alike(tmp_path: Path) -> None:
    tokens = [mint("acme", (), "", None)[1] for _ in range(50)]
    assert len(set(tokens)) == len({id_of(token) for token in tokens}) == 50
    assert {len(token) for token in tokens} == {80}


@pytest.mark.parametrize("token", ["", "pm_", "pm_0123456789ab_", f"pm_0123456789AB_{'0' * 64}", "'; DROP TABLE k;--"])
def test_what_has_not_the_form_of_a_key_has_no_id(token: str) -> None:
    assert id_of(token) == ""


def test_a_key_says_how_it_stands() -> None:
    key, _ = mint("acme", (), "", LATER)
    revoked = msgspec.structs.replace(key, revoked=key.created)
    before, after = datetime(2029, 1, 1, tzinfo=UTC), LATER
    assert [key.state(before), key.state(after), revoked.state(before)] == ["active", "expired", "revoked"]


def test_of_many_who_change_it_at_once_nobody_loses_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    spawning = multiprocessing.get_context("spawn")
    processes = [spawning.Process(target=add_many, args=(path, 10)) for _ in range(2)]
    for process in processes:
        process.start()
    add_many(path, 10)
    for process in processes:
        process.join()
    assert len(read_keys(path)) == 30


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    add(path)
    before = path.read_bytes()

    def fail(keys: tuple[Key, ...]) -> tuple[Key, ...]:
        raise KeysUnusable("there is no such key")

    with pytest.raises(KeysUnusable):
        change_keys(path, fail)
    assert (path.read_bytes(), os.listdir(tmp_path)) == (before, ["keys.jsonl"])


def test_behind_a_link_what_it_leads_to_is_changed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "keys.jsonl"
    link.symlink_to(tmp_path / "real" / "keys.jsonl")
    add(link)
    assert link.is_symlink()
    assert len(read_keys(tmp_path / "real" / "keys.jsonl")) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('"tenant":"acme"', '"tenant":"a/b"'),
        ('"sha256":"', '"sha256":"00'),
        ('"sha256":"', '"sha256":"zz'),
        ('"override"', '"everything"'),
        ('"tenant"', '"tenent"'),
        ("12:00:00Z", "12:00:00"),
        ("{", "["),
    ],
)
def test_a_line_that_is_no_key_is_named(tmp_path: Path, change: str, words: str) -> None:
    path = tmp_path / "keys.jsonl"
    add(path)
    good = path.read_text()
    path.write_text(f"{good}\n{good.replace(change, words)}")
    with pytest.raises(KeysUnusable, match=r"keys.jsonl', line 3") as unusable:
        read_keys(path)
    assert read_hash(good) not in str(unusable.value)


def read_hash(line: str) -> str:
    return msgspec.json.decode(line, type=Key).sha256


def test_a_key_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    add(path)
    path.write_text(path.read_text() * 2)
    with pytest.raises(KeysUnusable, match=r"line 2: key .* is there already"):
        read_keys(path)


def test_no_file_and_no_directory(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match=r"there is no key file .*pointsman keys create"):
        read_keys(tmp_path / "keys.jsonl")
    with pytest.raises(KeysUnusable, match="cannot be written: No such file or directory"):
        add(tmp_path / "nowhere" / "keys.jsonl")
    with pytest.raises(KeysUnusable, match="cannot be read: Is a directory"):
        read_keys(tmp_path)
