from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pointsman.cli.children import child

EXAMPLE = Path(__file__).parents[2] / "examples" / "pointsman.yaml"


def pointsman(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pointsman", *arguments], input=stdin, capture_output=True, text=True, timeout=30
    )


@dataclass(frozen=True)
class Running:
    """A server over a simulator whose mistral is down."""

    address: str
    ledger: Path

    def ask(self, command: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return pointsman(command, *arguments, "--address", self.address, stdin=stdin)

    # JSON of any shape.
    def json(self, command: str, *arguments: str) -> Any:
        return json.loads(self.ask(command, *arguments, "--json").stdout)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("cli")
    quick = ("--ttft-median", "0", "--token-interval", "0")
    ledger = directory / "ledger.db"
    with child(["sim", "--port", "0", "--fault", "mistral=http-503", *quick], directory) as simulator:
        url = simulator.wait_for(r"simulator at (http://[^/]+)/")
        with child(serve(url, ledger), directory) as server:
            yield Running(server.wait_for(r"ready: grpc ([^,\s]+)"), ledger)


def serve(url: str, ledger: Path, grpc: str = "127.0.0.1:0") -> list[str]:
    doors = ["--grpc", grpc, "--http", "127.0.0.1:0", "--ledger", str(ledger)]
    return ["serve", "--config", str(EXAMPLE), "--simulated", url, *doors]
