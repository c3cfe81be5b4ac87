from __future__ import annotations

import json
from pathlib import Path

import pytest

from pointsman.cli import main

EXAMPLE = str(Path(__file__).parents[3] / "examples" / "pointsman.yaml")


def test_the_example_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", EXAMPLE, "--simulated"]) == 0
    assert f"{EXAMPLE}: good, version " in capsys.readouterr().out


def test_the_file_may_be_named_as_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--simulated", "--config", EXAMPLE]) == 0
    assert f"{EXAMPLE}: good, version " in capsys.readouterr().out
    missing = str(tmp_path / "none.yaml")
    assert main(["check-config", "--config", missing]) == 2
    assert capsys.readouterr().err.startswith(f"{missing}: error: cannot be read")
    assert main(["check-config", EXAMPLE, "--config", EXAMPLE]) == 2


def test_the_chain_is_explained_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", EXAMPLE, "--simulated", "--explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    hooks = {entry["id"]: entry["hooks"] for entry in told["chain"]}
    assert list(hooks) == [
        "override",
        "tags",
        "rules",
        "classifier",
        "llm",
        "limits",
        "fits",
        "caps",
        "health",
        "pin",
        "route",
        "climb",
        "race",
    ]
    assert hooks["route"] == ["shape", "choose"]
    assert told["routes"]["code"]["balanced"] == ["mini", "gpt"]
    assert "max_cost_nano_usd" in told["chain"][5]["honours"]


def test_who_decides_in_compliance_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(Path(EXAMPLE).read_text() + "compliance: {tenants: [acme]}\n")
    assert main(["check-config", str(strict), "--simulated", "--explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["compliance"]
    assert (told["tenants"], told["passed_over"]) == (["acme"], ["llm"])
    assert told["decide"] == [
        "override",
        "tags",
        "rules",
        "classifier",
        "caps",
        "health",
        "pin",
        "route",
        "climb",
        "race",
    ]
    assert main(["check-config", str(strict), "--simulated", "--explain"]) == 0
    assert "Compliance mode for tenant acme: override, tags," in capsys.readouterr().out


def test_disabled_models_are_marked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENROUTER_API_KEY", "GROQ_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-000000")
    assert main(["check-config", EXAMPLE, "--explain"]) == 0
    shown = capsys.readouterr()
    assert "-oss-20b" in shown.out
    assert "warning: providers.groq.api_key: environment variable GROQ_API_KEY is not set" in shown.err


@pytest.fixture
def keyless(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = ("OPENAI", "ANTHROPIC", "OPENROUTER", "GROQ", "GEMINI", "MISTRAL")
    for name in (f"{provider}_API_KEY" for provider in providers):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("keyless")
def test_without_any_key_it_is_good_with_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", EXAMPLE]) == 0
    shown = capsys.readouterr()
    assert "good, version " in shown.out
    assert "0 of 13 models enabled" in shown.out
    warnings = shown.err.splitlines()
    assert all(": warning: providers" in line for line in warnings)
    assert len(warnings) == 7
    assert "to serve, set one of the keys" in shown.err


@pytest.mark.usefixtures("keyless")
def test_serve_refuses_to_be_without_any_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--config", EXAMPLE]) == 2
    assert "error: providers: every provider is disabled" in capsys.readouterr().err


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--schema"]) == 0
    assert "providers" in json.loads(capsys.readouterr().out)["properties"]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.yaml")
    assert main(["check-config", missing]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{missing}: error: cannot be read: No such file")
    assert "--config" not in said
