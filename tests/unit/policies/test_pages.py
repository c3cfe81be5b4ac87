"""The pages of docs of the standard policies are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pointsman.chain.discovery import installed, load_plugin
from pointsman.config.load import load
from pointsman.config.policies import options_model

ROOT = Path(__file__).parents[3]
PAGES = {path.stem: path.read_text() for path in sorted((ROOT / "docs/policies").glob("*.md"))}
# Pages of policies with options of some depth have another form: test_option_pages.py and test_rules.py.
SHORT = ["feasibility", "limits", "tags"]
HEADINGS = ["Options", "Honours", "What it does", "In the trace", "Edge cases"]


def section(name: str, heading: str) -> str:
    return PAGES[name].split(f"## {heading}\n")[1].split("\n## ")[0]


OURS = {"pointsman", "pointsman-embeddings"}


def test_every_installed_policy_of_ours_has_a_page() -> None:
    ours = {name for name, found in installed().items() if any(one.distribution in OURS for one in found)}
    assert set(PAGES) == ours


@pytest.mark.parametrize("name", SHORT)
def test_a_page_has_its_parts(name: str) -> None:
    assert PAGES[name].startswith(f"# Policy `{name}`\n")
    assert re.findall(r"^## (.*)$", PAGES[name], re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("name", SHORT)
def test_a_page_names_every_option_and_nothing_else(name: str) -> None:
    model = options_model(name, load_plugin(installed()[name]))
    written = section(name, "Options")
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]*) \|", written, re.MULTILINE))
    if model is None:
        assert not rows
        assert written.lstrip().startswith("None.")
        return
    assert rows == {key: str(field.default) for key, field in model.model_fields.items()}


@pytest.mark.parametrize("name", SHORT)
def test_a_page_names_what_is_honoured_and_nothing_else(name: str) -> None:
    sentence = re.split(r"[.:]", section(name, "Honours"), maxsplit=1)[0]
    assert set(re.findall(r"`([a-z_]+)`", sentence)) == load_plugin(installed()[name]).honours


@pytest.mark.parametrize("name", SHORT)
def test_the_yaml_of_a_page_loads(name: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGES[name], re.DOTALL)
    assert blocks
    for block in blocks:
        document = yaml.safe_load((ROOT / "examples/pointsman.yaml").read_text()) | yaml.safe_load(block)
        config = load(yaml.safe_dump(document, sort_keys=False), {}, simulated="http://127.0.0.1:8900")
        assert name in [entry.use for entry in config.entries]
