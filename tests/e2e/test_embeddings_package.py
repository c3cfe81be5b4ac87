"""plugins/pointsman-embeddings, built and installed as anybody's: it is listed, and decides a request."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.e2e.site import Site

PACKAGE = Path(__file__).parents[2] / "plugins" / "pointsman-embeddings"

DECIDE = """
import asyncio, sys
from pathlib import Path
import pointsman_embeddings
from pointsman.testing import make_config, running_server
from pointsman_embeddings.testing import write_model

async def main(directory):
    examples = directory / "tasks.jsonl"
    examples.write_text('{"text": "odds", "label": "reasoning"}\\n{"text": "python", "label": "code"}\\n')
    model = write_model(directory / "model", {"odds": [1.0, 0.0], "python": [0.0, 1.0]})
    options = {"model": str(model), "examples": str(examples)}
    row = {"use": "embeddings", "timeout": "30s", "with": options}
    async with running_server(make_config(row)) as server:
        decision = await server.route("What are the odds?")
    print(Path(pointsman_embeddings.__file__).parents[1], decision.task)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    source = tmp_path_factory.mktemp("source") / "pointsman-embeddings"
    # A build leaves files behind, which the checkout is no place for.
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    site.install(source)
    return site


def test_it_is_listed_as_good(site: Site) -> None:
    rows = json.loads(site.pointsman("plugins", "--json").stdout)["policies"]
    (row,) = [row for row in rows if row["name"] == "embeddings"]
    assert (row["distribution"], row["version"], row["refused"]) == ("pointsman-embeddings", "0.1.0", "")
    assert row["hooks"] == ["gather_signal", "assess_request"]
    gates = json.loads(site.pointsman("plugins", "--json").stdout)["gates"]
    assert [(row["distribution"], row["refused"]) for row in gates if row["name"] == "embedding-agreement"] == [
        ("pointsman-embeddings", "")
    ]


def test_it_decides_a_request(site: Site, tmp_path: Path) -> None:
    ran = site.python("-c", DECIDE, str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [str(site.directory), "reasoning"]


def test_nothing_of_it_is_imported_unless_configured(site: Site) -> None:
    code = (
        "import pointsman, sys; print(sorted({'pointsman_embeddings', 'onnxruntime', 'tokenizers'} & {*sys.modules}))"
    )
    assert site.python("-c", code).stdout.strip() == "[]"
    config = Path(__file__).parents[2] / "examples" / "pointsman.yaml"
    load = f"import os, pointsman.config.load as load, pathlib; load.load(pathlib.Path({str(config)!r}), {{}}, simulated='http://h')"
    assert site.python("-c", f"{load}; {code}").stdout.strip() == "[]"
