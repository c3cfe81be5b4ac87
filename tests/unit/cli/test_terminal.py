from __future__ import annotations

import json

import pytest

from pointsman.cli.terminal import Terminal, printable, problem_line, table
from pointsman.errors import Problem


def test_a_problem_reads_like_a_compilers() -> None:
    problem = Problem("chain[2].use", "no such policy", 12)
    assert problem_line("p.yaml", problem).plain == "p.yaml:12: error: chain[2].use: no such policy"


def test_a_file_that_cannot_be_read_has_no_line() -> None:
    assert problem_line("p.yaml", Problem("p.yaml", "cannot be read")).plain == "p.yaml: error: cannot be read"


def test_warnings_are_called_so() -> None:
    assert ": warning: tags: " in problem_line("p.yaml", Problem("tags", "odd", 1, fatal=False)).plain


def test_a_terminal_obeys_no_text_of_others() -> None:
    assert printable("a\x1b[2Jb\r\n\tc") == "a\\x1b[2Jb\\r\n\tc"


def test_brackets_are_text_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(json=False).show(table("", ("x",), [["chain[2] [bold]b"]]))
    assert "chain[2] [bold]b" in capsys.readouterr().out


def test_output_that_is_no_terminal_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(json=False)
    terminal.problems("p.yaml", [Problem("a", "b", 1)])
    terminal.error("failed")
    assert capsys.readouterr().err == "p.yaml:1: error: a: b\nfailed\n"


def test_what_is_fatal_comes_last(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(json=False).problems("p.yaml", [Problem("a", "b", 1), Problem("c", "d", 2, fatal=False)])
    assert capsys.readouterr().err.splitlines() == ["p.yaml:2: warning: c: d", "p.yaml:1: error: a: b"]


def test_json_mode_prints_one_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(json=True)
    terminal.show("for people")
    terminal.note("for people")
    terminal.problems("p.yaml", [Problem("a", "b", 1)])
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"problems": [{"path": "a", "message": "b", "line": 1, "fatal": True}]}
    assert shown.err == ""
