from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pointsman.chain import discovery
from pointsman.chain.discovery import Installed
from pointsman.chain.plugin import GATES, GROUP
from pointsman.cli import main
from pointsman.hookspecs import API_VERSION

EXAMPLE = str(Path(__file__).parents[3] / "examples" / "pointsman.yaml")
STANDARD = {"override", "tags", "limits", "feasibility", "routing"}


def test_the_standard_policies_are_good_and_configured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--config", EXAMPLE, "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["policies"]}
    assert set(rows) >= STANDARD
    assert all(rows[name]["configured"] and not rows[name]["refused"] for name in STANDARD)
    assert (rows["limits"]["distribution"], rows["limits"]["kind"]) == ("pointsman", "limit")
    assert rows["limits"]["hooks"] == ["exclude_targets"]


def test_without_a_configuration_nothing_is_said_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["configured"] for row in told["policies"]} == {None}
    assert told["api"] == API_VERSION


def test_the_table_says_what_each_implements(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    shown = capsys.readouterr().out
    assert f"this server offers plugin API {API_VERSION}" in shown
    assert "choose_targets" in shown


def test_a_refused_policy_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = Installed("broken", "broken-policies", "1.2", EntryPoint("broken", "no_such_module:plugin", GROUP))
    monkeypatch.setattr(discovery, "installed", lambda group=GROUP: {"broken": (broken,)} if group == GROUP else {})
    assert main(["plugins", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["policies"]
    assert (row["distribution"], row["version"]) == ("broken-policies", "1.2")
    assert "ModuleNotFoundError" in row["refused"]


def test_what_a_chain_names_and_nobody_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("chain: [{use: tags}, {use: astrology}]\n")
    assert main(["plugins", "--config", str(path)]) == 0
    assert "'astrology', which is not installed" in capsys.readouterr().out


def test_the_gates_are_listed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("gates: {a: {use: json}, b: {use: astrology}}\n")
    assert main(["plugins", "--config", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in told["gates"]}
    assert (rows["json"]["distribution"], rows["json"]["configured"], rows["json"]["refused"]) == (
        "pointsman",
        True,
        "",
    )
    assert rows["logprob"]["wants"] == ["logprobs"]
    assert not rows["length"]["configured"]
    assert told["missing"] == ["astrology"]


def test_a_refused_gate_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    broken = Installed("broken", "broken-gates", "1.2", EntryPoint("broken", "no_such_module:plugin", GATES))
    monkeypatch.setattr(discovery, "installed", lambda group=GROUP: {"broken": (broken,)} if group == GATES else {})
    assert main(["plugins"]) == 0
    shown = capsys.readouterr().out
    assert "1 gates installed" in shown
    assert "refused: " in shown
