"""The composition root: the only place that makes adapters and joins them to the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from pointsman.chain.lifecycle import entered
from pointsman.config.load import load_catalogue
from pointsman.config.rules import Built, build_rules, load_supposed
from pointsman.config.settings import Account, Config
from pointsman.engine.explain import Explainer
from pointsman.engine.observe import Observer
from pointsman.engine.panic import PanicAlarm
from pointsman.engine.probing import Prober
from pointsman.engine.route import Engine, World
from pointsman.engine.rules import Rules
from pointsman.engine.simulate import Simulator
from pointsman.engine.watch import Watchdog
from pointsman.errors import ConfigInvalid, PluginRefused, Problem
from pointsman.http.door import HttpDoor
from pointsman.ledger.sqlite import SqliteLedger, SqliteOptions
from pointsman.model.catalogue import Catalogue
from pointsman.ports import Ledger, Provider, Transport
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.providers.transport import AiohttpTransport
from pointsman.providers.wires import WIRES
from pointsman.rpc.server import DoorSettings, GrpcDoor
from pointsman.rpc.service import Desk
from pointsman.rpc.sight import Sight
from pointsman.rpc.status import CODES
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.memory import MemoryStore
from pointsman.telemetry import names
from pointsman.telemetry.genai import GenAiMetrics
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.propagation import Propagating
from pointsman.telemetry.providers import provider_states
from pointsman.telemetry.requests import RequestLog
from pointsman.telemetry.tracing import Tracing

log = logging.getLogger(__name__)


class App:
    """A whole server, for one event loop. `lookup` resolves the hosts of providers.

        async with App(config) as app:
            print(app.grpc_address)
            await stopped.wait()

    Lifecycle: 1. policies are built and entered; 2. ledger and transports open; 3. the doors open, gRPC last, so that
    SERVING means ready; 4. on leaving, running calls get `server.drain` seconds; 5. what ended is settled, the ledger
    committed and closed, then transports and policies.
    """

    def __init__(self, config: Config, *, lookup: Lookup = system_lookup) -> None:
        self.config, self._lookup = config, lookup
        self.grpc_address = self.http_address = ""
        self._door: GrpcDoor | None = None
        self._stack = AsyncExitStack()

    @property
    def running(self) -> int:
        """Calls under way."""
        return self._door.running if self._door else 0

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        config, clock = self.config, SystemClock()
        built = build_rules(config)
        for refusal in built.refused:
            log.warning("running without it: %s", refusal)
        await self._stack.enter_async_context(entered(built.chain, built.rules.gates))
        ledger = await self._ledger()
        health = HealthBook(clock, Random(), self._breakers(), config.catalogue.models.values())  # noqa: S311 - jitter
        world = World(await self._providers(), MemoryStore(clock, health), ledger, clock)
        await self._probe(world)
        watchdog = Watchdog()
        watchdog.start()
        self._stack.callback(watchdog.stop)
        metrics = Metrics(config.version, CODES)
        metrics.gauge(names.PROVIDER_STATE, lambda: provider_states(health.vitals({})))
        tracing, observers = self._sight(metrics)
        engine = Engine(built.rules, world, watchdog, (metrics, PanicAlarm(clock), *observers))
        self._stack.push_async_callback(engine.drain)
        await self._open_doors(engine, _desk(engine, world), metrics, tracing)

    def _sight(self, metrics: Metrics) -> tuple[Tracing | None, Sequence[Observer]]:
        """What the configuration wants to see of requests beside the metrics; what it does not want costs nothing."""
        otlp, log_of = self.config.otlp, self.config.log.requests
        observers: list[Observer] = []
        tracing: Tracing | None = None
        if otlp:
            # Here, because it imports what only the extra `otel` brings.
            from pointsman.telemetry.otlp import OtlpExporter

            genai = GenAiMetrics()
            exporter = OtlpExporter(otlp, version("pointsman"), CODES, genai)
            exporter.start()
            self._stack.push_async_callback(asyncio.to_thread, exporter.stop)
            metrics.gauge(names.TRACES_DROPPED, lambda: {(): exporter.dropped})
            tracing = Tracing(otlp.sample, exporter)
            observers += [genai, tracing]
        elif log_of != "off" or any(account.propagate != "none" for account in self.config.providers.values()):
            tracing = Tracing(None)
        if log_of != "off":
            observers.append(RequestLog(log_of))
        return tracing, observers

    async def _ledger(self) -> Ledger:
        settings = self.config.ledger
        options = SqliteOptions(synchronous=settings.synchronous, prompts=settings.prompts)
        ledger = await SqliteLedger.open(Path(settings.path), options)
        self._stack.push_async_callback(ledger.aclose)
        await ledger.add_config(self.config.version, self.config.document)
        return ledger

    def _breakers(self) -> BreakerSettings:
        return BreakerSettings(**self.config.health.model_dump())

    async def _probe(self, world: World) -> None:
        """Probe the providers that the configuration says so of."""
        probes = {name: account.probe for name, account in self.config.providers.items() if account.probe}
        if probes:
            prober = Prober(world.providers, probes, world.store, self.config.catalogue)
            await self._stack.enter_async_context(prober.running())

    async def _providers(self) -> Mapping[str, Provider]:
        """Providers with the same connection settings share a transport, and so its pool."""
        transports: dict[tuple[str | None, int | None], Transport] = {}
        providers: dict[str, Provider] = {}
        for name, account in self.config.providers.items():
            key = (account.ca_file, account.max_connections)
            if key not in transports:
                transports[key] = self._transport(account)
            provider = WIRES[account.wire](account.settings, transports[key])
            propagate = account.propagate
            providers[name] = provider if propagate == "none" else Propagating(provider, propagate)
        return providers

    def _transport(self, account: Account) -> Transport:
        if account.max_connections is None:
            transport = AiohttpTransport(ca_file=account.ca_file, lookup=self._lookup)
        else:
            transport = AiohttpTransport(ca_file=account.ca_file, per_host=account.max_connections, lookup=self._lookup)
        self._stack.push_async_callback(transport.aclose)
        return transport

    async def _open_doors(self, engine: Engine, desk: Desk, metrics: Metrics, tracing: Tracing | None) -> None:
        server = self.config.server
        door = GrpcDoor(
            engine,
            desk,
            DoorSettings(
                address=server.grpc,
                max_concurrent_requests=server.max_concurrent_requests,
                default_deadline=server.default_deadline,
                max_deadline=server.max_deadline,
            ),
            Sight(metrics.request_ended, tracing),
        )
        self._door = door
        metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): door.running})
        if server.http:
            http = HttpDoor(server.http, metrics, ready=lambda: door.serving)
            self.http_address = await http.start()
            self._stack.push_async_callback(http.stop)
        self.grpc_address = await door.start()
        self._stack.push_async_callback(door.stop, server.drain)


def _desk(engine: Engine, world: World) -> Desk:
    def active() -> Rules:
        return engine.rules

    async def read_catalogue(document: str) -> Catalogue:
        return await asyncio.to_thread(load_catalogue, document)

    return Desk(Explainer(active, world.ledger, read_catalogue), Simulator(active, world.store, world.clock, _opened))


@asynccontextmanager
async def _opened(document: str, active: Rules) -> AsyncIterator[Rules]:
    """The rules of a document to simulate; of the providers that it shares with those active, the same are disabled."""

    def build() -> Built:
        return build_rules(load_supposed(document, active.disabled_providers))

    try:
        # Off the event loop: reading, importing and building take as long as a start does.
        built = await asyncio.to_thread(build)
        async with entered(built.chain, built.rules.gates):
            yield built.rules
    except PluginRefused as refused:
        raise ConfigInvalid([Problem("chain", str(refused))]) from refused
