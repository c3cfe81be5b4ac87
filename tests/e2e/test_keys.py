"""Keys and certificates as an operator uses them: made, used, revoked, by commands and a server in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.e2e.conftest import pointsman

from pointsman.access.keyring import POLL
from pointsman.cli.children import ChildFailed, child
from pointsman.cli.connecting import KEY
from pointsman.testing import make_config

PATIENCE = 10 * POLL


class Keyed:
    """A server that asks for keys over TLS, and commands that call it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.address = directory, ""
        authority = trustme.CA()
        made = authority.issue_cert("localhost")
        authority.cert_pem.write_to_path(str(directory / "ca.pem"))
        made.private_key_and_cert_chain_pem.write_to_path(str(directory / "server.pem"))
        pem = str(directory / "server.pem")
        config = json.loads(make_config())
        config["auth"] = {"keys": str(directory / "keys.jsonl")}
        config["server"] = {"grpc": "localhost:0", "http": "off", "tls": {"cert": pem, "key": pem}}
        config["ledger"] = {"path": str(directory / "ledger.db")}
        (directory / "pointsman.yaml").write_text(json.dumps(config))

    def serve(self) -> list[str]:
        return ["serve", "--simulated", "http://127.0.0.1:1", "--config", str(self.directory / "pointsman.yaml")]

    # JSON of any shape.
    def keys(self, *arguments: str) -> Any:
        ran = pointsman("keys", "--json", "--file", str(self.directory / "keys.jsonl"), *arguments)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def ask(self, command: str, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
        """A command with this key in its environment."""
        how = ("--address", self.address, "--ca", str(self.directory / "ca.pem"))
        return subprocess.run(  # noqa: S603 - our own interpreter, our own commands
            [sys.executable, "-m", "pointsman", command, *arguments, *how],
            env={**os.environ, KEY: key},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    keyed = Keyed(tmp_path)
    with pytest.raises(ChildFailed, match="there is no key file"), child(keyed.serve(), tmp_path) as refused:
        refused.wait_for(r"ready: grpc ([^,\s]+)")
    keyed.keys("create", "--tenant", "acme")
    with child(keyed.serve(), tmp_path) as server:
        keyed.address = server.wait_for(r"ready: grpc ([^,\s]+)")
        yield keyed


def test_a_key_works_until_it_is_revoked_and_no_restart_is_needed(keyed: Keyed) -> None:
    made = keyed.keys("create", "--tenant", "acme", "--label", "made while the server runs")
    id, token = made["key"]["id"], made["token"]
    file = keyed.directory / "key"
    file.write_text(token)
    due = time.monotonic() + PATIENCE
    while (ran := keyed.ask("route", "Hello", key=token)).returncode:
        assert "CREDENTIALS_INVALID" in ran.stderr
        assert time.monotonic() < due
    assert "flash" in keyed.ask("route", "Hello", "--key-file", str(file)).stdout
    assert "CREDENTIALS_MISSING" in keyed.ask("route", "Hello").stderr
    untrusted = pointsman("health", "--address", keyed.address, "--tls")
    assert "its certificate is not trusted" in untrusted.stderr
    denied = keyed.ask("health", key=token)
    assert denied.returncode == 1
    assert "ListProviderHealth needs a key with the permission admin" in denied.stderr
    keyed.keys("revoke", id)
    while (ran := keyed.ask("route", "Hello", key=token)).returncode == 0:
        assert time.monotonic() < due
    assert f"the API key {id} was revoked" in ran.stderr
    assert token not in ran.stderr


def test_what_may_not_be_served_is_told_before_anything_listens(tmp_path: Path) -> None:
    config = tmp_path / "pointsman.yaml"
    config.write_text(make_config())
    wide = ("--simulated", "http://127.0.0.1:1", "--grpc", "0.0.0.0:0", "--http", "off")
    ran = pointsman("serve", "--config", str(config), *wide)
    assert ran.returncode == 2
    assert "server.grpc: 0.0.0.0:0 can be reached from other machines" in ran.stderr
    config.write_text(make_config().replace('"auth": "none"', '"strict_tags": false'))
    for command in (["serve", "--simulated", "http://127.0.0.1:1", "--config"], ["check-config", "--simulated"]):
        ran = pointsman(*command, str(config))
        assert ran.returncode == 2
        assert "auth: is missing" in ran.stderr
