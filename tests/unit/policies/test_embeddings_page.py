"""The page of the policy that is a package of its own, and its example configuration, are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from pointsman.config.load import load
from pointsman_embeddings.agreement import EmbeddingAgreementOptions
from pointsman_embeddings.options import EmbeddingsOptions, Endpoint
from pointsman_embeddings.policy import Embeddings
from pointsman_embeddings.testing import write_model

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/policies/embeddings.md").read_text()
GATE = PAGE.split("## The gate `embedding-agreement`\n")[1].split("\n## ")[0]
TABLES = PAGE.split("## Options\n")[1].split("\n## ")[0].split("An endpoint has options of its own.")
EXAMPLE = (ROOT / "examples/pointsman.yaml").read_text()


@pytest.mark.parametrize(
    ("table", "model"),
    list(zip([*TABLES, GATE], [EmbeddingsOptions, Endpoint, EmbeddingAgreementOptions], strict=True)),
)
def test_the_page_names_every_option_with_its_default_and_nothing_else(table: str, model: type[BaseModel]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \| (.*) \|$", table, re.MULTILINE)
    assert {name: meaning for name, _, meaning in rows} == {n: f.description for n, f in model.model_fields.items()}
    defaults = {name: default for name, default, _ in rows}
    for name, field in model.model_fields.items():
        if isinstance(field.default, str | int | float):
            assert defaults[name] == str(field.default)
        assert (defaults[name] == "required") is field.is_required()


def test_the_yaml_of_the_page_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    monkeypatch.chdir(ROOT)
    model = write_model(tmp_path / "model", {"why": (1.0, 0.0)})
    for block in blocks:
        local = block.replace("models/all-MiniLM-L6-v2", str(model)).replace("models/", f"{tmp_path}/")
        example, given = yaml.safe_load(EXAMPLE), yaml.safe_load(local)
        document = example | given | {"gates": example.get("gates", {}) | given.get("gates", {})}
        config = load(yaml.safe_dump(document, sort_keys=False), {}, simulated="http://127.0.0.1:8900")
        used = {*(entry.use for entry in config.entries), *(entry.use for entry in config.gates)}
        assert used & {"embeddings", "embedding-agreement"}


def test_the_example_configuration_loads() -> None:
    config = load(ROOT / "examples/embeddings.yaml", {}, simulated="http://127.0.0.1:8900")
    assert config.warnings == ()
    (entry,) = [entry for entry in config.entries if entry.use == "embeddings"]
    assert entry.timeout == 0.3
    assert entry.plugin.factory is Embeddings
