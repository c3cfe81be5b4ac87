"""Rows 46 to 48: strangers, junk names, and tenants who reach for what is another's."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from google.protobuf.json_format import ParseDict
from grpc import StatusCode
from grpc.aio import AioRpcError, Channel
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.faults.caller import Caller, Question
from tests.faults.conftest import Start
from tests.faults.documents import document, keyed
from tests.faults.world import HEALTHY, World
from tests.unit.access.keyfiles import add

from pointsman.ledger.reading import reading
from pointsman.model.caller import Permission
from pointsman.rpc.client.failure_from_wire import failure_from_wire
from pointsman.v1 import admin_service_pb2 as admin
from pointsman.v1 import feedback_service_pb2 as feedback
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

pytestmark = pytest.mark.anyio

PINNED = "  - {use: pinning}\n"
SQL = "Bearer ' OR 1=1; DROP TABLE decisions; --"
AT_ONCE = 250
JUNK = 10_000

Header = tuple[tuple[str, str], ...]


def bearer(token: str) -> Header:
    return (("authorization", f"Bearer {token}"),)


def as_key(world: World, token: str) -> Caller:
    """Another caller of the same server."""
    caller = Caller(world.app.grpc_address)
    caller.metadata = bearer(token)
    return caller


def batch(hints: Sequence[dict[str, Any]]) -> wire.RouteBatchRequest:
    content = {"messages": [{"role": "ROLE_USER", "parts": [{"text": "Hello"}]}]}
    return ParseDict({"requests": [{"input": content, "hints": row} for row in hints]}, wire.RouteBatchRequest())


async def failed(call: Any) -> tuple[StatusCode, str]:
    with pytest.raises(AioRpcError) as caught:
        await call
    error: Any = caught.value
    return error.code(), failure_from_wire(error).reason


# Stubs are not typed.
def every_method(channel: Channel) -> list[tuple[Any, Any]]:
    """Each method that answers whole, with an empty request of it."""
    router, operator = RouterServiceStub(channel), AdminServiceStub(channel)
    return [
        (router.Route, wire.RouteRequest()),
        (router.RouteBatch, wire.RouteBatchRequest()),
        (router.CompleteUnary, wire.CompleteUnaryRequest()),
        (operator.ListModels, admin.ListModelsRequest()),
        (operator.ListProviderHealth, admin.ListProviderHealthRequest()),
        (operator.Explain, admin.ExplainRequest()),
        (operator.Simulate, admin.SimulateRequest()),
    ]


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "CREDENTIALS_MISSING"),
        ((("authorization", "Basic YWNtZTphY21l"),), "CREDENTIALS_MISSING"),
        ((("authorization", SQL),), "CREDENTIALS_INVALID"),
        (bearer(f"pm_0123456789ab_{'0' * 64}"), "CREDENTIALS_INVALID"),
    ],
    ids=["none", "basic", "sql", "unknown"],
)
async def test_row_47_without_a_key_nothing_is_said_and_nothing_kept(
    start: Start, tmp_path: Path, metadata: Header, reason: str
) -> None:
    token = add(tmp_path / "keys.jsonl")
    world = await start(keyed(document(), tmp_path / "keys.jsonl"))
    world.caller.metadata = metadata
    for reply in await world.caller.ask_both(Question()):
        assert (reply.code, reply.reason) == (StatusCode.UNAUTHENTICATED, reason)
    for method, request in every_method(world.caller.channel):
        assert await failed(method(request, metadata=metadata)) == (StatusCode.UNAUTHENTICATED, reason)
    garbage: Any = world.caller.channel.unary_unary("/pointsman.v1.RouterService/Route")
    assert await failed(garbage(b"\xff\xff", metadata=metadata)) == (StatusCode.UNAUTHENTICATED, reason)
    health = health_pb2_grpc.HealthStub(world.caller.channel)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
    assert world.records() == []
    assert await world.simulator.ended() == []
    assert f'pointsman_unauthenticated_total{{reason="{reason}"}} 10.0'.encode() in await world.metrics()
    world.caller.metadata = bearer(token)
    await world.check_afterwards(unrecorded=2)


async def test_row_48_what_is_anothers_stays_theirs(start: Start, tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    ours, theirs = add(keys, Permission.OVERRIDE), add(keys, Permission.OVERRIDE, tenant="other")
    reserved = "  reserved: {provider: second, upstream: sim-standby, tier: upper, context: 100_000, tenants: [acme], "
    text = document(models=f"{reserved}price: {{input: 3, output: 12}}}}\n", extra=PINNED)
    world = await start(keyed(text, keys))
    world.caller.metadata = bearer(ours)
    for _ in range(2):
        first = await world.caller.ask(Question(session="s"), streamed=False)
        assert first.finish.served_by.model == "failing"
    spent = [record for record in world.records() if record.request.tenant == "acme"]

    other = as_key(world, theirs)
    for question in (Question(session="s", tenant="acme", task="healthy"), Question(model="reserved")):
        for reply in await other.ask_both(question):
            assert (reply.code, reply.reason) == (StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    # The same name is another session with them, and pinned elsewhere.
    own = await other.ask(Question(session="s", task="healthy"), streamed=False)
    assert own.finish.served_by.model == "healthy"
    operator = AdminServiceStub(world.caller.channel)
    for decision in (first.decision_id, "there-is-none"):
        asked = operator.Explain(admin.ExplainRequest(decision_id=decision), metadata=bearer(theirs))
        assert await failed(asked) == (StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    listed = await operator.ListModels(admin.ListModelsRequest(), metadata=bearer(theirs))
    assert [model.model for model in listed.models] == ["failing", "healthy"]
    await other.close()

    assert [record for record in world.records() if record.request.tenant == "acme"] == spent
    again = await world.caller.ask(Question(session="s", task="healthy"), streamed=False)
    assert again.finish.served_by.model == "failing"
    assert {record.request.tenant for record in world.records()} == {"acme", "other"}
    assert {record.request.key for record in world.records()} == {token.split("_")[1] for token in (ours, theirs)}
    explained = await operator.Explain(admin.ExplainRequest(decision_id=first.decision_id), metadata=bearer(ours))
    assert explained.decision.decision_id == first.decision_id


async def test_what_all_are_routed_by_is_not_for_everybody_to_say(start: Start, tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    plain, reporter = add(keys, Permission.OVERRIDE), add(keys, Permission.REPORT)
    world = await start(keyed(document(), keys))
    routed = RouterServiceStub(world.caller.channel).Route(batch([{}]).requests[0], metadata=bearer(plain))
    outcome = feedback.ReportOutcomeRequest(decision_id=(await routed).decision.decision_id)
    report = FeedbackServiceStub(world.caller.channel).ReportOutcome
    refused = await failed(report(outcome, metadata=bearer(plain)))
    assert refused == (StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
    assert not (await report(outcome, metadata=bearer(reporter))).known_already


@pytest.mark.parametrize("open_to_all", [False, True], ids=["guarded", "open"])
async def test_metrics_that_other_machines_reach_need_an_admin(start: Start, tmp_path: Path, open_to_all: bool) -> None:
    keys = tmp_path / "keys.jsonl"
    plain, operator = add(keys), add(keys, Permission.ADMIN)
    text = keyed(document(), keys).replace('http: "127.0.0.1:0"', 'http: "0.0.0.0:0"')
    world = await start(text.replace(f'"{keys}"', f'"{keys}", metrics: open') if open_to_all else text)
    statuses = []
    async with ClientSession(f"http://{world.app.http_address}") as http:
        for token in ("", plain, operator):
            async with http.get("/metrics", headers=dict(bearer(token)) if token else {}) as answer:
                statuses.append(answer.status)
    assert statuses == ([200, 200, 200] if open_to_all else [401, 403, 200])


# Ten thousand rows take their time, and which loop writes them makes no difference to what stays.
@pytest.mark.parametrize("anyio_backend", [pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop")])
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["models", "tenants"])
async def test_row_46_junk_names(start: Start, tmp_path: Path, kind: str) -> None:
    keys = tmp_path / "keys.jsonl"
    token = add(keys, Permission.OVERRIDE)
    world = await start(keyed(document(), keys))
    world.caller.metadata = bearer(token)
    codes = {"models": StatusCode.NOT_FOUND.value[0], "tenants": StatusCode.PERMISSION_DENIED.value[0]}
    await ask_for_junk(world, kind, 0, AT_ONCE)
    series, names = await count_series(world), names_kept()
    for first in range(AT_ONCE, JUNK, AT_ONCE):
        assert await ask_for_junk(world, kind, first, AT_ONCE) == {codes[kind]}
    assert await count_series(world) == series
    assert names_kept() <= names + AT_ONCE
    reply = await world.caller.ask(HEALTHY, streamed=True)
    assert (reply.code, reply.finish.served_by.model) == (StatusCode.OK, "healthy")
    with reading(world.ledger) as connection:
        kept = connection.execute("SELECT status, count(*) FROM decisions GROUP BY status ORDER BY status").fetchall()
    assert kept == [("OK", 1), ("UNKNOWN_MODEL", JUNK)][: 1 + (kind == "models")]
    assert await world.leaks() == []


async def ask_for_junk(world: World, kind: str, first: int, count: int) -> set[int]:
    """The codes that so many requests of names that do not exist end with."""
    names = [f"junkname{number}" for number in range(first, first + count)]
    hints = [{"tenant": name} if kind == "tenants" else {"model_override": {"model": name}} for name in names]
    answer = await RouterServiceStub(world.caller.channel).RouteBatch(batch(hints), metadata=world.caller.metadata)
    return {item.error.code for item in answer.items}


async def count_series(world: World) -> int:
    return sum(b"pointsman_" in line for line in (await world.metrics()).splitlines() if not line.startswith(b"#"))


def names_kept() -> int:
    """How many of the names are still anywhere in this process."""
    gc.collect()
    kept = {
        id(text)
        for held in gc.get_objects()
        for text in gc.get_referents(held)
        # By its very type: other tests leave objects about that raise when they are asked what they are.
        if type(text) is str and "junkname" in text
    }
    return len(kept)
