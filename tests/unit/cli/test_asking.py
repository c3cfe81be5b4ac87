from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from pointsman.cli import asking
from pointsman.model.request import Hints, Message, Mode, ModelOverride, Request, Role, Text, Tool


def asked(*arguments: str) -> Request:
    parser = argparse.ArgumentParser(exit_on_error=False)
    asking.add_arguments(parser)
    return asking.request_of(parser.parse_args(arguments))


def test_a_bare_prompt() -> None:
    assert asked("hello") == Request(messages=(Message(Role.USER, (Text("hello"),)),))


def test_every_hint() -> None:
    request = asked(
        *("hello", "--task", "code", "--tag", "a", "--tag", "b", "--mode", "eco", "--model", "mini", "--provider", "x"),
        *("--strict", "--max-cost", "0.002", "--label", "project=apollo", "--label", "note=a=b"),
        *("--exclude-provider", "groq", "--region", "eu"),
    )
    assert request.hints == Hints(
        task="code",
        tags=("a", "b"),
        mode=Mode.ECO,
        model_override=ModelOverride("mini", "x", strict=True),
        max_cost_nano_usd=2_000_000,
        labels={"project": "apollo", "note": "a=b"},
        exclude_providers=("groq",),
        allowed_regions=("eu",),
    )


def test_a_system_prompt_comes_first() -> None:
    request = asked("hello", "--system", "be brief", "--max-tokens", "7")
    assert [message.role for message in request.messages] == [Role.SYSTEM, Role.USER]
    assert request.params.max_output_tokens == 7


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("from a pipe"))
    assert asked("-").text() == "from a pipe"


def test_a_schema_keeps_its_text(tmp_path: Path) -> None:
    path = tmp_path / "in voice.json"
    path.write_text('{"type":  "object"}')
    shape = asked("hello", "--schema", str(path)).response_format
    assert shape is not None
    assert (shape.kind, shape.schema_name, shape.json_schema) == ("json_schema", "in_voice", '{"type":  "object"}')


def test_tools_in_either_spelling(tmp_path: Path) -> None:
    plain = {"name": "a", "description": "does a", "parameters": {"type": "object"}}
    path = tmp_path / "tools.json"
    path.write_text(json.dumps([plain, {"type": "function", "function": {"name": "b", "strict": True}}]))
    assert asked("hello", "--tool", str(path)).tools == (
        Tool("a", "does a", '{"type": "object"}'),
        Tool("b", strict=True),
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--max-cost", "cheap"),
        ("--max-cost", "-1"),
        ("--max-cost", "0.0000000001"),
        ("--max-cost", "inf"),
        ("--max-cost", "nan"),
        ("--label", "apollo"),
        ("--mode", "fast"),
        ("--timeout", "0"),
        ("--schema", "/nowhere/schema.json"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(argparse.ArgumentError):
        asked("hello", *arguments)


@pytest.mark.parametrize(("option", "text"), [("--schema", "[]"), ("--schema", "{"), ("--tool", '{"x": 1}')])
def test_files_that_are_something_else_are_refused(option: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(argparse.ArgumentError, match=r"file\.json"):
        asked("hello", option, str(path))
