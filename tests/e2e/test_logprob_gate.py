"""The gate `logprob` through a whole server: providers are asked how likely they hold their words, and believed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pointsman.app import App
from pointsman.config.load import load
from pointsman.model.request import Hints, Message, Mode, Request, Role, Text
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import UsageView
from pointsman.sim import ModelSettings, SimSettings, serve

CONFIG = """\
providers:
  first: {wire: WIRE, api_key: "${KEY}", base_url: "URL/first/v1"}
  second: {wire: openai, api_key: "${KEY}", base_url: "URL/second/v1"}
models:
  good: {provider: first, upstream: sim-good, tier: small, context: 100_000, price: {input: 1, output: 4}}
  weak: {provider: first, upstream: sim-weak, tier: small, context: 100_000, price: {input: 1, output: 4}}
  strong: {provider: second, upstream: sim-strong, tier: large, context: 100_000, price: {input: 3, output: 12}}
tiers: [small, large]
gates:
  sure: {use: logprob, with: {min: -0.2}}
tasks:
  easy: {route: good, gate: sure}
  hard: {route: weak, gate: sure}
  plain: {route: good}
default: plain
auth: none
chain: [{use: override}, {use: tags}, {use: routing}, {use: cascade}]
server: {grpc: "127.0.0.1:0", http: "off"}
ledger: {path: "LEDGER"}
"""


@pytest.fixture
async def simulator() -> AsyncIterator[str]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    models = {"sim-weak": ModelSettings(quality=0)}
    settings = SimSettings(port=0, ttft_median=0, token_interval=0, drain=0, models=models)
    serving = asyncio.create_task(serve(settings, ready.set_result))
    yield await ready
    serving.cancel()
    await asyncio.wait([serving])


async def ask(app: App, task: str) -> list[tuple[str, str]]:
    """The models that were asked, each with what the gate said of its answer."""
    asked = Message(Role.USER, (Text("Explain how tides work."),))
    request = Request(messages=(asked,), hints=Hints(task=task, mode=Mode.BALANCED))

    def call() -> list[tuple[str, str]]:
        with Client(app.grpc_address) as client:
            events = list(client.stream(request, timeout=20))
        (usage,) = [event for event in events if isinstance(event, UsageView)]
        return [(attempt.model, attempt.gate) for attempt in usage.attempts]

    return await asyncio.to_thread(call)


@pytest.mark.parametrize("wire", ["openai", "openai-responses"])
async def test_who_is_sure_of_its_words_answers_and_who_is_not_is_not_heard(
    simulator: str, wire: str, tmp_path: Path
) -> None:
    text = CONFIG.replace("WIRE", wire).replace("URL", simulator).replace("LEDGER", str(tmp_path / "ledger.db"))
    async with App(load(text, {"KEY": "any"})) as app:
        assert await ask(app, "plain") == [("good", "")]
        assert await ask(app, "easy") == [("good", "sure: good")]
        turned_down, served = await ask(app, "hard")
    assert turned_down[0] == "weak"
    assert turned_down[1].startswith("sure: "), turned_down
    assert "log-probability of -" in turned_down[1]
    assert served == ("strong", "")
