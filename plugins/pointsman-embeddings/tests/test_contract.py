"""The contract that every policy keeps, what this one decides of a signal, and a server that runs it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

import pointsman_embeddings
from pointsman.testing import (
    Case,
    PolicyContract,
    RunningServer,
    check_case,
    make_config,
    make_snapshot,
    read_cases,
)
from pointsman.testing.samples import SNAPSHOTS

pytest_plugins = ["pointsman.testing.fixtures"]

HERE = Path(__file__).parent
SIGNALS = (
    {"label": "code", "confidence": 0.9, "index": "0c0ffee"},
    {"label": "code", "confidence": 0.1, "index": "0c0ffee"},
    {"label": "gone", "confidence": 0.9, "index": "0c0ffee"},
)
NOWHERE = {"base_url": "http://localhost:1/v1", "model": "m"}


class TestContract(PolicyContract):
    plugin = pointsman_embeddings.plugin
    use = "embeddings"
    snapshots = (*SNAPSHOTS, *(make_snapshot(signals={"embeddings": signal}) for signal in SIGNALS))
    example = HERE.parent / "README.md"
    mistakes = {  # noqa: RUF012 - as the contract declares it
        "model": {"model": "/nowhere"},
        "examples": {"examples": "/nowhere.jsonl"},
        "method": {"method": "nearby"},
        "k": {"k": 3},
        "tasks": {"tasks": {"code": "no-such-row"}},
        "endpoint.api_key": {"endpoint": {**NOWHERE, "api_key": "sk-in-the-open"}},
        "endpoint.base_url": {"endpoint": {**NOWHERE, "base_url": "https://user:pass@localhost/v1"}},
        "endpoint.model": {"endpoint": {"base_url": "http://localhost:1/v1"}},
        "endpoint.apikey": {"endpoint": {**NOWHERE, "apikey": "sk-in-the-open"}},
        "document": {"endpoint": NOWHERE},
    }

    @pytest.fixture(autouse=True)
    def _with_a_model(self, model: Path) -> None:
        type(self).options = {"model": str(model), "examples": str(HERE / "tasks.jsonl")}


@pytest.mark.parametrize("case", read_cases(HERE / "golden.yaml"), ids=str)
def test_decision(case: Case) -> None:
    check_case(case, {"embeddings": pointsman_embeddings.plugin})


@pytest.fixture(scope="module")
def pointsman_config(model: Path) -> str:
    options = {"model": str(model), "examples": str(HERE / "tasks.jsonl")}
    return make_config({"id": "near", "use": "embeddings", "timeout": "30s", "with": options})


def test_a_server_runs_it(pointsman_server: RunningServer) -> None:
    decision = asyncio.run(pointsman_server.route("Please fix my python function!"))
    assert decision.task == "code"
    assert asyncio.run(pointsman_server.route("Prove this theorem")).task == "reasoning"


def test_importing_it_is_light() -> None:
    """What serves one of the two embedders is imported when that one is opened."""
    heavy = ["onnxruntime", "tokenizers", "aiohttp", "huggingface_hub"]
    code = f"import json, sys, pointsman_embeddings; print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert json.loads(ran.stdout) == []
