"""One provider of two fails under load, and comes back: nobody who could be served notices."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence

import grpc.aio

from pointsman.rpc.client.calls import Client
from pointsman.testing import RunningServer, running_server
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

DOCUMENT = """
providers:
  one: {{wire: openai, api_key: "${{KEY}}"{probe}}}
  two: {{wire: openai, api_key: "${{KEY}}"}}
models:
  first:  {{provider: one, upstream: a, tier: only, context: 100_000, price: {{input: 1, output: 1}}}}
  second: {{provider: two, upstream: b, tier: only, context: 100_000, price: {{input: 2, output: 2}}}}
tiers: [only]
tasks: {{any: {{route: only}}}}
default: any
health: {{{health}}}
chain: [{{use: health}}, {{use: routing}}]
"""
REQUESTS, AT_ONCE = 1000, 40
PATIENCE = 15.0
"""Seconds: only a test that fails waits so long."""


class Load:
    """Callers, and what became of their calls."""

    def __init__(self, server: RunningServer, stub: RouterServiceStub) -> None:
        self._server, self._stub = server, stub
        self.served: Counter[str] = Counter()
        self.attempts = 0

    async def ask(self, requests: int) -> None:
        left = iter(range(requests))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, requests)):
                group.create_task(self._caller(left))

    async def _caller(self, left: Iterator[int]) -> None:
        # One iterator for all of them: each takes the next request that nobody has taken.
        for _ in left:
            request = wire.CompleteRequest()
            request.input.messages.add(role="ROLE_USER").parts.add(text="Hello")
            async for event in self._stub.Complete(request, timeout=PATIENCE):
                if event.HasField("usage"):
                    self.attempts += len(event.usage.attempts)
                if event.HasField("finish"):
                    self.served[event.finish.served_by.model] += 1

    async def until_served_by(self, model: str) -> None:
        async with asyncio.timeout(PATIENCE):
            before = self.served[model]
            while self.served[model] == before:
                await self.ask(1)

    async def state(self, provider: str) -> str:
        def look() -> str:
            with Client(self._server.address) as client:
                return client.health([provider])[0].state

        return await asyncio.to_thread(look)

    async def fail(self, faults: dict[str, str]) -> None:
        """The simulator's faults, for calls from now on."""
        body = json.dumps(faults).encode()
        request = urllib.request.Request(f"{self._server.simulator}/sim/faults", body, method="PUT")  # noqa: S310
        (await asyncio.to_thread(urllib.request.urlopen, request)).close()


async def test_one_provider_of_two_goes_down_under_load_and_comes_back() -> None:
    document = DOCUMENT.format(probe="", health="open_for: 300ms, open_max: 600ms")
    async with running_server(document) as server, grpc.aio.insecure_channel(server.address) as channel:
        load = Load(server, RouterServiceStub(channel))
        await load.ask(50)
        assert load.served == {"first": 50}

        await load.fail({"one": "http-503"})
        await load.ask(REQUESTS)
        assert load.served.total() == 50 + REQUESTS
        assert load.served == {"first": 50, "second": REQUESTS}
        assert load.attempts <= 50 + 1.2 * REQUESTS
        assert await load.state("one") in ("down", "probing")
        assert await load.state("two") == "up"

        await load.fail({})
        await load.until_served_by("first")
        for _ in range(3):
            await load.until_served_by("first")
        assert await load.state("one") == "up"
        load.served.clear()
        await load.ask(50)
        assert load.served == {"first": 50}


async def test_a_probe_notices_that_it_is_back() -> None:
    probe = ", probe: {every: 50ms, timeout: 2s}"
    document = DOCUMENT.format(probe=probe, health="open_for: 1h, open_max: 1h, consecutive_failures: 2")
    async with (
        running_server(document, faults={"one": "http-503"}) as server,
        grpc.aio.insecure_channel(server.address) as channel,
    ):
        load = Load(server, RouterServiceStub(channel))
        await load.ask(10)
        assert (load.served, await load.state("one")) == ({"second": 10}, "down")
        await load.fail({})
        await load.until_served_by("first")


async def test_everything_is_down_and_each_request_tries_once() -> None:
    document = DOCUMENT.format(probe="", health="open_for: 1h, open_max: 1h") + "failover: {retries: 0}\n"
    async with running_server(document, faults={"one": "http-503", "two": "http-503"}) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = RouterServiceStub(channel)
            codes = [await _code(stub) for _ in range(30)]
            assert set(codes) == {grpc.StatusCode.UNAVAILABLE}
            log = await asyncio.to_thread(_log, server)
            # Five that opened each breaker, by two attempts each; then one attempt a request.
            assert Counter(log) == {"one": 5 + 25, "two": 5}
        metrics = (await asyncio.to_thread(_get, f"http://{server.http}/metrics")).decode()
    assert "pointsman_panic_decisions_total 25.0" in metrics
    assert 'pointsman_provider_state{provider="one",state="down"} 1.0' in metrics
    assert 'pointsman_provider_state{provider="one",state="up"} 0.0' in metrics


async def _code(stub: RouterServiceStub) -> grpc.StatusCode:
    request = wire.CompleteUnaryRequest()
    request.input.messages.add(role="ROLE_USER").parts.add(text="Hello")
    try:
        await stub.CompleteUnary(request, timeout=PATIENCE)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def _log(server: RunningServer) -> Sequence[str]:
    return [call["provider"] for call in json.loads(_get(f"{server.simulator}/sim/log"))]


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - a URL of our own
        data: bytes = answer.read()
    return data
