"""A whole server on free ports, over simulated providers: for a test of what callers see."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pointsman.app import App
from pointsman.config.load import load
from pointsman.config.reload import Origin
from pointsman.config.settings import Config
from pointsman.model.catalogue import Model, Task
from pointsman.model.request import Request
from pointsman.rpc.client.access import Access
from pointsman.rpc.client.calls import Client
from pointsman.rpc.client.views import DecisionView, StreamEvent
from pointsman.sim import SimSettings, serve
from pointsman.testing.builders import make_catalogue, make_request

T = TypeVar("T")
# A chain entry as YAML gives it.
Row = Mapping[str, Any]

_STANDARD = ("override", "tags", "limits", "feasibility", "routing")
_FREE = "127.0.0.1:0"


def make_config(*first: str | Row) -> str:
    """A configuration in YAML: `first`, then the standard policies, over what is in `make_catalogue`.

    make_config({"use": "acme-policy", "with": {"opens": 9}})
    """
    catalogue = make_catalogue()
    document = {
        "providers": {name: {"wire": "openai", "api_key": "${SIMULATED}"} for name in sorted(catalogue.providers())},
        "models": {id: _model(model) for id, model in catalogue.models.items()},
        "tiers": catalogue.tiers,
        "tasks": {name: _task(task) for name, task in catalogue.tasks.items()},
        "tags": catalogue.tags,
        "default": catalogue.default_task,
        "chain": [{"use": row} if isinstance(row, str) else row for row in (*first, *_STANDARD)],
        "auth": "none",
    }
    # JSON is YAML, and needs no thought about quotes.
    return json.dumps(document, indent=2)


def _model(model: Model) -> Row:
    return {
        "provider": model.provider,
        "upstream": model.upstream,
        "tier": model.tier,
        "context": model.context,
        "price": {"input": model.price.input / 1e9, "output": model.price.output / 1e9},
        "capabilities": sorted(model.capabilities),
        "regions": sorted(model.regions),
        "aliases": model.aliases,
    }


def _task(task: Task) -> Row:
    limits = {"max_output_tokens": task.max_output_tokens, "min_output_tokens": task.min_output_tokens}
    return {"route": task.route} | {name: limit for name, limit in limits.items() if limit is not None}


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`address` is gRPC's, `http` that of metrics, `api` of the HTTP API; `simulator` is the URL that stands for every
    provider.

    Any client may call it. `route` and `complete` are for tests that run on an event loop, the server's own or another;
    where the configuration has `auth`, they bring the API key `key`.
    """

    address: str
    http: str
    simulator: str
    ledger: Path
    config: Config
    api: str = ""

    async def route(self, request: Request | str, key: str = "") -> DecisionView:
        """What the server decides, with every policy's verdict. Raises `CallFailed`."""
        return await self._call(lambda client: client.route(_request(request), 10), key)

    async def complete(self, request: Request | str, key: str = "") -> list[StreamEvent]:
        """All events of one streamed answer. Raises `CallFailed`."""
        return await self._call(lambda client: list(client.stream(_request(request), timeout=10)), key)

    async def _call(self, call: Callable[[Client], T], key: str) -> T:
        def ask() -> T:
            with Client(self.address, Access(key)) as client:
                return call(client)

        return await asyncio.to_thread(ask)


@asynccontextmanager
async def running_server(
    config: Path | str | None = None,
    *,
    faults: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    simulator: SimSettings | None = None,
) -> AsyncIterator[RunningServer]:
    """Run a configuration: a file, YAML text, or None for `make_config()`. No key is needed, no port is fixed.

    `faults` are the simulator's, by provider or `provider/model`, such as {"openai": "http-503"}; `simulator` is how it
    paces its answers, unset: at once. Raises ConfigInvalid
    and PluginRefused as `pointsman serve` does.

        async with running_server(make_config("acme-policy")) as server:
            assert (await server.route("Please.")).decided_by == "acme-policy"
    """
    pace = simulator or SimSettings(ttft_median=0, token_interval=0)
    settings = replace(pace, port=0, drain=0, faults=faults or {})
    with tempfile.TemporaryDirectory(prefix="pointsman-testing-") as directory:
        ledger = Path(directory) / "ledger.db"
        async with _simulator(settings) as url:
            given = os.environ if environ is None else environ

            def read(document: Path | str) -> Config:
                return _placed(load(document, given, simulated=url), ledger)

            loaded = read(make_config() if config is None else config)
            origin = Origin(config, read) if isinstance(config, Path) else None
            async with App(loaded, origin) as app:
                yield RunningServer(app.grpc_address, app.http_address, url, ledger, loaded, app.api_address)


@asynccontextmanager
async def _simulator(settings: SimSettings) -> AsyncIterator[str]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(_serving(serve(settings, ready.set_result), ready))
    try:
        yield await ready
    finally:
        serving.cancel()
        await asyncio.wait({serving})


async def _serving(serving: Coroutine[Any, Any, None], ready: asyncio.Future[str]) -> None:
    try:
        await serving
    # Whoever waits for the URL hears of it; nobody else could.
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)


def _placed(config: Config, ledger: Path) -> Config:
    """On free ports of this machine, its ledger in a directory that goes away; without `auth`, for everybody."""
    server = config.server.model_copy(update={"grpc": _FREE, "http": _FREE, "api": _FREE, "drain": 1.0})
    ledger_settings = config.ledger.model_copy(update={"path": str(ledger), "url": None})
    return replace(config, auth=config.auth or "none", server=server, ledger=ledger_settings)


def _request(asked: Request | str) -> Request:
    return make_request(asked) if isinstance(asked, str) else asked
