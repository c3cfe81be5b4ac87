from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pointsman.cli.connecting import KEY, Unusable, access_of, add_arguments


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_the_key_is_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("pm_from_file\n")
    monkeypatch.delenv(KEY, raising=False)
    assert access_of(parsed()).key == ""
    monkeypatch.setenv(KEY, "pm_from_environment")
    assert access_of(parsed()).key == "pm_from_environment"
    access = access_of(parsed("--key-file", str(file)))
    assert access.key == "pm_from_file"
    assert "pm_from" not in repr(access)
    with pytest.raises(Unusable, match="cannot be read"):
        access_of(parsed("--key-file", str(tmp_path / "none")))
    monkeypatch.setenv(KEY, "pm_\n_two_lines")
    with pytest.raises(Unusable, match=KEY):
        access_of(parsed())


def test_certificates_mean_tls(tmp_path: Path) -> None:
    pem = tmp_path / "pem"
    pem.write_bytes(b"pem")
    assert not access_of(parsed()).tls
    assert access_of(parsed("--tls")).tls
    both = access_of(parsed("--cert", str(pem), "--cert-key", str(pem), "--ca", str(pem)))
    assert (both.tls, both.ca, both.cert, both.cert_key) == (True, b"pem", b"pem", b"pem")
    with pytest.raises(Unusable, match="belong together"):
        access_of(parsed("--cert", str(pem)))
    with pytest.raises(Unusable, match="cannot be read"):
        access_of(parsed("--ca", str(tmp_path / "none")))
