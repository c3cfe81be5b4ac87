"""A call that is traced from its caller through us to a provider, as a collector sees it."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import grpc.aio
import pytest
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from pointsman.app import App
from pointsman.config.load import load
from pointsman.rpc.status import CODES
from pointsman.sim import SimSettings, create_app
from pointsman.telemetry.genai import GenAiMetrics
from pointsman.telemetry.otlp import QUEUE, OtlpExporter
from pointsman.telemetry.settings import OtlpSettings
from pointsman.telemetry.tracing import Tracing
from pointsman.testing import running_server
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1 import chat_pb2
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOKEN = "collector-token-4711"
CONFIG: Mapping[str, Any] = {
    "auth": "none",
    "providers": {
        "broken": {"wire": "openai", "propagate": "all"},
        "own": {"wire": "openai", "propagate": "trace"},
        "foreign": {"wire": "openai"},
    },
    "models": {
        name: {
            "provider": provider,
            "upstream": name,
            "tier": tier,
            "context": 100_000,
            "price": {"input": 1, "output": 5},
        }
        for name, provider, tier in (("mine", "own", "one"), ("broken", "broken", "two"), ("last", "foreign", "two"))
    },
    "tiers": ["one", "two"],
    "tasks": {
        "gated": {"route": "mine", "gate": "told"},
        "plain": {"route": "last"},
    },
    "tags": {"plain": "plain"},
    "default": "gated",
    "gates": {"told": {"use": "length", "with": {"min_characters": 100_000}}},
    "chain": [{"use": "tags"}, {"use": "routing"}, {"use": "cascade"}],
    "log": {"requests": "all"},
}


class Others:
    """The simulator and a collector in one application, and what they were sent."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: dict[str, Mapping[str, str]] = {}
        self.spans: list[Span] = []
        self.metrics: dict[str, Any] = {}
        self.tokens: set[str] = set()

    @web.middleware
    async def note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            self.tokens.add(request.headers["x-collector-token"])
            self._received(request.path, await request.read())
            return web.Response()
        self.asked[request.path.split("/")[1]] = {key.lower(): value for key, value in request.headers.items()}
        answer: web.StreamResponse = await handler(request)
        return answer

    def _received(self, path: str, body: bytes) -> None:
        if path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        else:
            for told in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics.update({metric.name: metric for scope in told.scope_metrics for metric in scope.metrics})


@pytest.fixture
async def others() -> AsyncIterator[Others]:
    others = Others()
    app = create_app(SimSettings(ttft_median=0, token_interval=0, faults={"broken": "http-503"}))
    app.middlewares.append(others.note)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    others.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield others
    await runner.cleanup()


@asynccontextmanager
async def served(document: Mapping[str, Any], simulator: str, path: Path) -> AsyncIterator[RouterServiceStub]:
    config = load(json.dumps(document), {"COLLECTOR": TOKEN}, simulated=simulator)
    server = config.server.model_copy(update={"grpc": "127.0.0.1:0", "http": None, "drain": 1.0})
    ledger = config.ledger.model_copy(update={"path": str(path / "ledger.db")})
    async with (
        App(replace(config, server=server, ledger=ledger)) as app,
        grpc.aio.insecure_channel(app.grpc_address) as channel,
    ):
        yield RouterServiceStub(channel)


async def test_every_call_is_counted_once_whoever_refused_it() -> None:
    async with running_server() as server, grpc.aio.insecure_channel(server.address) as channel:
        router, operator = RouterServiceStub(channel), AdminServiceStub(channel)
        await router.Route(wire.RouteRequest(input=asked().input))
        batch = [wire.RouteRequest(input=asked().input), wire.RouteRequest()]
        await router.RouteBatch(wire.RouteBatchRequest(requests=batch))
        await operator.ListModels(admin.ListModelsRequest())
        for refused in (
            router.Route(wire.RouteRequest()),
            router.CompleteUnary(wire.CompleteUnaryRequest(input=asked().input, hints={"task": "none"})),
            router.RouteBatch(wire.RouteBatchRequest()),
            operator.Explain(admin.ExplainRequest(decision_id="none")),
        ):
            with pytest.raises(grpc.aio.AioRpcError):
                await refused
        async with aiohttp.request("GET", f"http://{server.http}/metrics") as answer:
            text = await answer.text()
    counted = re.findall(r'pointsman_requests_total\{code="(\w+)",method="(\w+)",reason="(\w+)"\} (\S+)', text)
    assert {(method, code, reason, float(count)) for code, method, reason, count in counted} == {
        # The second item of the batch was refused before it was anything to decide.
        ("Route", "OK", "OK", 2),
        ("Route", "INVALID_ARGUMENT", "INVALID_REQUEST", 1),
        ("RouteBatch", "INVALID_ARGUMENT", "INVALID_REQUEST", 1),
        ("CompleteUnary", "INVALID_ARGUMENT", "UNKNOWN_TASK", 1),
        ("ListModels", "OK", "OK", 1),
        ("Explain", "NOT_FOUND", "UNKNOWN_DECISION", 1),
    }


