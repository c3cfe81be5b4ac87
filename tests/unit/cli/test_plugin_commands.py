from __future__ import annotations

import argparse
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from pointsman.cli import COMMANDS, main, plugin_commands

GREETING = """\
from pointsman import PointsmanError

class Greeting:
    help = "Say hello."

    def add_arguments(self, parser):
        parser.add_argument("name")

    def run(self, options):
        if options.name == "nobody":
            raise PointsmanError("there is nobody to greet")
        print("hello", options.name)
        return 3

command = Greeting()
nothing = 7
"""
ENTRY_POINTS = """\
greet = greeting_for_tests:command
odd = greeting_for_tests:nothing
gone = greeting_for_tests.gone:command
plugins = greeting_for_tests:command
twice = greeting_for_tests:command"""


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two installed distributions: one command is named like one of ours, and one is in both."""
    (tmp_path / "greeting_for_tests.py").write_text(GREETING)
    for name in ("greeting", "greeting-again"):
        information = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        commands = ENTRY_POINTS if name == "greeting" else ENTRY_POINTS.splitlines()[-1]
        (information / "entry_points.txt").write_text(f"[pointsman.commands]\n{commands}\n")
    monkeypatch.syspath_prepend(str(tmp_path))


pytestmark = pytest.mark.usefixtures("distribution")


def test_it_is_run_like_one_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["greet", "you"]) == 3
    assert capsys.readouterr().out == "hello you\n"


def test_help_lists_it_and_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert "of package greeting" in shown
    names = [line.split()[0] for line in shown.splitlines() if line.startswith("  ")]
    assert names.index("serve") < names.index("sim") < names.index("classifier") < names.index("rules")
    with pytest.raises(SystemExit):
        main(["greet", "--help"])
    assert "Say hello." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["classifier", "rules"])
def test_ours_are_listed_with_their_own_help(name: str) -> None:
    (point,) = entry_points(group=plugin_commands.GROUP, name=name)
    assert plugin_commands.listed()[name] == point.load().help


def test_its_error_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["greet", "nobody"]) == 1
    assert capsys.readouterr().err == "pointsman greet: there is nobody to greet\n"


@pytest.mark.parametrize(
    ("name", "said"), [("odd", "names a int without help"), ("gone", "raised ModuleNotFoundError")]
)
def test_a_broken_one_is_refused_by_name(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 1
    shown = " ".join(capsys.readouterr().err.split())
    assert f"plugin '{name}' is refused" in shown
    assert said in shown


def test_none_takes_the_place_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert "plugins" in COMMANDS
    with pytest.raises(SystemExit):
        main(["plugins", "--help"])
    assert "installed policies" in capsys.readouterr().out


def test_two_of_one_name_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["twice", "you"]) == 1
    assert "several distributions provide this command (greeting, greeting-again)" in capsys.readouterr().err


def test_what_a_command_is() -> None:
    class Complete:
        help = ""

        def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

        def run(self, options: argparse.Namespace) -> int:
            return 0

    assert isinstance(Complete(), plugin_commands.PluginCommand)
    assert not isinstance(Complete, int)
