from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pointsman.cli import COMMANDS, main


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    """What makes commands slow to start is loaded by those that need it."""
    code = (
        "import sys, contextlib\nfrom pointsman.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "print(sorted({'grpc', 'pydantic', 'rich', 'aiohttp', 'yaml'} & set(sys.modules)), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    assert f"pointsman {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["servee"], ["report", "--sinse", "1h"]])
def test_a_wrong_command_line_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


def test_an_error_is_one_sentence_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.db")
    assert main(["report", "--ledger", missing]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("pointsman report: ledger ")


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.db")
    assert main(["report", "--ledger", missing, "--json"]) == 1
    assert "no such file" in json.loads(capsys.readouterr().out)["error"]["message"]
