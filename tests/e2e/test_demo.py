from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DEMO = [sys.executable, "-m", "pointsman", "demo"]


@dataclass(frozen=True)
class Shown:
    """What a demo printed, what the same prints as JSON, and the directory in which both left nothing behind."""

    text: str
    told: dict[str, Any]
    directory: Path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Two demos side by side, because each takes its time; their ports are free ones."""
    directory = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "TMPDIR": str(directory)}
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(performed, arguments, environment) for arguments in (DEMO, [*DEMO, "--json"])]
        text, document = (run.result() for run in runs)
    return Shown(text, json.loads(document), directory)


def performed(arguments: list[str], environment: dict[str, str]) -> str:
    ran = subprocess.run(  # noqa: S603
        arguments, capture_output=True, text=True, timeout=90, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.timeout(120)
def test_the_demo_shows_everything(shown: Shown) -> None:
    for said in (
        *("mistral answered 503", "mistral-small", "failover", "client_closed", "CALLER_CANCELLED"),
        *("MAX_COST_UNSATISFIABLE", "did you mean 'reasoning'?", "routing saved $", "Policies"),
    ):
        assert said in shown.text


def test_the_demo_needs_no_colours(shown: Shown) -> None:
    assert "\x1b" not in shown.text


def test_the_demo_leaves_no_file(shown: Shown) -> None:
    assert list(shown.directory.iterdir()) == []


def test_the_demo_as_json(shown: Shown) -> None:
    told = shown.told
    served = [request for request in told["requests"] if request["finish"]]
    assert len(served) >= 24
    assert [a["outcome"] for r in served for a in r["usage"]["attempts"] if r["shows"] == "failover"] == [
        "failed",
        "served",
    ]
    deciders = {request["decision"]["decided_by"] for request in served}
    assert deciders >= {"override", "tags", "rules", "classifier", "llm"}
    asked, again = (request for request in served if "asked" in request["shows"])
    assert [a["kind"] for a in asked["usage"]["attempts"]] == ["assist", "primary"]
    assert asked["usage"]["cost"]["overhead"] == asked["usage"]["attempts"][0]["cost_nano_usd"] > 0
    assert [a["kind"] for a in again["usage"]["attempts"]] == ["primary"]
    assert again["decision"]["task"] == asked["decision"]["task"] == "complex"
    again = [request["usage"]["attempts"] for request in served if request["shows"] == "the same again"]
    assert [len(attempts) for attempts in (again[0], again[-1])] == [2, 1]
    assert {"down", "probing"} & {row["state"] for row in told["health"] if row["provider"] == "mistral"}
    long = next(request for request in served if request["shows"].startswith("80,000"))
    assert long["decision"]["model"] not in ("oss-20b", "mistral-small")
    assert told["cancellation"]["simulator"]["ending"] == "client_closed"
    assert told["report"]["comparison"]["saved_share"] > 0.5
    assert len(told["explained"]["record"]["attempts"]) == 2


def test_the_demo_says_what_its_server_said(tmp_path: Path) -> None:
    ran = subprocess.run(  # noqa: S603
        [*DEMO, "--config", str(tmp_path / "none.yaml")], capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 1
    assert "`serve` ended with status 2" in ran.stderr
    assert "none.yaml: error: cannot be read" in ran.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_stopping_the_demo_stops_its_processes(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, text=True, env=environment) as demo:  # noqa: S603
        assert demo.stdout is not None
        # Both children are up once the first answer begins.
        assert any(line.startswith("> ") for line in demo.stdout)
        assert len(children(tmp_path)) == 2
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()
        assert demo.wait(20) == 128 + signal.SIGTERM
    deadline = time.monotonic() + 5.0
    while children(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children(tmp_path) == []


def children(directory: Path) -> list[str]:
    """Processes of the demo that works in this directory, by what they inherited from it."""
    mark = f"TMPDIR={directory}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes() and b"demo\0" not in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found
