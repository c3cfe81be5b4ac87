"""The composition root: the only place that makes adapters and joins them to the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from pointsman.chain.lifecycle import entered
from pointsman.config.load import load_catalogue
from pointsman.config.rules import Built, build_rules, load_supposed
from pointsman.config.settings import Account, Config
from pointsman.engine.explain import Explainer
from pointsman.engine.panic import PanicAlarm
from pointsman.engine.probing import Prober
from pointsman.engine.restore import restore
from pointsman.engine.route import Engine, World
from pointsman.engine.rules import Rules
from pointsman.engine.simulate import Simulator
from pointsman.engine.standings import Standings
from pointsman.engine.watch import Watchdog
from pointsman.errors import ConfigInvalid, PluginRefused, Problem
from pointsman.http.door import HttpDoor
from pointsman.ledger.sqlite import SqliteLedger, SqliteOptions
from pointsman.model.catalogue import Catalogue
from pointsman.ports import Clock, Ledger, Provider, StateStore, Transport
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.providers.transport import AiohttpTransport
from pointsman.providers.wires import WIRES
from pointsman.rpc.server import DoorSettings, GrpcDoor
from pointsman.rpc.service import Desk
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.memory import MemoryStore
from pointsman.telemetry import names
from pointsman.telemetry.budgets import BudgetGauge
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.providers import provider_states
from pointsman.telemetry.siblings import Siblings, Worker

log = logging.getLogger(__name__)


CONNECTION_AGE = 300.0
"""Seconds: the kernel spreads connections over workers, not calls, so that connections must not last for ever."""


class App:
    """A whole server, for one event loop.

    `lookup` resolves the hosts of providers; `clock` None: the system's; `worker` None: it is the only process.

        async with App(config) as app:
            print(app.grpc_address)
            await stopped.wait()

    Lifecycle: 1. policies are built and entered; 2. ledger and transports open, and budgets begin with what the ledger
    says; 3. the doors open, gRPC last, so that SERVING means ready; 4. on leaving, running calls get `server.drain`
    seconds; 5. what ended is settled, the ledger committed and closed, then transports and policies.
    """

    def __init__(
        self,
        config: Config,
        *,
        lookup: Lookup = system_lookup,
        clock: Clock | None = None,
        worker: Worker | None = None,
    ) -> None:
        self.config, self.worker = config, worker
        self._lookup, self._clock = lookup, clock or SystemClock()
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
        config, clock = self.config, self._clock
        built = build_rules(config)
        for refusal in built.refused:
            log.warning("running without it: %s", refusal)
        await self._stack.enter_async_context(entered(built.chain, built.rules.gates))
        ledger = await self._ledger()
        health = HealthBook(clock, Random(), self._breakers(), config.catalogue.models.values())  # noqa: S311 - jitter
        metrics = Metrics(config.version)
        world = World(await self._providers(), await self._store(health, metrics), ledger, clock)
        await self._probe(world)
        watchdog = Watchdog()
        watchdog.start()
        self._stack.callback(watchdog.stop)
        metrics.gauge(names.PROVIDER_STATE, lambda: provider_states(health.vitals({})))
        await restore(built.rules.budgets, ledger, world.store, clock.now())
        engine = Engine(built.rules, world, watchdog, (metrics, PanicAlarm(clock)))
        self._stack.push_async_callback(engine.drain)
        desk = _desk(engine, world)
        gauge = BudgetGauge(desk.standings.ratios)
        metrics.gauge(names.BUDGET_USED_RATIO, gauge.values, gauge.refresh)
        await self._open_doors(engine, desk, metrics)

    async def _ledger(self) -> Ledger:
        settings = self.config.ledger
        options = SqliteOptions(synchronous=settings.synchronous, prompts=settings.prompts)
        ledger = await SqliteLedger.open(Path(settings.path), options)
        self._stack.push_async_callback(ledger.aclose)
        await ledger.add_config(self.config.version, self.config.document)
        return ledger

    async def _store(self, health: HealthBook, metrics: Metrics) -> StateStore:
        options, clock = self.config.state, self._clock
        if options is None:
            return MemoryStore(clock, health)
        # Only here: it comes with an extra.
        from pointsman.stores.redis import RedisStore

        store = await self._stack.enter_async_context(RedisStore(options, clock, health))
        metrics.gauge(names.STATE_DEGRADED, lambda: {(): float(store.degraded)})
        return store

    def _breakers(self) -> BreakerSettings:
        return BreakerSettings(**self.config.health.model_dump())

    async def _probe(self, world: World) -> None:
        """Probe the providers that the configuration says so of."""
        probes = {name: account.probe for name, account in self.config.providers.items() if account.probe}
        if probes:
            prober = Prober(world.providers, probes, world.store)
            await self._stack.enter_async_context(prober.running())

    async def _providers(self) -> Mapping[str, Provider]:
        """Providers with the same connection settings share a transport, and so its pool."""
        transports: dict[tuple[str | None, int | None], Transport] = {}
        providers: dict[str, Provider] = {}
        for name, account in self.config.providers.items():
            key = (account.ca_file, account.max_connections)
            if key not in transports:
                transports[key] = self._transport(account)
            providers[name] = WIRES[account.wire](account.settings, transports[key])
        return providers

    def _transport(self, account: Account) -> Transport:
        if account.max_connections is None:
            transport = AiohttpTransport(ca_file=account.ca_file, lookup=self._lookup)
        else:
            transport = AiohttpTransport(ca_file=account.ca_file, per_host=account.max_connections, lookup=self._lookup)
        self._stack.push_async_callback(transport.aclose)
        return transport

    async def _open_doors(self, engine: Engine, desk: Desk, metrics: Metrics) -> None:
        server = self.config.server
        door = GrpcDoor(
            engine,
            desk,
            DoorSettings(
                address=server.grpc,
                max_concurrent_requests=server.max_concurrent_requests,
                default_deadline=server.default_deadline,
                max_deadline=server.max_deadline,
                shared=self.worker is not None,
                max_connection_age=self._connection_age(),
            ),
        )
        self._door = door
        metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): door.running})
        if server.http:
            siblings = await self._siblings(metrics)
            http = HttpDoor(server.http, metrics, lambda: door.serving, siblings)
            self.http_address = await http.start()
            self._stack.push_async_callback(http.stop)
        self.grpc_address = await door.start()
        self._stack.push_async_callback(door.stop, server.drain)

    async def _siblings(self, metrics: Metrics) -> Siblings | None:
        if self.worker is None:
            return None
        return await self._stack.enter_async_context(Siblings(self.worker, metrics))

    def _connection_age(self) -> float | None:
        age = self.config.server.max_connection_age
        return CONNECTION_AGE if age is None and self.worker else age


def _desk(engine: Engine, world: World) -> Desk:
    def active() -> Rules:
        return engine.rules

    async def read_catalogue(document: str) -> Catalogue:
        return await asyncio.to_thread(load_catalogue, document)

    return Desk(
        Explainer(active, world.ledger, read_catalogue),
        Simulator(active, world.store, world.clock, _opened),
        Standings(active, world.store, world.ledger, world.clock),
    )


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
