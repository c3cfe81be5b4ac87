"""Whose a call is, and what it may do; checked before anything that it names is looked up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.access.keyfiles import add
from tests.unit.rpc.calls import complete

from pointsman.access.keyring import Keyring
from pointsman.access.keys import id_of
from pointsman.doors.callers import admins_only, anybody, by_key
from pointsman.errors import InvalidRequest, Reason, RequestError
from pointsman.model.caller import ANYBODY, Caller, Permission
from pointsman.model.request import Request
from pointsman.rpc.from_wire import call_from_wire
from pointsman.rpc.simulation import simulation_from_wire
from pointsman.v1.admin_service_pb2 import SimulateRequest

ACME = Caller("acme", "k1")
OVERRIDER = Caller("acme", "k2", frozenset({Permission.OVERRIDE}))
ADMIN = Caller("ops", "k3", frozenset({Permission.ADMIN}))


def read(caller: Caller, **hints: object) -> Request:
    return call_from_wire(complete(hints=hints), caller).request


def denied(ask: Callable[[], object]) -> str:
    with pytest.raises(RequestError) as caught:
        ask()
    assert caught.value.reason is Reason.PERMISSION_DENIED
    return caught.value.message


def test_the_key_says_who_calls(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    token = add(path)
    authenticate = by_key(Keyring(path))
    assert authenticate(f"Bearer {token}") == Caller("acme", id_of(token))
    with pytest.raises(RequestError, match="CREDENTIALS_MISSING"):
        authenticate("")
    assert anybody("") is ANYBODY


def test_metrics_are_for_admins(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    token, admin = add(path), add(path, Permission.ADMIN)
    guard = admins_only(Keyring(path))
    guard(f"Bearer {admin}")
    assert "admin" in denied(lambda: guard(f"Bearer {token}"))
    with pytest.raises(RequestError, match="CREDENTIALS_MISSING"):
        guard("")


def test_a_request_is_its_keys_tenants() -> None:
    assert (read(ACME).tenant, read(ACME).key, read(ACME, tenant="acme").tenant) == ("acme", "k1", "acme")
    assert (read(ANYBODY).tenant, read(ANYBODY).key) == ("default", "")


@pytest.mark.parametrize(("caller", "words"), [(ACME, "of tenant 'acme'"), (ANYBODY, "does not authenticate")])
def test_another_tenant_is_denied(caller: Caller, words: str) -> None:
    assert words in denied(lambda: read(caller, tenant="other"))


def test_an_admin_may_act_for_another_tenant_with_a_name() -> None:
    request = read(ADMIN, tenant="acme", session_id="s")
    assert (request.tenant, request.key, request.session) == ("acme", "k3", "acme/s")
    with pytest.raises(InvalidRequest, match=r"hints.tenant: must be a name"):
        read(ADMIN, tenant="acme/s")


@pytest.mark.parametrize("override", [{"model": "mini"}, {"model": "there is none"}, {"provider": "openai"}])
def test_an_override_needs_its_permission_whatever_it_names(override: dict[str, str]) -> None:
    assert "permission override" in denied(lambda: read(ACME, model_override=override))
    for caller in (OVERRIDER, ADMIN, ANYBODY):
        assert read(caller, model_override=override).hints.model_override
    assert read(ACME, model_override={}).hints.model_override is None


def test_a_simulated_configuration_needs_an_admin_whatever_it_says() -> None:
    asked = SimulateRequest(config_yaml="rules: {file: /etc/passwd}", input=complete().input)
    assert "permission admin" in denied(lambda: simulation_from_wire(asked, OVERRIDER))
    assert simulation_from_wire(asked, ADMIN).document
    asked.config_yaml = ""
    assert simulation_from_wire(asked, ACME).request.tenant == "acme"
