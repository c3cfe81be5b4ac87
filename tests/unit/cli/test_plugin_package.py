from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path

import pytest
from scripts.example_policy import NAME, committed

from pointsman.cli import main
from pointsman.cli.plugin_package import render


def test_the_example_is_what_the_template_gives() -> None:
    assert committed() == dict(render(NAME)), "run make generate"


def test_it_is_written_whole_and_under_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "new", "acme-night-shift", "--into", str(tmp_path / "packages")]) == 0
    written = tmp_path / "packages" / "acme-night-shift"
    assert f"Wrote {written}" in capsys.readouterr().out
    files = {path.relative_to(written).as_posix(): path.read_text() for path in written.rglob("*") if path.is_file()}
    assert files == dict(render("acme-night-shift"))
    assert "@" not in "".join(files)
    assert not [path for path, text in files.items() if "@name@" in text or "@module@" in text or "@class@" in text]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["entry-points"]["pointsman.policies"] == {"acme-night-shift": "acme_night_shift:plugin"}
    module = ast.parse(files["acme_night_shift.py"])
    assert "AcmeNightShift" in [node.name for node in module.body if isinstance(node, ast.ClassDef)]


def test_it_says_as_json_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json", "new", "acme", "--into", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"written": str(tmp_path / "acme")}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Acme", "'Acme' cannot be a package's name"),
        ("acme_policy", "such as acme-policy"),
        ("acme--policy", "single hyphens"),
        ("-", "cannot be a package's name"),
        ("../acme", "cannot be a package's name"),
        ("1st", "beginning with a letter"),
        ("a" * 51, "up to 50"),
        ("lambda", "Python has a module 'lambda' already"),
        ("json", "Python has a module 'json' already"),
        ("pointsman", "Python has a module 'pointsman' already"),
        ("pointsman-policies", "Python has a module 'pointsman_policies' already"),
        ("routing", "a policy 'routing' is installed already"),
    ],
)
def test_a_name_that_would_hide_or_break_something_is_refused(
    name: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plugins", "new", "--into", str(tmp_path), "--", name]) == 1
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "acme").mkdir()
    assert main(["plugins", "new", "acme", "--into", str(tmp_path)]) == 1
    assert "exists already; choose another name" in capsys.readouterr().err
    assert list((tmp_path / "acme").iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["plugins", "new", "acme", "--into", str(tmp_path / "file")]) == 1
    assert "cannot be written: Not a directory" in capsys.readouterr().err
