"""The composition root: the only place that makes adapters and joins them to the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from pointsman.access.keyring import Keyring
from pointsman.config.adoption import Adoption, api_settings, breaker_settings, door_settings
from pointsman.config.connections import Connections
from pointsman.config.database import ledger_options
from pointsman.config.doors import check_doors, is_loopback
from pointsman.config.generation import Generation, open_generation
from pointsman.config.load import load_catalogue
from pointsman.config.reload import Origin, Reloader, Seams
from pointsman.config.rules import supposed_rules
from pointsman.config.schema.access import Auth
from pointsman.config.settings import Account, Config
from pointsman.config.watch import Files, watching
from pointsman.doors.callers import Authenticate, Porch, admins_only, anybody, by_key
from pointsman.doors.once import Once
from pointsman.doors.sight import Sight
from pointsman.doors.traffic import Traffic
from pointsman.engine.explain import Explainer
from pointsman.engine.observe import Observer
from pointsman.engine.outcomes import Outcomes
from pointsman.engine.panic import PanicAlarm
from pointsman.engine.restore import restore
from pointsman.engine.route import Engine, World
from pointsman.engine.rules import Rules
from pointsman.engine.simulate import Simulator
from pointsman.engine.standings import Standings
from pointsman.engine.watch import Watchdog
from pointsman.errors import ConfigInvalid, KeysUnusable, LedgerUnavailable, Problem
from pointsman.http.api_door import ApiDoor
from pointsman.http.apis import APIS
from pointsman.http.door import HttpDoor
from pointsman.ledger.opening import open_ledger
from pointsman.ledger.recording import DatabaseLedger
from pointsman.model.activation import ActivatedBy, Activation
from pointsman.model.catalogue import Catalogue
from pointsman.ports import Clock, Provider, StateStore, Transport
from pointsman.providers.resolver import Lookup, system_lookup
from pointsman.providers.transport import AiohttpTransport
from pointsman.providers.wires import WIRES
from pointsman.rpc.administration import Desk
from pointsman.rpc.feedback import FeedbackDesk
from pointsman.rpc.server import GrpcDoor
from pointsman.rpc.status import CODES
from pointsman.stores.clock import SystemClock
from pointsman.stores.health import HealthBook
from pointsman.stores.memory import MemoryStore
from pointsman.telemetry import names
from pointsman.telemetry.budgets import BudgetGauge
from pointsman.telemetry.genai import GenAiMetrics
from pointsman.telemetry.metrics import Metrics
from pointsman.telemetry.propagation import Propagating
from pointsman.telemetry.providers import provider_states
from pointsman.telemetry.requests import RequestLog
from pointsman.telemetry.siblings import Siblings, Worker
from pointsman.telemetry.tracing import Tracing

log = logging.getLogger(__name__)


CONNECTION_AGE = 300.0
"""Seconds: the kernel spreads connections over workers, not calls, so that connections must not last for ever."""


class App:
    """A whole server, for one event loop.

    `lookup` resolves the hosts of providers; `clock` None: the system's; `worker` None: it is the only process.

        async with App(config, Origin(path, load)) as app:
            print(app.grpc_address)
            await stopped.wait()

    Lifecycle: 1. policies are built and entered, providers opened; 2. the ledger opens, and budgets begin with what it
    says; 3. the doors open, gRPC last, so that SERVING means ready; 4. meanwhile the configuration may be replaced, as
    `Reloader` says; 5. on leaving, running calls get `server.drain` seconds; 6. what ended is settled, the ledger
    committed and closed, then providers and policies.
    """

    def __init__(
        self,
        config: Config,
        origin: Origin | None = None,
        *,
        lookup: Lookup = system_lookup,
        clock: Clock | None = None,
        worker: Worker | None = None,
    ) -> None:
        """`origin` None: the configuration cannot be loaded again, so that it stays."""
        self.config, self._origin, self.worker = config, origin, worker
        self._lookup, self._clock = lookup, clock or SystemClock()
        self.grpc_address = self.http_address = self.api_address = ""
        self._door: GrpcDoor | None = None
        self._api: ApiDoor | None = None
        self._ring: Keyring | None = None
        self._reloader: Reloader | None = None
        self._stack = AsyncExitStack()

    @property
    def doors(self) -> dict[str, str]:
        """Where each of them listens, by its name in the configuration; "" where it is off."""
        return {"grpc": self.grpc_address, "http": self.http_address, "api": self.api_address}

    @property
    def running(self) -> int:
        """Calls under way."""
        return self._door.running if self._door else 0

    @property
    def drain(self) -> float:
        """Seconds that running requests get at a stop, as the configuration says that is active now."""
        return (self._reloader.config if self._reloader else self.config).server.drain

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

    def reload_soon(self, by: ActivatedBy) -> None:
        """Read the configuration again; the log says what came of it. Not before the start is over."""
        if self._reloader:
            self._reloader.attempt_soon(by)

    async def _start(self) -> None:
        config, clock = self.config, self._clock
        check_doors(config)
        health = HealthBook(clock, Random(), breaker_settings(config), config.catalogue.models.values())  # noqa: S311 - jitter
        metrics = Metrics(config.version, CODES)
        store = await self._store(health, metrics)
        connections = Connections(self._transport, _provider)

        async def open_next(config: Config) -> Generation:
            return await open_generation(config, connections, store)

        first = await open_next(config)
        self._stack.push_async_callback(self._close_generations, first)
        for refusal in first.built.refused:
            log.warning("running without it: %s", refusal)
        ledger = await self._ledger()
        watchdog = Watchdog()
        watchdog.start()
        self._stack.callback(watchdog.stop)
        metrics.gauge(names.LEDGER_SPOOLED, lambda: {(): ledger.spooled})
        metrics.gauge(names.PROVIDER_STATE, lambda: provider_states(health.vitals({})))
        tracing, observers = self._sight(metrics)
        world = World(first.opened.providers, store, ledger, clock)

        async def remember(rules: Rules) -> None:
            await restore(rules.budgets, ledger, store, clock.now())

        await self._begin(remember(first.built.rules))
        engine = Engine(first.built.rules, world, watchdog, (metrics, PanicAlarm(clock), *observers))
        self._stack.push_async_callback(engine.drain)

        traffic = Traffic(config.server.max_concurrent_requests)
        adoption = Adoption(engine, health, metrics, traffic)
        self._reloader = reloader = Reloader(first, self._origin, Seams(ledger, clock, open_next, remember, adoption))
        self._stack.push_async_callback(reloader.settle)
        once = Once(store)
        self._stack.push_async_callback(once.settle)
        desk = _desk(engine, world, reloader, once)
        gauge = BudgetGauge(desk.standings.ratios)
        metrics.gauge(names.BUDGET_USED_RATIO, gauge.values, gauge.refresh)
        porch = Porch(self._authentication(metrics), Sight(metrics.request_ended, tracing), traffic)
        await self._open_doors(engine, desk, metrics, porch)
        await ledger.add_activation(Activation(config.version, clock.now(), ActivatedBy.START))
        adoption.door, adoption.api = self._door, self._api
        await self._watch(reloader)

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

    async def _begin(self, remembering: Awaitable[None]) -> None:
        """Budgets that nobody else knows may not begin at nothing, because the ledger is away."""
        try:
            await remembering
        except LedgerUnavailable as away:
            if self.config.state is None:
                raise LedgerUnavailable(
                    f"{away}; what budgets have spent is not known without it: make it reachable, keep the state in "
                    "Redis, or take the budgets out"
                ) from None
            log.warning("budgets begin with what the shared state knows of them: %s", away)

    async def _close_generations(self, first: Generation) -> None:
        await (self._reloader or first).aclose()

    async def _ledger(self) -> DatabaseLedger:
        ledger = await open_ledger(self.config.ledger_place, ledger_options(self.config.ledger))
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

    def _transport(self, account: Account) -> Transport:
        if account.max_connections is None:
            return AiohttpTransport(ca_file=account.ca_file, lookup=self._lookup)
        return AiohttpTransport(ca_file=account.ca_file, per_host=account.max_connections, lookup=self._lookup)

    async def _open_doors(self, engine: Engine, desk: Desk, metrics: Metrics, porch: Porch) -> None:
        server, shared = self.config.server, self.worker is not None
        settings = replace(door_settings(self.config), shared=shared, max_connection_age=self._connection_age())
        self._door = door = GrpcDoor(engine, desk, settings, porch)
        metrics.gauge(names.REQUESTS_RUNNING, lambda: {(): door.running})
        if server.http:
            siblings = await self._siblings(metrics)
            http = HttpDoor(
                server.http, metrics, lambda: door.serving, guard=self._guard(server.http), siblings=siblings
            )
            self.http_address = await http.start()
            self._stack.push_async_callback(http.stop)
        if server.api:
            self._api = api = ApiDoor(engine, desk.once, replace(api_settings(self.config), shared=shared), porch, APIS)
            self.api_address = await api.start()
            self._stack.push_async_callback(api.stop)
        self.grpc_address = await door.start()
        self._stack.push_async_callback(self._stop_door, door)

    def _authentication(self, metrics: Metrics) -> Authenticate:
        auth = self.config.auth
        if not isinstance(auth, Auth):
            return anybody
        self._ring = ring = self._keyring(auth, metrics)
        return by_key(ring)

    def _guard(self, address: str) -> Callable[[str], None] | None:
        """Who may have the metrics."""
        auth, ring = self.config.auth, self._ring
        guarded = isinstance(auth, Auth) and auth.metrics == "admin" and not is_loopback(address)
        return admins_only(ring) if ring and guarded else None

    async def _stop_door(self, door: GrpcDoor) -> None:
        await door.stop(self.drain)

    async def _watch(self, reloader: Reloader) -> None:
        """Look after the configuration's files, and take no reload any more once we stop."""
        origin, every = self._origin, self.config.server.watch
        self._stack.callback(reloader.refuse)
        if origin and every:
            changed = partial(reloader.attempt, ActivatedBy.WATCH)
            await self._stack.enter_async_context(watching(Files(origin.path), origin.known, every, changed))

    def _keyring(self, auth: Auth, metrics: Metrics) -> Keyring:
        try:
            ring = self._stack.enter_context(Keyring(Path(auth.keys)))
        except KeysUnusable as unusable:
            raise ConfigInvalid([Problem("auth.keys", str(unusable))]) from None
        metrics.gauge(names.UNAUTHENTICATED, lambda: {(reason,): count for reason, count in ring.refused.items()})
        return ring

    async def _siblings(self, metrics: Metrics) -> Siblings | None:
        if self.worker is None:
            return None
        return await self._stack.enter_async_context(Siblings(self.worker, metrics))

    def _connection_age(self) -> float | None:
        age = self.config.server.max_connection_age
        return CONNECTION_AGE if age is None and self.worker else age


def _provider(account: Account, transport: Transport) -> Provider:
    provider, propagate = WIRES[account.wire](account.settings, transport), account.propagate
    return provider if propagate == "none" else Propagating(provider, propagate)


def _desk(engine: Engine, world: World, reloader: Reloader, once: Once) -> Desk:
    def active() -> Rules:
        return engine.rules

    async def read_catalogue(document: str) -> Catalogue:
        return await asyncio.to_thread(load_catalogue, document)

    explainer = Explainer(active, world.ledger, read_catalogue)
    outcomes = Outcomes(explainer, world.store, world.ledger, world.clock, engine.settle_reported)
    keep_comments = reloader.config.ledger.prompts == "text"
    feedback = FeedbackDesk(
        explainer, outcomes, world.ledger, lambda: engine.rules.catalogue, keep_comments=keep_comments
    )
    simulator = Simulator(active, world.store, world.clock, supposed_rules)
    standings = Standings(active, world.store, world.ledger, world.clock)
    return Desk(explainer, simulator, standings, reloader, once, feedback)
