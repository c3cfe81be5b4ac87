"""docs/writing-a-policy.md does what it says: its commands are run, its code is executed, its examples are valid."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.e2e.reader import Reader

from pointsman import PolicyPlugin, hookspecs
from pointsman.config.schema.policies import ChainEntry
from pointsman.testing import PolicyContract, make_entry, make_rules

PAGE = (Path(__file__).parents[2] / "docs" / "writing-a-policy.md").read_text()
BLOCKS = re.findall(r"^```(\w+)( server)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = [code for language, _, code in BLOCKS if language == "python"]


@pytest.mark.timeout(200)
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
