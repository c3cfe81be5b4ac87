"""The certificate at the door, while its files change; what connections see of it is row 50 of the faults."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trustme

from pointsman.doors.tls import TlsFiles
from pointsman.errors import CannotListen
from pointsman.rpc.tls import Certificates


def write(files: TlsFiles, authority: trustme.CA) -> None:
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(str(files.cert))
    made.private_key_pem.write_to_path(str(files.key))
    if files.client_ca:
        authority.cert_pem.write_to_path(str(files.client_ca))


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "clients.pem")
    write(files, trustme.CA())
    return files


def test_it_is_read_again_when_it_has_changed(files: TlsFiles) -> None:
    certificates = Certificates(files)
    certificates.credentials()
    assert certificates.changed() is None
    write(files, trustme.CA())
    assert certificates.changed() is not None
    assert certificates.changed() is None


@pytest.mark.parametrize("name", ["cert", "key", "client_ca"])
@pytest.mark.parametrize("damage", ["garbage", "other", "gone"])
def test_one_that_cannot_be_used_changes_nothing_and_is_told_of_once(
    files: TlsFiles, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = Certificates(files)
    certificates.credentials()
    path: Path = getattr(files, name)
    good = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "other":
        # In itself good, and of another pair; as an authority of clients any would do.
        path.write_bytes(b"" if name == "client_ca" else _other(name))
    else:
        path.write_text("-----BEGIN GARBAGE-----")
    assert [certificates.changed() for _ in range(3)] == [None] * 3
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "stays as it was" in caplog.text
    assert "PRIVATE" not in caplog.text
    path.write_bytes(good)
    assert certificates.changed() is not None


def _other(name: str) -> bytes:
    made = trustme.CA().issue_cert("localhost")
    return (made.private_key_pem if name == "key" else made.cert_chain_pems[0]).bytes()


@pytest.mark.parametrize("name", ["cert", "key", "client_ca"])
def test_a_door_does_not_open_with_files_that_cannot_be_used(files: TlsFiles, name: str) -> None:
    path: Path = getattr(files, name)
    path.write_text("garbage")
    with pytest.raises(CannotListen, match=r"`server.tls` cannot be used"):
        Certificates(files).credentials()
    path.unlink()
    with pytest.raises(CannotListen, match=rf"{path.name}.*No such file"):
        Certificates(files).credentials()
