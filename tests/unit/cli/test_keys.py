from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest

from pointsman.access.keyring import Keyring
from pointsman.access.keys import id_of
from pointsman.cli import main
from pointsman.errors import RequestError
from pointsman.model.caller import Permission

Run = Callable[..., Any]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `pointsman keys` on the file, which must succeed; its JSON."""

    def run(*arguments: str) -> Any:
        assert main(["keys", "--json", "--file", str(path), *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_a_key_is_made_shown_once_and_revoked(run: Run, path: Path) -> None:
    made = run("create", "--tenant", "acme", "--permission", "override", "--expires", "90d", "--label", "nightly")
    token = made["token"]
    caller = Keyring(path).authenticate(f"Bearer {token}", time())
    assert (caller.tenant, caller.key, caller.may(Permission.OVERRIDE)) == ("acme", id_of(token), True)
    listed = run("list")
    assert listed == {"keys": [made["key"]]}
    assert token not in json.dumps(listed)
    revoked = run("revoke", caller.key)["key"]
    assert run("revoke", caller.key)["key"] == revoked
    with pytest.raises(RequestError, match="was revoked"):
        Keyring(path).authenticate(f"Bearer {token}", time())


def test_for_people_the_key_alone_is_on_standard_output(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "--file", str(path), "create", "--tenant", "acme", "--label", "\x1b[2J"]) == 0
    told = capsys.readouterr()
    assert id_of(told.out.strip())
    assert "not shown again" in told.err
    assert main(["keys", "--file", str(path), "list"]) == 0
    shown = capsys.readouterr().out
    assert "active" in shown
    assert "\x1b[2J" not in shown
    assert main(["keys", "--file", str(path), "revoke", id_of(told.out.strip())]) == 0
    assert "servers notice" in capsys.readouterr().out


def test_the_file_may_stand_after_the_subcommand(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    after = ("--file", str(path), "--json")
    assert main(["keys", "create", "--tenant", "acme", *after]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main(["keys", "list", *after]) == 0
    assert json.loads(capsys.readouterr().out) == {"keys": [made["key"]]}
    assert main(["keys", "revoke", made["key"]["id"], *after]) == 0
    assert json.loads(capsys.readouterr().out)["key"]["revoked"]


def test_what_is_not_there_cannot_be_revoked(run: Run, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "--file", str(path), "revoke", "0123"]) == 1
    assert "has no key '0123'" in capsys.readouterr().err
    assert main(["keys", "--file", str(path), "list"]) == 1
    assert "there is no key file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["create"],
        ["create", "--tenant", "a/b"],
        ["create", "--tenant", "a", "--expires", "0d"],
        ["create", "--tenant", "a", "--expires", "soon"],
        ["create", "--tenant", "a", "--permission", "everything"],
        ["create", "--tenant", "a", "--label", "x" * 257],
        [],
    ],
)
def test_wrong_options(path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", "--file", str(path), *wrong])
    assert ended.value.code == 2
    assert not path.exists()
