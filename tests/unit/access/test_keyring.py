"""Who presents a key, while the file changes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.unit.access.keyfiles import NOW, add, revoke

from pointsman.access.keyring import Keyring
from pointsman.access.keys import id_of
from pointsman.errors import KeysUnusable, Reason, RequestError
from pointsman.model.caller import ANYBODY, Permission


def refused(ring: Keyring, authorization: str, now: float = NOW) -> RequestError:
    with pytest.raises(RequestError) as caught:
        ring.authenticate(authorization, now)
    return caught.value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


def test_a_key_is_a_tenants(path: Path) -> None:
    token, admin = add(path), add(path, Permission.ADMIN, tenant="ops")
    ring = Keyring(path)
    for _ in range(2):
        caller = ring.authenticate(f"Bearer {token}", NOW)
        assert (caller.tenant, caller.key, caller.permissions) == ("acme", id_of(token), frozenset())
    assert not caller.may(Permission.OVERRIDE)
    assert ring.authenticate(f"bearer {admin}", NOW).may(Permission.OVERRIDE)
    assert ANYBODY.may(Permission.ADMIN)


@pytest.mark.parametrize("authorization", ["", "Basic YWNtZQ==", "Bearerpm_0123456789ab_"])
def test_without_a_key(path: Path, authorization: str) -> None:
    add(path)
    assert refused(Keyring(path), authorization).reason is Reason.CREDENTIALS_MISSING


def test_what_is_no_key_is_not_quoted(path: Path) -> None:
    token = add(path)
    ring = Keyring(path)
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for presented in (wrong, token.upper(), token + "0", f" {token}", "x" * 10_000, "' OR 1=1; --", "\udcff", ""):
        error = refused(ring, f"Bearer {presented}")
        assert error.reason is Reason.CREDENTIALS_INVALID
        assert error.message == "the API key is none of this server's"
    assert ring.refused == {Reason.CREDENTIALS_INVALID: 8, Reason.CREDENTIALS_MISSING: 0}


def test_an_expired_key_says_so_to_whoever_holds_it(path: Path) -> None:
    token = add(path, expires=NOW)
    ring = Keyring(path)
    assert ring.authenticate(f"Bearer {token}", NOW - 1).tenant == "acme"
    assert refused(ring, f"Bearer {token}").message == f"the API key {id_of(token)} expired at 2030-03-17T17:46Z"


def test_a_change_counts_from_the_next_look_on(path: Path) -> None:
    token = add(path)
    ring = Keyring(path)
    assert ring.authenticate(f"Bearer {token}", NOW).tenant == "acme"
    assert not ring.refresh()
    revoke(path, token)
    assert ring.refresh()
    assert refused(ring, f"Bearer {token}").message == f"the API key {id_of(token)} was revoked"
    other = add(path, tenant="other")
    assert ring.refresh()
    assert ring.authenticate(f"Bearer {other}", NOW).tenant == "other"


def test_a_file_that_cannot_be_used_leaves_the_keys_and_is_told_of_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = add(path)
    ring = Keyring(path)
    good = path.read_bytes()
    for damage in (lambda: path.write_text("{half"), path.unlink):
        caplog.clear()
        damage()
        assert [ring.refresh(), ring.refresh()] == [False, False]
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        assert "the API keys stay as they were" in caplog.text
        assert ring.authenticate(f"Bearer {token}", NOW).tenant == "acme"
    path.write_bytes(good)
    assert ring.refresh()


def test_without_any_key_it_says_that_nobody_may_call(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeysUnusable):
        Keyring(path)
    path.touch()
    Keyring(path)
    assert "nobody may call" in caplog.text
