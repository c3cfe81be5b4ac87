"""Nothing is served before it was said who may call, and nobody let in from the network by oversight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.config.documents import DOCUMENT, KEYS

from pointsman.config.doors import check_doors, is_loopback
from pointsman.config.load import load
from pointsman.config.policies import Policies
from pointsman.config.settings import Config
from pointsman.errors import ConfigInvalid, Problem

LOCAL = '"127.0.0.1:50051"'
WIDE = '"0.0.0.0:50051"'
KEYED = "{keys: keys.jsonl}"


def loaded(policies: Policies, auth: str, grpc: str = LOCAL, http: str = '"off"', *, serving: bool = False) -> Config:
    text = DOCUMENT.replace("auth: none\n", f"{auth}\nserver: {{grpc: {grpc}, http: {http}, api: {http}}}\n")
    return load(text, KEYS, installed=policies, serving=serving)


def problems(policies: Policies, auth: str, grpc: str = LOCAL, http: str = '"off"') -> tuple[Problem, ...]:
    """What is found when it is loaded to be served, and once more before it is."""
    at_load = told(lambda: loaded(policies, auth, grpc, http, serving=True))
    before_serving = told(lambda: check_doors(loaded(policies, auth, grpc, http)))
    assert at_load == before_serving
    return at_load


def told(check: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        check()
    except ConfigInvalid as invalid:
        return invalid.problems
    return ()


def test_who_may_call_must_be_said(policies: Policies) -> None:
    (problem,) = problems(policies, "")
    assert (problem.path, problem.fatal) == ("auth", True)
    assert "pointsman keys create" in problem.message
    assert "`auth: none`" in problem.message


@pytest.mark.parametrize("auth", ["none", "open", KEYED])
def test_on_this_machine_all_of_them_will_do(policies: Policies, auth: str) -> None:
    for grpc in (LOCAL, '"[::1]:50051"', '"localhost:0"', '"127.7.7.7:1"'):
        assert problems(policies, f"auth: {auth}", grpc, grpc) == ()


@pytest.mark.parametrize(
    ("auth", "paths"), [("none", ["server.grpc", "server.http", "server.api"]), ("open", []), (KEYED, [])]
)
def test_from_other_machines_nobody_comes_in_unasked(policies: Policies, auth: str, paths: list[str]) -> None:
    for wide in (WIDE, '"[::]:50051"', '"192.168.1.4:50051"', '"router.internal:1"', '"127.0.0.1.evil.example:1"'):
        found = problems(policies, f"auth: {auth}", wide, wide)
        assert [problem.path for problem in found] == paths
        assert all("auth: open" in problem.message and problem.line for problem in found)


def test_what_the_command_line_says_instead_is_checked_too(policies: Policies) -> None:
    config = loaded(policies, "auth: none")
    wide = replace(config, server=config.server.model_copy(update={"grpc": "0.0.0.0:1"}))
    with pytest.raises(ConfigInvalid, match=r"0\.0\.0\.0:1 can be reached"):
        check_doors(wide)


@pytest.mark.parametrize("auth", ["nobody", "{keys: ''}", "{key: x}", "{keys: a, metrics: all}", "true"])
def test_anything_else_is_a_mistake(policies: Policies, auth: str) -> None:
    with pytest.raises(ConfigInvalid) as invalid:
        loaded(policies, f"auth: {auth}")
    assert all(problem.path.startswith("auth") for problem in invalid.value.problems)


def test_loopback() -> None:
    assert [is_loopback(address) for address in ("LOCALHOST:1", "localhost.example:1", "128.0.0.1:1")] == [
        True,
        False,
        False,
    ]
