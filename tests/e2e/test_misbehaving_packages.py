"""Packages that misbehave on purpose, installed for real: each is refused by name, and says why."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.e2e.site import Site, wheel

from pointsman.cli.children import child
from pointsman.rpc.client.calls import Client
from pointsman.testing import make_config, make_request

POLICY = """
from pointsman import Assessment, hookimpl, register
POINTSMAN_API = {api}

class Policy:
    def __init__(self, options, setup): ...
    {mark}
    def {hook}(self, request):
        return Assessment("code", source="always")

plugin = register({factory})
"""


def policy(
    *, api: int = 1, mark: str = "@hookimpl", hook: str = "pointsman_assess_request", factory: str = "Policy"
) -> str:
    return POLICY.format(api=api, mark=mark, hook=hook, factory=factory)


# A class tells its hooks beforehand, a function that makes one (`misspelt-later`) only by making it.
SOURCES = {
    "misspelt": policy(hook="pointsman_asess_request"),
    "misspelt-later": policy(hook="pointsman_asess_request", factory="lambda options, setup: Policy(options, setup)"),
    "next-major": policy(api=2),
    "raising": "raise RuntimeError('no licence')",
    "exiting": "raise SystemExit(3)",
    "pushing": policy(mark="@hookimpl(tryfirst=True)"),
    "unmarked": policy(mark=""),
    "twice": policy(),
}
REASONS = {
    "misspelt": "unknown hook 'pointsman_asess_request'",
    "misspelt-later": "unknown hook 'pointsman_asess_request'",
    "next-major": "it was written for plugin API 2; this server offers 1",
    "raising": "importing it raised RuntimeError: no licence",
    "exiting": "importing it raised SystemExit: 3",
    "pushing": "pointsman_assess_request is marked tryfirst; the order is the configuration's alone",
    "unmarked": "pointsman_assess_request is not marked with @hookimpl, so it would never be called",
    "twice": "several distributions provide it (twice, twice-fork); uninstall all but one",
}
# What is wrong with these is known before anything is made, and told of all at once.
TOGETHER = ("next-major", "raising", "exiting", "twice")
OPTIONAL = [{"use": name, "optional": True} for name in SOURCES]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    wheels = tmp_path_factory.mktemp("wheels")
    site = Site(tmp_path_factory.mktemp("site"))
    fork = wheel(wheels, "twice-fork", policy(), use="twice")
    site.install(*(wheel(wheels, name, source) for name, source in SOURCES.items()), fork)
    return site


def test_all_are_listed_and_refused_by_name(site: Site) -> None:
    ran = site.pointsman("plugins", "--json")
    assert ran.returncode == 0, ran.stderr
    rows = {row["name"]: row["refused"] for row in json.loads(ran.stdout)["policies"]}
    # What a function will make is known once it was called, with a configuration.
    expected = {**REASONS, "misspelt-later": ""}
    assert {name for name in SOURCES if expected[name] not in rows[name]} == set()
    assert rows["misspelt-later"] == ""
    assert rows["routing"] == ""


@pytest.mark.parametrize("names", [TOGETHER, *((name,) for name in SOURCES if name not in TOGETHER)], ids="+".join)
def test_a_configuration_that_names_one_is_refused(names: tuple[str, ...], site: Site, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(make_config(*names))
    ran = site.pointsman("serve", "--config", str(path), "--simulated", "--grpc", "127.0.0.1:0", "--http", "off")
    assert ran.returncode in (1, 2)
    for name in names:
        assert f"plugin '{name}' is refused: {REASONS[name]}" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_where_they_are_optional_the_server_starts_and_says_what_it_runs_without(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(make_config(*OPTIONAL))
    monkeypatch.setenv("PYTHONPATH", site.environment["PYTHONPATH"])
    free = ("--grpc", "127.0.0.1:0", "--http", "off", "--ledger", os.fspath(tmp_path / "ledger.db"))
    with child(["serve", "--config", str(path), "--simulated", *free], tmp_path) as server:
        address = server.wait_for(r"ready: grpc ([^,\s]+)")
        with Client(address) as client:
            assert client.route(make_request()).model == "flash"
        said = server.errors()
    missing = [name for name in SOURCES if f"plugin '{name}' is refused: {REASONS[name]}" not in said]
    assert missing == [], said
