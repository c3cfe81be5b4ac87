"""The composition root: the only place that makes adapters and joins them to the engine."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from pointsman.chain.gates import build_gates
from pointsman.chain.loading import build_chain
from pointsman.config.settings import Account, Config
from pointsman.engine.panic import PanicAlarm
from pointsman.engine.probing import Prober
from pointsman.engine.retries import Retries
from pointsman.engine.route import Engine, World
from pointsman.engine.rules import Rules, Timers
from pointsman.engine.watch import Watchdog
from pointsman.http.door import HttpDoor
from pointsman.ledger.sqlite import SqliteLedger, SqliteOptions
from pointsman.ports import Ledger, Provider, Transport
from pointsman.providers.transport import AiohttpTransport
from pointsman.providers.wires import WIRES
from pointsman.rpc.server import DoorSettings, GrpcDoor
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.memory import MemoryStore
from pointsman.telemetry import names
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.providers import provider_states

log = logging.getLogger(__name__)


class App:
    """A whole server, for one event loop.

        async with App(config) as app:
            print(app.grpc_address)
            await stopped.wait()

    Lifecycle: 1. policies are built and entered; 2. ledger and transports open; 3. the doors open, gRPC last, so that
    SERVING means ready; 4. on leaving, running calls get `server.drain` seconds; 5. what ended is settled, the ledger
    committed and closed, then transports and policies.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
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
        chain, refused = build_chain(config.entries, config.catalogue)
        for refusal in refused:
            log.warning("running without it: %s", refusal)
        gates = build_gates(config.gates, config.catalogue)
        await self._enter_plugins([*chain.instances, *(loaded.gate for loaded in gates.values())])
        timeouts = config.timeouts
        rules = Rules.of(
            config.version,
            config.catalogue,
            chain,
            max_attempts=config.failover.max_attempts,
            strict_tags=config.strict_tags,
            compliance=config.compliance,
            timers=Timers(timeouts.connect, timeouts.first_content, timeouts.between_chunks),
            gates=gates,
            retries=Retries(config.failover.retries, config.failover.retry_budget),
            blocked_elsewhere=config.failover.blocked_elsewhere,
        )
        ledger = await self._ledger()
        health = HealthBook(clock, Random(), self._breakers(), config.catalogue.models.values())  # noqa: S311 - jitter
        world = World(await self._providers(), MemoryStore(clock, health), ledger, clock)
        await self._probe(world)
        watchdog = Watchdog()
        watchdog.start()
        self._stack.callback(watchdog.stop)
        metrics = Metrics(config.version)
        metrics.gauge(names.PROVIDER_STATE, lambda: provider_states(health.vitals({})))
        engine = Engine(rules, world, watchdog, (metrics, PanicAlarm(clock)))
        self._stack.push_async_callback(engine.drain)
        await self._open_doors(engine, metrics)

    async def _enter_plugins(self, instances: Iterable[object]) -> None:
        """Policies and gates with a lifecycle of their own are async context managers."""
        for instance in instances:
            if hasattr(instance, "__aenter__") and hasattr(instance, "__aexit__"):
                await self._stack.enter_async_context(instance)

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
            providers[name] = WIRES[account.wire](account.settings, transports[key])
        return providers

    def _transport(self, account: Account) -> Transport:
        if account.max_connections is None:
            transport = AiohttpTransport(ca_file=account.ca_file)
        else:
            transport = AiohttpTransport(ca_file=account.ca_file, per_host=account.max_connections)
        self._stack.push_async_callback(transport.aclose)
        return transport

    async def _open_doors(self, engine: Engine, metrics: Metrics) -> None:
        server = self.config.server
        door = GrpcDoor(
            engine,
            DoorSettings(
                address=server.grpc,
                max_concurrent_requests=server.max_concurrent_requests,
                default_deadline=server.default_deadline,
                max_deadline=server.max_deadline,
            ),
        )
        self._door = door
        metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): door.running})
        if server.http:
            http = HttpDoor(server.http, metrics, ready=lambda: door.serving)
            self.http_address = await http.start()
            self._stack.push_async_callback(http.stop)
        self.grpc_address = await door.start()
        self._stack.push_async_callback(door.stop, server.drain)