def exporting(endpoint: str, **more: object) -> Mapping[str, Any]:
    headers = {"x-collector-token": "${COLLECTOR}"}
    return {**CONFIG, "telemetry": {"otlp": {"endpoint": endpoint, "headers": headers, **more}}}


def asked(task: str = "") -> wire.CompleteRequest:
    message = chat_pb2.ChatMessage(role=chat_pb2.ROLE_USER, parts=[chat_pb2.ContentPart(text="Hello?")])
    request = wire.CompleteRequest(input=chat_pb2.CompletionInput(messages=[message]))
    request.hints.task = task
    return request


async def ask(stub: RouterServiceStub, task: str = "", flags: str = "01") -> None:
    metadata = (("traceparent", f"00-{TRACE}-{CALLER}-{flags}"), ("tracestate", "caller=1"), ("baggage", "user=7"))
    assert [event async for event in stub.Complete(asked(task), metadata=metadata)]


async def test_from_the_caller_to_the_provider(
    others: Others, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(exporting(others.url, sample="0%"), others.url, tmp_path) as stub:
        await ask(stub)
    by_name = {span.name: span for span in others.spans}
    assert by_name.keys() == {
        "pointsman.v1.RouterService/Complete",
        "pointsman.decide",
        "pointsman.gate told",
        "chat mine",
        "chat broken",
        "chat last",
    }
    assert {span.trace_id.hex() for span in others.spans} == {TRACE}
    assert {span.trace_state for span in others.spans} == {"caller=1"}
    server = by_name["pointsman.v1.RouterService/Complete"]
    assert server.parent_span_id.hex() == CALLER
    assert {span.parent_span_id for span in others.spans if span is not server} == {server.span_id}
    assert all(server.start_time_unix_nano <= span.start_time_unix_nano for span in others.spans)
    assert all(span.start_time_unix_nano <= span.end_time_unix_nano for span in others.spans)

    # Each provider is told its own attempt's span, and no more than the configuration lets it know.
    mine = by_name["chat mine"].span_id.hex()
    assert others.asked["own"]["traceparent"] == f"00-{TRACE}-{mine}-01"
    assert others.asked["own"]["tracestate"] == "caller=1"
    assert "baggage" not in others.asked["own"]
    assert others.asked["broken"]["baggage"] == "user=7"
    assert others.asked["broken"]["traceparent"].split("-")[2] == by_name["chat broken"].span_id.hex()

    assert {"traceparent", "tracestate", "baggage"}.isdisjoint(others.asked["foreign"])

    assert others.metrics.keys() >= {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}
    assert others.metrics["gen_ai.client.operation.duration"].unit == "s"
    assert sum(p.count for p in others.metrics["gen_ai.client.operation.duration"].histogram.data_points) == 3

    assert others.tokens == {TOKEN}
    assert TOKEN not in caplog.text


async def test_what_the_caller_does_not_sample_is_passed_on_and_not_sent(others: Others, tmp_path: Path) -> None:
    async with served(exporting(others.url, sample="100%"), others.url, tmp_path) as stub:
        await ask(stub, flags="00")
        await ask(stub, task="plain", flags="00")
    assert others.spans == []
    assert others.asked["own"]["traceparent"].startswith(f"00-{TRACE}-")
    assert others.asked["own"]["traceparent"].endswith("-00")
    assert {"traceparent", "tracestate", "baggage"}.isdisjoint(others.asked["foreign"])


async def test_without_a_collector_the_context_is_passed_on_as_it_came(others: Others, tmp_path: Path) -> None:
    async with served(CONFIG, others.url, tmp_path) as stub:
        await ask(stub)
    assert others.asked["own"]["traceparent"] == f"00-{TRACE}-{CALLER}-01"
    assert others.spans == []


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


async def test_a_collector_that_is_down_costs_a_line_for_each_signal(
    others: Others, nobody: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with served(exporting(nobody, sample="100%", timeout="200ms"), others.url, tmp_path) as stub:
        await ask(stub)
    said = [record.getMessage() for record in caplog.records if record.name == "pointsman.telemetry.otlp"]
    assert [line.partition(" and ")[0] for line in said] == [
        f"traces cannot be sent to {nobody}/v1/traces",
        f"metrics cannot be sent to {nobody}/v1/metrics",
    ]
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


async def test_calls_that_come_faster_than_they_are_sent_are_dropped(nobody: str) -> None:
    exporter = OtlpExporter(OtlpSettings(nobody), "1", CODES, GenAiMetrics())
    tracing = Tracing(1.0, exporter)
    for _ in range(QUEUE + 7):
        tracing.end(tracing.begin("Route", []), "OK")
    assert exporter.dropped == 7
