"""Past decisions explained and made again, hypothetical ones simulated, many at once: through a real client."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
import pytest
from google.protobuf.json_format import ParseDict
from google.rpc.error_details_pb2 import PreconditionFailure, ResourceInfo
from google.rpc.status_pb2 import Status
from tests.e2e.conftest import EXAMPLE, pointsman

from pointsman import Decision, Hints, Mode, ModelOverride, Request
from pointsman.cli import demo_prompts
from pointsman.cli.again import decide_again
from pointsman.engine.replay import Outcome
from pointsman.ledger.recorded import find
from pointsman.rpc.client.views import CallFailed
from pointsman.testing import RunningServer, make_config, make_request, running_server
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1 import errors_pb2, router_service_pb2, routing_pb2
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

PROMPT = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hello"}]}]}
DOWN = {"provider": "google", "state": "HEALTH_STATE_DOWN"}
# As in the example, with those that read the prompt before all that do not.
READERS = """chain:
  - {id: readers, use: rules, with: {rules: [
      {id: legal, when: {text: "(?i)contract|invoice"}, then: {task: extract}},
      {id: long, when: {words: {min: 400}}, then: {mode: eco, exclude: {tiers: [frontier], reason: "too long"}}},
      {id: haiku, when: {text: "(?i)haiku"}, then: {models: [small]}}]}}
  - {id: tasks, use: classifier}"""


@dataclass(frozen=True)
class Callers:
    server: RunningServer
    router: RouterServiceStub
    admin: AdminServiceStub

    def rows(self) -> int:
        """Requests in the ledger."""
        with sqlite3.connect(self.server.ledger) as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM decisions").fetchone()
        return int(count)


@asynccontextmanager
async def calling(config: str, faults: dict[str, str] | None = None) -> AsyncIterator[Callers]:
    async with running_server(config, faults=faults) as server, grpc.aio.insecure_channel(server.address) as channel:
        yield Callers(server, RouterServiceStub(channel), AdminServiceStub(channel))


def simulate(**fields: Any) -> admin.SimulateRequest:
    return ParseDict({"input": PROMPT} | fields, admin.SimulateRequest())


def details(error: grpc.aio.AioRpcError, message_type: type[Any]) -> Any:
    trailers = dict(error.trailing_metadata() or ())
    for packed in Status.FromString(trailers["grpc-status-details-bin"]).details:
        message = message_type()
        if packed.Unpack(message):
            return message
    raise AssertionError(f"no {message_type.__name__} in {error}")


async def test_explain_tells_what_came_of_a_request() -> None:
    async with calling(make_config(), {"google": "http-503"}) as callers:
        events = await callers.server.complete(make_request("Hello", hints=Hints(task="simple")))
        decision_id = getattr(events[0], "decision_id")  # noqa: B009 - one of several event types
        explained = await callers.admin.Explain(admin.ExplainRequest(decision_id=decision_id))
    assert (explained.decision.decision_id, explained.decision.model) == (decision_id, "flash")
    assert [(a.ref.model, a.outcome) for a in explained.attempts] == [
        ("flash", routing_pb2.ATTEMPT_OUTCOME_FAILED),
        ("mini", routing_pb2.ATTEMPT_OUTCOME_SERVED),
    ]
    assert explained.attempts[0].error.reason == errors_pb2.ERROR_REASON_ALL_PROVIDERS_DOWN
    assert explained.cost.total_nano_usd == explained.attempts[1].cost_nano_usd > 0
    assert {verdict.policy for verdict in explained.decision.trace} == {
        "override", "tags", "limits", "feasibility", "routing",
    }  # fmt: skip
    assert any(verdict.duration.nanos > 0 for verdict in explained.decision.trace)
    assert any(verdict.candidates_before and verdict.candidates_after for verdict in explained.decision.trace)
    assert (explained.method, explained.partial) == ("Complete", False)
    assert explained.finish_reason == router_service_pb2.FINISH_REASON_STOP


async def test_explain_knows_what_was_not_recorded() -> None:
    async with calling(make_config()) as callers:
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await callers.admin.Explain(admin.ExplainRequest(decision_id="0" * 32))
        with pytest.raises(grpc.aio.AioRpcError) as empty:
            await callers.admin.Explain(admin.ExplainRequest())
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
    resource = details(unknown.value, ResourceInfo)
    assert (resource.resource_type, resource.resource_name) == ("decision", "0" * 32)
    assert empty.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_simulation_is_a_decision_and_nothing_else() -> None:
    async with calling(make_config("health")) as callers:
        as_it_is = await callers.admin.Simulate(simulate())
        down = await callers.admin.Simulate(simulate(health_overrides=[DOWN]))
        # Disabled, since of those that are only down one is tried where nothing else is left.
        names = ("google", "openai", "anthropic")
        everything = [{"provider": name, "state": "HEALTH_STATE_DISABLED"} for name in names]
        refused = await callers.admin.Simulate(simulate(health_overrides=everything))
        unknown = await callers.admin.Simulate(simulate(hints={"task": "cod"}))
        with pytest.raises(grpc.aio.AioRpcError) as budget:
            await callers.admin.Simulate(simulate(budget_remaining_nano_usd={"acme": 5}))
        assert callers.rows() == 0
        routed = await callers.server.route("Hello")
    assert (as_it_is.decision.model, as_it_is.decision.decision_id) == ("flash", "")
    assert as_it_is.decision.model == routed.model
    assert (down.decision.model, down.HasField("error"), down.HasField("active_decision")) == ("mini", False, False)
    assert refused.error.reason == errors_pb2.ERROR_REASON_ALL_PROVIDERS_DOWN
    assert (refused.decision.model, len(refused.decision.candidates)) == ("", 6)
    assert unknown.error.reason == errors_pb2.ERROR_REASON_UNKNOWN_TASK
    assert not unknown.HasField("decision")
    assert budget.value.code() is grpc.StatusCode.NOT_FOUND
    assert details(budget.value, ResourceInfo).resource_type == "budget"


async def test_another_configuration_beside_the_active_one() -> None:
    other = json.loads(make_config("health"))
    other["tasks"]["simple"]["route"] = ["sonnet"]
    other["providers"]["anthropic"]["api_key"] = "${A_SECRET_THAT_NOBODY_HAS}"
    async with calling(make_config("health")) as callers:
        seen = await callers.admin.Simulate(simulate(config_yaml=json.dumps(other)))
        del other["tiers"]
        other["chain"].append({"use": "astrology"})
        with pytest.raises(grpc.aio.AioRpcError) as invalid:
            await callers.admin.Simulate(simulate(config_yaml=json.dumps(other)))
        assert callers.rows() == 0
        assert (await callers.server.route("Hello")).model == "flash"
    assert (seen.decision.model, seen.active_decision.model) == ("sonnet", "flash")
    assert seen.decision.config_version != seen.active_decision.config_version == callers.server.config.version
    assert invalid.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    paths = {violation.subject for violation in details(invalid.value, PreconditionFailure).violations}
    assert {"tiers", "chain[6].use"} <= paths


async def test_a_batch_of_good_and_bad_requests() -> None:
    asked = router_service_pb2.RouteBatchRequest()
    for fields in (
        {"input": PROMPT, "hints": {"task": "code"}},
        {"input": PROMPT, "hints": {"task": "cod"}},
        {},
        {"hints": {"task": "reasoning", "input_tokens": 100}, "trace_level": "TRACE_LEVEL_FULL"},
        {"input": PROMPT, "hints": {"max_cost_nano_usd": "0"}},
    ):
        ParseDict(fields, asked.requests.add())
    async with calling(make_config()) as callers:
        response = await callers.router.RouteBatch(asked)
        assert callers.rows() == 4
        good = response.items[3].decision
        explained = await callers.admin.Explain(admin.ExplainRequest(decision_id=good.decision_id))
        with pytest.raises(grpc.aio.AioRpcError) as empty:
            await callers.router.RouteBatch(router_service_pb2.RouteBatchRequest())
    assert [item.decision.model or errors_pb2.ErrorReason.Name(item.error.reason) for item in response.items] == [
        "medium",
        "ERROR_REASON_UNKNOWN_TASK",
        "ERROR_REASON_INVALID_REQUEST",
        "ultra",
        "ERROR_REASON_MAX_COST_UNSATISFIABLE",
    ]
    assert len(good.trace) == len(explained.decision.trace) > 0
    assert not response.items[0].decision.trace
    assert explained.method == "Route"
    assert int(response.items[4].error.metadata["cheapest_nano_usd"]) > 0
    assert empty.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def routed(server: RunningServer, request: Request) -> str:
    """The id of its decision, or of its refusal."""
    try:
        return (await server.route(request)).decision_id
    except CallFailed as refused:
        return refused.failure.decision_id


@pytest.mark.parametrize("prompts", ["text", "none"])
@pytest.mark.parametrize("readers", [False, True])
async def test_every_decision_of_the_demo_comes_out_equal(prompts: str, readers: bool) -> None:
    document = EXAMPLE.read_text().replace("prompts: none", f"prompts: {prompts}")
    if readers:
        document = document.replace("\nchain:", f"\n{READERS}", 1)
    asked = [p.request for p in (*demo_prompts.LIVE, *demo_prompts.MIXED, *demo_prompts.long_ones())]
    async with running_server(document, faults={"mistral": "http-503"}) as server:
        await server.complete(asked[0])
        ids = [await routed(server, request) for request in asked]
        found = [find(server.ledger, decision_id) for decision_id in ids]
        for recorded in found:
            assert recorded is not None
            assert recorded.text_kept is (prompts == "text")
            replay = await asyncio.to_thread(decide_again, recorded, server.ledger)
            assert replay.outcome is Outcome.EQUAL, replay
    decided = [recorded.record.decision for recorded in found if recorded]
    assert readers is ("tasks" in {decision.decided_by for decision in decided if isinstance(decision, Decision)})


async def test_the_command_line_decides_again() -> None:
    document = make_config("health", {"use": "classifier", "with": {"tasks": {"simple": None, "complex": None}}})
    async with running_server(document) as server:
        routed = await server.route(make_request("Hello", hints=Hints(task="code", mode=Mode.SPORT)))

        async def explain(*options: str) -> tuple[int, Any]:
            arguments = ("explain", routed.decision_id, "--ledger", str(server.ledger), *options)
            ran = await asyncio.to_thread(pointsman, *arguments)
            assert not ran.stderr
            return ran.returncode, json.loads(ran.stdout) if "--json" in options else ran.stdout

        status, shown = await explain("--recompute")
        assert (status, "EQUAL: decided again, it is the same byte for byte" in shown) == (0, True)
        status, told = await explain("--what-if", "mode=eco", "--json")
        assert (status, told["what_if"]["outcome"]) == (1, "DIFFERS")
        assert (told["what_if"]["recorded"]["target"], told["what_if"]["supposed"]["target"]) == ("ultra", "mini")
        assert told["what_if"]["notes"] == []
        status, shown = await explain("--what-if", "health.google=down")
        assert (status, "supposed" in shown) == (1, True)
        assert "First verdict that differs:" in shown
        status, shown = await explain("--what-if", "task=code")
        assert (status, "EQUAL: nothing would have changed" in shown) == (0, True)


async def test_what_failed_before_a_decision_may_fail_the_same_way() -> None:
    async with running_server(make_config()) as server:
        with pytest.raises(CallFailed) as unknown:
            await server.route(make_request("Hello", hints=Hints(model_override=ModelOverride("nope"))))
        decision_id = unknown.value.failure.decision_id
        of = ("explain", decision_id, "--ledger", str(server.ledger), "--what-if")
        same = await asyncio.to_thread(pointsman, *of, "mode=eco")
        other = await asyncio.to_thread(pointsman, *of, "model=mini")
    assert (same.returncode, "EQUAL: nothing would have changed" in same.stdout) == (0, True)
    assert (other.returncode, "DIFFERS: it would have changed" in other.stdout) == (1, True)
