"""docs/writing-a-policy.md does what it says: its commands are run, its code is executed, its examples are valid."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman import PolicyPlugin, hookspecs
from pointsman.config.schema import ChainEntry
from pointsman.testing import PolicyContract, make_entry, make_rules

BASH = "/bin/bash"
PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-policy.md").read_text()
BLOCKS = re.findall(r"^```(\w+)( server)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, _, code in BLOCKS if language == "python"]


class Reader:
    """Somebody who types what the page says, in an environment of their own where Pointsman is installed."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._cwd, self._stack, self._bin = directory, stack, directory / "venv" / "bin"
        venv.create(directory / "venv", with_pip=False)
        (site,) = (directory / "venv").glob("lib/python*/site-packages")
        # What the tests run on is installed there too; only ours is added to it.
        (site / "_installed.pth").write_text("".join(f"{path}\n" for path in sys.path if Path(path).is_dir()))
        command = self._bin / "pointsman"
        command.write_text('#!/bin/sh\nexec python -m pointsman "$@"\n')
        command.chmod(0o755)
        self._ports = {port: free_port() for port in ("8900", "50051")}

    def save(self, name: str, text: str) -> None:
        (self._cwd / name).write_text(text)

    def run(self, script: str) -> str:
        marked = f"set -e\n{self._mine(script)}\npwd >&2"
        ran = subprocess.run(  # noqa: S603 - what our own page says
            [BASH, "-c", marked], cwd=self._cwd, env=self._environment(), capture_output=True, text=True, timeout=50
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
        self._cwd = Path(ran.stderr.splitlines()[-1])
        return ran.stdout

    def start(self, script: str) -> None:
        """In a terminal of its own, until it says where it listens."""
        self._stack.enter_context(serving(self._mine(script), self._cwd, self._environment()))

    def _mine(self, script: str) -> str:
        for port, mine in self._ports.items():
            script = script.replace(port, mine)
        # Everything that building needs is installed, and there is no network to fetch it from.
        return script.replace("pip install", "pip install --quiet --no-build-isolation")

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {
            **kept,
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }


def free_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


@contextmanager
def serving(script: str, cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - the same
        [BASH, "-c", script],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "ready" in line or "simulator at" in line:
                break
        else:
            raise AssertionError(f"{script} ended:\n{''.join(said)}")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


def test_the_five_minutes(tmp_path: Path) -> None:
    tutorial = PAGE[: PAGE.index("## How it works")]
    said = []
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for language, server, text in BLOCKS:
            if text not in tutorial:
                continue
            if language == "yaml":
                reader.save("pointsman.yaml", text)
            elif server:
                reader.start(text)
            else:
                said.append(reader.run(text))
    began, listed, checked, decided = said
    assert " passed" in began
    assert re.search(r"acme-policy +acme-policy +0\.1\.0", listed)
    assert "good, version" in checked
    assert "mini at openai (small) for general/eco" in decided
    assert "tier frontier is closed outside office hours" in decided


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_its_code(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = {}
    exec(compile(code, "docs/writing-a-policy.md", "exec"), found)  # noqa: S102 - that is the test
    plugin = found.get("plugin")
    if isinstance(plugin, PolicyPlugin):
        assert found["POINTSMAN_API"] == hookspecs.API_VERSION
        assert make_rules(make_entry(plugin)).chain.entries
        PolicyContract.check(plugin)
    for name, test in found.items():
        if name.startswith("test_"):
            test()


def test_every_hook_and_every_check_is_named() -> None:
    hooks = {name for name in dir(hookspecs) if name.startswith("pointsman_")}
    checks = {name for name in dir(PolicyContract) if name.startswith("test_")}
    assert {name for name in hooks | checks if f"`{name}`" not in PAGE} == set()


def test_its_examples_of_chain_entries_are_valid() -> None:
    rows = [row for language, _, text in BLOCKS if language == "yaml" for row in yaml.safe_load(text)["chain"]]
    assert len(rows) == 3
    for row in rows:
        ChainEntry.model_validate(row)


def test_its_links_lead_somewhere() -> None:
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in PAGE.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
    for name in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (Path(__file__).parents[2] / "docs" / name).is_file()
