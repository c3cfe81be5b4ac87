"""The copy-me package, built and installed as anybody's: its own tests pass, and it decides a request."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.e2e.site import Site

EXAMPLE = Path(__file__).parents[2] / "plugins" / "example-policy"

DECIDE = """
import asyncio, sys
from pathlib import Path
import example_policy
from pointsman.testing import make_config, running_server

async def main():
    config = make_config({"use": "example-policy", "with": {"days": [], "closed_tiers": ["small"]}})
    async with running_server(config) as server:
        decision = await server.route("What is the capital of France?")
        events = await server.complete("What is the capital of France?")
    print(Path(example_policy.__file__).parent, decision.mode, decision.model, len(events) > 2)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    source = tmp_path_factory.mktemp("source") / "example-policy"
    # A build leaves files behind, which the checkout is no place for.
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    site.install(source)
    return site


def test_it_is_listed_as_good(site: Site) -> None:
    rows = json.loads(site.pointsman("plugins", "--json").stdout)["policies"]
    (row,) = [row for row in rows if row["name"] == "example-policy"]
    assert (row["distribution"], row["version"], row["refused"]) == ("example-policy", "0.1.0", "")
    assert row["hooks"] == ["assess_request", "exclude_targets"]


def test_it_decides_a_request(site: Site) -> None:
    ran = site.python("-c", DECIDE)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(site.directory), "eco", "medium", "True"]


def test_its_own_tests_pass(site: Site, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(EXAMPLE, package, ignore=shutil.ignore_patterns("__pycache__", ".*", "example_policy.py"))
    ran = site.python("-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", cwd=package)
    assert ran.returncode == 0, ran.stdout
    assert "example-policy.assess_request: " in ran.stdout
