"""docs/writing-a-gate.md does what it says: its files are saved, its commands run, its code executed."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.reader import Reader

from pointsman import GatePlugin, hookspecs
from pointsman.config.schema.policies import Gate
from pointsman.testing import GateContract

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "writing-a-gate.md").read_text()
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, name, code in BLOCKS if language == "python" and not name]
REPLIES = ("yes",)


@pytest.mark.timeout(200)
def test_the_five_minutes(tmp_path: Path) -> None:
    tutorial = PAGE[: PAGE.index("## How it works")]
    said = []
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for _, name, text in (block for block in BLOCKS if block[2] in tutorial):
            if name == "server":
                reader.start(text)
            elif name:
                reader.save(name, text)
            else:
                said.append(reader.run(text))
    installed, checked, answered = said
    assert " passed" in installed
    assert re.search(r"sourced +acme-gate +0\.1\.0", installed)
    assert "good, version" in checked
    assert "has-sources: fewer links than 2" in " ".join(answered.split())
    assert re.search(r"gpt +openai +served", answered)


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_its_code(code: str) -> None:
    found: dict[str, Any] = {}
    exec(compile(code, "docs/writing-a-gate.md", "exec"), found)  # noqa: S102 - that is the test
    if isinstance(plugin := found.get("plugin"), GatePlugin):
        assert found["POINTSMAN_API"] == hookspecs.API_VERSION
        GateContract.check(plugin, replies=REPLIES)
    for name, test in found.items():
        if name.startswith("test_"):
            test()
        if name == "TestContract":
            test.check(test.plugin)


def test_every_check_is_named() -> None:
    checks = {name for name in dir(GateContract) if name.startswith("test_")}
    assert {name for name in checks if f"`{name}`" not in PAGE} == set()


def test_its_examples_of_gates_are_valid() -> None:
    rows = [row for kind, _, text in BLOCKS if kind == "yaml" for row in yaml.safe_load(text)["gates"].values()]
    assert len(rows) == 2
    for row in rows:
        Gate.model_validate(row)


def test_its_links_lead_somewhere() -> None:
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in PAGE.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
    for name in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (DOCS / name).is_file()
