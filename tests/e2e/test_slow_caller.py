"""A caller that stops reading is cut off, told so, and holds nothing: while deltas come, and at the very end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc.aio
import pytest

from pointsman.app import App
from pointsman.config.load import load
from pointsman.sim import ModelSettings, SimSettings, serve
from pointsman.v1 import chat_pb2 as chat
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

pytestmark = pytest.mark.anyio

DOCUMENT = """\
providers: {p: {wire: openai}}
models: {m: {provider: p, upstream: UPSTREAM, tier: small, context: 4_000_000, price: {input: 1, output: 4}}}
tiers: [small]
tasks: {any: {route: m}}
default: any
server: {grpc: "127.0.0.1:0", http: "127.0.0.1:0"}
ledger: {path: "LEDGER"}
timeouts: {between_chunks: 1s}
auth: none
chain: [{use: routing}]
"""
# More than the transport's windows take before a write waits for the caller.
TOKENS = {"endless": 200_000, "large": 12_000}


@asynccontextmanager
async def server(upstream: str, directory: Path) -> AsyncIterator[App]:
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    models = {name: ModelSettings(output_tokens=tokens) for name, tokens in TOKENS.items()}
    settings = SimSettings(port=0, ttft_median=0.0, token_interval=0.0, models=models)
    simulator = asyncio.create_task(serve(settings, url.set_result))
    text = DOCUMENT.replace("UPSTREAM", upstream).replace("LEDGER", str(directory / "ledger.db"))
    async with App(load(text, {}, simulated=await url)) as app:
        yield app
    simulator.cancel()
    with suppress(asyncio.CancelledError):
        await simulator


@pytest.mark.parametrize(("upstream", "whole_message"), [("endless", False), ("large", True)])
async def test_a_caller_that_stops_reading(upstream: str, whole_message: bool, tmp_path: Path) -> None:
    message = chat.ChatMessage(role=chat.ROLE_USER, parts=[chat.ContentPart(text="Write a lot about railways")])
    request = wire.CompleteRequest(
        input=chat.CompletionInput(messages=[message]),
        stream_options=wire.StreamOptions(include_final_message=whole_message),
    )
    options = [("grpc.http2.bdp_probe", 0), ("grpc.max_receive_message_length", -1)]
    async with server(upstream, tmp_path) as app:
        channel = grpc.aio.insecure_channel(app.grpc_address, options=options)
        async with channel, asyncio.timeout(20):
            call = RouterServiceStub(channel).Complete(request, timeout=60)
            first = await call.read()
            assert isinstance(first, wire.CompleteResponse)
            assert first.HasField("decision")
            while app.running:  # noqa: ASYNC110 - the server tells nobody that a handler has ended
                await asyncio.sleep(0.05)
            with suppress(grpc.aio.AioRpcError):
                while await call.read() is not grpc.aio.EOF:
                    pass
            assert await call.code() is grpc.StatusCode.ABORTED
            assert await call.details() == "the caller took nothing for 1 s"
