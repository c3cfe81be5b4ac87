"""What operators do with a running server from the command line: reload, go back, say how good an answer was."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from tests.e2e.conftest import pointsman

from pointsman.testing import make_config, running_server
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1 import feedback_service_pb2 as feedback
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.feedback_service_pb2_grpc import FeedbackServiceStub


async def run(*arguments: str) -> tuple[int, str, str]:
    ran = await asyncio.to_thread(pointsman, *arguments)
    return ran.returncode, ran.stdout, ran.stderr


async def test_models_are_listed_with_their_prices() -> None:
    async with running_server(make_config()) as server:
        at = ("--address", server.address)
        status, shown, told = await run("models", *at)
        listed = json.loads((await run("models", "--json", *at))[1])["models"]
        few = json.loads((await run("models", "--json", "--tier", "small", *at))[1])["models"]
    assert (status, "per million tokens" in told) == (0, True)
    configured = server.config.catalogue.models
    assert {model["model"]: model["input"] for model in listed} == {
        name: model.price.input for name, model in configured.items()
    }
    assert all(name in shown for name in configured)
    assert 0 < len(few) < len(listed)


async def test_reloading_and_going_back(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    # Nothing is read but when it is asked for.
    document = json.loads(make_config()) | {"server": {"watch": "off"}}
    _write(path, document)
    async with running_server(path) as server:
        at = ("--address", server.address)
        _write(path, {**document, "mode": "eco", "server": {"watch": "off", "uvloop": False}})
        assert (await server.route("Hello")).mode == "balanced"
        status, said, _ = await run("reload", "--dry-run", *at)
        assert (status, "would be active" in said) == (0, True)
        status, said, _ = await run("reload", *at)
        assert (status, "server.uvloop has changed" in said) == (0, True)
        assert (await server.route("Hello")).mode == "eco"
        _write(path, {**document, "mode": "ecoo"})
        status, _, told = await run("reload", *at)
        assert (status, "must be 'eco', 'balanced' or 'sport'" in told) == (2, True)
        status, said, _ = await run("config", "rollback", *at, "--json")
        assert (status, json.loads(said)["change"]["active"]) == (0, server.config.version)
        assert (await server.route("Hello")).mode == "balanced"
        _, said, _ = await run("config", "history", *at, "--json")
    history = json.loads(said)["history"]
    assert [past["by"] for past in history["activations"]] == ["rollback", "rpc", "start"]
    assert history["active"] == server.config.version


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("prompts", ["none", "text"])
async def test_feedback_stays_with_its_decision(prompts: str) -> None:
    document = json.loads(make_config()) | {"ledger": {"prompts": prompts}}
    async with running_server(json.dumps(document)) as server, grpc.aio.insecure_channel(server.address) as channel:
        decision = await server.route("Hello")
        outcome = feedback.ReportOutcomeRequest(decision_id=decision.decision_id)
        outcome.usage.input_tokens, outcome.usage.output_tokens = 1000, 100
        reported = await FeedbackServiceStub(channel).ReportOutcome(outcome)
        status, said, told = await run(
            *("feedback", decision.decision_id, "--rating", "4", "--tier", "frontier", "--comment", "too short"),
            *("--address", server.address),
        )
        assert (status, "kept as" in said, "was not kept" in told) == (0, True, prompts == "none")
        explained = await AdminServiceStub(channel).Explain(admin.ExplainRequest(decision_id=decision.decision_id))
        short = ("feedback", decision.decision_id[:12], "--thumbs", "up", "--address", server.address)
        status, _, told = await run(*short)
        assert (status, "UNKNOWN_DECISION" in told, "give the whole id" in told) == (1, True, True)
        _, _, told = await run("health", "--tls", "--address", server.address)
        assert ("speaks no TLS" in told, "no server answered" in told) == (True, False)
        _, shown, _ = await run("explain", decision.decision_id, "--ledger", str(server.ledger))
    (one,) = explained.feedback
    assert (one.score, one.preferred_tier, one.comment) == (0.75, "frontier", "too short" if prompts == "text" else "")
    assert [attempt.ref.model for attempt in explained.attempts] == [decision.model]
    assert explained.cost == reported.cost
    assert "tier frontier" in shown
