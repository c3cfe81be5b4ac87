"""The contract of the Provider port over real sockets: another wire is another entry of WIRED."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
from aiohttp import web

from pointsman.model.catalogue import Model, Price
from pointsman.model.decision import Estimate, Shaped
from pointsman.model.request import Message, Request, Role, Text
from pointsman.ports import HttpRequest, Limits, Provider, ProviderCall
from pointsman.providers.settings import ProviderSettings
from pointsman.providers.transport import AiohttpTransport
from pointsman.providers.wires import WIRES
from pointsman.sim import CallRecord, SimSettings, create_app

KEY = "sk-canary-0123456789"
LIMITS = Limits(connect=20, headers=20, idle=20, total=40)

# Where the API of each wire begins at a simulated provider.
BASES = {"openai": "/v1", "openai-responses": "/v1", "anthropic": "", "gemini": "/v1beta"}
WIRED = [pytest.param(wire, id=wire) for wire in BASES]


class _Active(msgspec.Struct):
    count: int
    calls: list[CallRecord]


@dataclass
class World:
    """Providers on one wire, all of them the simulator at `url`, and the calls that it saw end."""

    url: str
    wire: str
    transport: AiohttpTransport
    runner: web.AppRunner
    ended: asyncio.Queue[CallRecord]

    def provider(self, name: str = "openai", *, api_key: str = KEY, max_event_bytes: int = 1 << 20) -> Provider:
        base_url = f"{self.url}/{name}{BASES[self.wire]}"
        settings = ProviderSettings(
            provider=name, base_url=base_url, api_key=api_key, max_event_bytes=max_event_bytes, max_body=1 << 20
        )
        return WIRES[self.wire](settings, self.transport)

    def connections(self) -> list[object]:
        """The connections that the simulator has open."""
        assert self.runner.server is not None
        return list(self.runner.server.connections)

    async def last(self) -> CallRecord:
        """The next call that the simulator sees end."""
        return await asyncio.wait_for(self.ended.get(), 5)

    async def until_active(self, tokens: int = 0) -> None:
        """Wait until the simulator has a call in flight that has sent so many tokens."""
        async with asyncio.timeout(5):
            while not any(call.tokens >= tokens for call in (await self.active()).calls):
                pass

    async def fail(self, faults: dict[str, str]) -> None:
        """The simulator's faults of providers, from now on."""
        body = msgspec.json.encode(faults)
        await self.transport.request(HttpRequest("PUT", f"{self.url}/sim/faults", {}, body), Limits(), 1 << 20)

    async def active(self) -> _Active:
        answer = await self.transport.request(HttpRequest("GET", f"{self.url}/sim/active"), Limits(), 1 << 20)
        return msgspec.json.decode(answer.body, type=_Active)


@pytest.fixture(params=WIRED)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    ended: asyncio.Queue[CallRecord] = asyncio.Queue()
    app = create_app(SimSettings(ttft_median=0, token_interval=0), ended.put_nowait)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with AiohttpTransport() as transport:
        yield World(url, request.param, transport, runner, ended)
    await runner.cleanup()


def calling(
    model: str = "sim-small", request: Request | None = None, limits: Limits = LIMITS, limit: int | None = None
) -> ProviderCall:
    """A call of an upstream model, of one whose name is a fault for instance."""
    question = Request(messages=(Message(Role.USER, (Text("Explain how tides work, in a few sentences."),)),))
    target = Model(id=model, provider="p", upstream=model, tier="small", context=0, price=Price(0, 0))
    return ProviderCall(target, request or question, Shaped(model, limit, None, "", Estimate(0, 0, 0, 0)), limits)
