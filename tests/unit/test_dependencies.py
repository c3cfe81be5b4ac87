import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement  # pytest itself depends on it

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PAGE = (ROOT / "docs/dependencies.md").read_text()


LOCKED = ["pyproject.toml", "plugins/pointsman-embeddings/pyproject.toml", "clients/python/pyproject.toml"]
"""What `make lock` resolves, together."""


def declared() -> list[Requirement]:
    projects = [tomllib.loads((ROOT / path).read_text())["project"] for path in LOCKED]
    lines = [line for project in projects for line in project["dependencies"]]
    extras = [
        line for project in projects for extra in project.get("optional-dependencies", {}).values() for line in extra
    ]
    return [needed for line in sorted({*lines, *extras}) if (needed := Requirement(line)).name != "pointsman"]


def test_every_dependency_has_its_sentence_and_no_sentence_outlives_its_dependency() -> None:
    explained = re.findall(r"^- \*\*([a-z0-9-]+)\*\*(?: \(`[^`]+`\))?: \w", PAGE, re.MULTILINE)
    assert sorted(explained) == sorted({requirement.name for requirement in declared()})


def test_make_lock_resolves_them_all() -> None:
    assert " ".join(LOCKED) in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_lock_satisfies_pyproject(requirement: Requirement) -> None:
    pin = re.search(rf"^{re.escape(requirement.name)}==([^ ]+)", LOCK, re.MULTILINE)
    assert pin, f"{requirement.name} is not in requirements.lock: run make lock"
    assert requirement.specifier.contains(pin[1]), f"locked {pin[1]}, pyproject.toml says {requirement}: run make lock"


def test_every_pin_carries_hashes() -> None:
    pins = re.findall(r"^[a-z0-9].*\n(?:    .*\n)*", LOCK, re.MULTILINE)
    assert pins
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_lock_names_no_place_to_download_from() -> None:
    assert [line for line in LOCK.splitlines() if "://" in line or line.startswith(("-", "    -i"))] == []
