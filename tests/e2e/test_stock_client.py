"""What a caller gets who has nothing but our .proto files."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.documents import document
from tests.faults.world import PATIENCE, Simulator, opened, simulating

from pointsman.sim import SimSettings

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with simulating(SimSettings(port=0, ttft_median=0, drain=0)) as simulator:
        yield simulator


async def run(*command: str, environ: dict[str, str] | None = None) -> bytes:
    """The output of a Python process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env={**os.environ, **(environ or {})}, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0
    return output


async def stubs(directory: Path) -> Path:
    """What protoc makes of our protos, as packages, so that they come before the server's own."""
    protos = sorted(str(path.relative_to(ROOT / "protos")) for path in (ROOT / "protos").rglob("*.proto"))
    await run(
        "-m", "grpc_tools.protoc", "-Iprotos", f"--python_out={directory}", f"--grpc_python_out={directory}", *protos
    )
    for package in ("pointsman", "pointsman/v1"):
        (directory / package / "__init__.py").touch()
    return directory


@pytest.fixture
async def seen(simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Any:
    """What the client saw; its own word for what it is."""
    made = await stubs(tmp_path)
    async with opened(document(fallback=True), simulator, tmp_path, caplog) as world:
        output = await run("tests/e2e/stock_client.py", world.app.grpc_address, environ={"PYTHONPATH": str(made)})
    answer = json.loads(output)
    assert answer["stubs"].startswith(str(made))
    return answer


async def test_everything(seen: Any) -> None:
    assert seen["health"] == {"": "SERVING", "pointsman.v1.RouterService": "SERVING"}
    assert {
        "pointsman.v1.RouterService",
        "pointsman.v1.AdminService",
        "pointsman.v1.FeedbackService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    } <= set(seen["services"])
    assert seen["pages"] == [["failing", "healthy"], ["standby"]]
    assert seen["error"] == {"code": "NOT_FOUND", "reason": "UNKNOWN_MODEL", "domain": "pointsman.v1"}
    check_route(seen["route"])
    check_stream(seen["stream"])
    text = "".join(event.get("text_delta", {}).get("text", "") for event in seen["stream"]["events"])
    assert seen["whole"]["message"] == {"role": "ROLE_ASSISTANT", "parts": [{"text": text}]}
    assert seen["whole"]["finish"]["reason"] == "FINISH_REASON_STOP"


def check_route(decision: Any) -> None:
    """A decision explains itself: who decided, what it costs, what every policy said, what was excluded and why."""
    assert (decision["model"], decision["provider"], decision["tier"]) == ("standby", "second", "upper")
    assert decision["task"] == {"task": "risky", "confidence": 1.0, "source": "hint"}
    assert decision["decided_by"]
    assert decision["reason"]
    assert int(decision["estimate"]["worst_case_nano_usd"]) >= int(decision["estimate"]["expected_nano_usd"]) > 0
    assert [stage["attempts"][0]["model"] for stage in decision["plan"]["stages"]] == ["standby"]
    excluded = {c["model"]: c for c in decision["candidates"] if not c.get("eligible")}
    assert excluded["failing"]["excluded_by"] == "limits"
    assert "first" in excluded["failing"]["excluded_reason"]
    assert {"override", "tags", "limits", "feasibility", "routing"} == {v["policy"] for v in decision["trace"]}
    assert {"assess_request", "exclude_targets", "choose_targets"} <= {v["hook"] for v in decision["trace"]}


def check_stream(stream: Any) -> None:
    events = stream["events"]
    assert stream["code"] == "OK"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    kinds = [next(key for key in event if key not in ("seq", "generation", "part_index")) for event in events]
    assert kinds[0] == "decision"
    assert kinds[-2:] == ["usage", "finish"]
    assert set(kinds[1:-2]) == {"text_delta"}
    decision = events[0]["decision"]
    expected = {
        "x-pointsman-decision-id": decision["decision_id"],
        "x-pointsman-model": decision["model"],
        "x-pointsman-provider": decision["provider"],
        "x-pointsman-config-version": decision["config_version"],
    }
    assert expected.items() <= stream["leading"].items()
    (attempt,) = events[-2]["usage"]["attempts"]
    assert attempt["ref"] == events[-1]["finish"]["served_by"]
    assert int(events[-2]["usage"]["cost"]["total_nano_usd"]) == int(attempt["cost_nano_usd"]) > 0
