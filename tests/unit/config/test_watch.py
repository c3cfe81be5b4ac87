from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pointsman.config.watch import Files, Rest, named_in, watching

TEXT = """\
providers:
  a: {wire: openai, api_key: "${file:/run/secrets/a}", base_url: "https://api.example.com/v1"}
  b: {wire: openai, api_key: "${B_KEY}", ca_file: certs/b.pem}
models: {org/model: {provider: a}}
ledger: {path: pointsman.db}
server: {grpc: "127.0.0.1:50051"}
chain:
  - {use: rules, with: {file: rules.yaml}}
  - {use: classifier, with: {artefact: ./trained model/v2}}
"""


def test_files_that_a_document_names() -> None:
    names = ("/run/secrets/a", "certs/b.pem", "rules.yaml", "./trained model/v2")
    assert set(named_in(TEXT.encode())) == {Path(name) for name in names}


@pytest.mark.parametrize("text", ["", "[", "just text", "- a list", "a: " + "x/" * 2000, "\x00"])
def test_what_is_no_document_names_nothing(text: str) -> None:
    assert named_in(text.encode()) == ()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "pointsman.yaml"
    path.write_text("chain: [{use: rules, with: {file: rules.yaml}}]")
    return path


def test_contents_count_not_times(config: Path) -> None:
    files = Files(config)
    seen = files.look()
    os.utime(config, (1, 1))
    assert files.look() == seen
    config.write_text(config.read_text() + " ")
    assert files.look() != seen


def test_a_named_file_counts_and_so_does_its_coming(config: Path) -> None:
    files, rules = Files(config), config.parent / "rules.yaml"
    looks = [files.look()]
    rules.write_text("rules: []")
    looks.append(files.look())
    rules.write_text("rules: [1]")
    looks.append(files.look())
    rules.unlink()
    assert files.look() == looks[0]
    assert len(set(looks)) == 3


def test_a_link_that_is_turned_counts(config: Path) -> None:
    """As mounted maps and secrets are changed."""
    directory = config.parent
    for name in ("one", "two"):
        (directory / f"{name}.yaml").write_text(f"rules: [{name}]")
    (directory / "rules.yaml").symlink_to("one.yaml")
    files = Files(config)
    seen = files.look()
    (directory / "next").symlink_to("two.yaml")
    (directory / "next").rename(directory / "rules.yaml")
    assert files.look() != seen


def test_what_is_in_a_directory_counts(config: Path) -> None:
    config.write_text("chain: [{use: classifier, with: {artefact: trained/v1}}]")
    trained = config.parent / "trained" / "v1"
    trained.mkdir(parents=True)
    (trained / "weights").write_text("1")
    files = Files(config)
    seen = files.look()
    (trained / "weights").write_text("22")
    assert files.look() != seen


def test_what_moves_has_not_come_to_rest() -> None:
    rest = Rest(b"start")
    assert not rest.on(b"half")
    assert not rest.on(b"whole")
    assert rest.on(b"whole")


def test_each_content_is_told_once() -> None:
    rest = Rest(b"start")
    told = [rest.on(seen) for seen in (b"bad", b"bad", b"bad", b"bad", b"good", b"good", b"bad", b"bad")]
    assert told == [False, True, False, False, False, True, False, True]


def test_back_to_what_was_known_is_nothing_new() -> None:
    rest = Rest(b"start")
    assert not any(rest.on(seen) for seen in (b"half", b"start", b"start"))


async def test_a_fault_of_one_look_does_not_end_the_watch(config: Path) -> None:
    files, told = Files(config), asyncio.Event()
    known, calls = files.look(), 0

    async def changed() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            _write(config, "chain: [2]")
            raise OSError
        told.set()

    async with watching(files, known, 0.001, changed):
        _write(config, "chain: [1]")
        await told.wait()
    assert calls == 2


def _write(path: Path, text: str) -> None:
    path.write_text(text)
