"""What of a running server follows its configuration, beside the rules themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from pointsman.config.generation import Generation
from pointsman.config.settings import Config
from pointsman.engine.regime import Regime
from pointsman.engine.route import Engine
from pointsman.rpc.server import DoorSettings, GrpcDoor
from pointsman.rpc.tls import TlsFiles
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.telemetry.metrics import Metrics


class Adoption:
    """Lets a server live by a generation; called for each that replaces another. Nothing in it waits.

    `door` is set once there is one.
    """

    def __init__(self, engine: Engine, health: HealthBook, metrics: Metrics) -> None:
        self._engine, self._health, self._metrics = engine, health, metrics
        self._config: Config | None = None
        self.door: GrpcDoor | None = None

    def __call__(self, following: Generation) -> Callable[[], Awaitable[object]]:
        """What waits until those that live by the one before it have ended."""
        before = self._engine.adopt(Regime(following.built.rules, following.opened.providers))
        self._config = following.config
        self._watch_models(following.config)
        self._metrics.config_version = following.config.version
        if self.door:
            self.door.configure(door_settings(following.config))

        async def over() -> None:
            await self._engine.left(before)
            # Its last requests may have taught us something of models that are gone.
            assert self._config
            self._watch_models(self._config)

        return over

    def _watch_models(self, config: Config) -> None:
        self._health.configure(breaker_settings(config), config.catalogue.models.values())


def breaker_settings(config: Config) -> BreakerSettings:
    return BreakerSettings(**config.health.model_dump())


def door_settings(config: Config) -> DoorSettings:
    server, tls = config.server, config.server.tls
    return DoorSettings(
        address=server.grpc,
        max_concurrent_requests=server.max_concurrent_requests,
        default_deadline=server.default_deadline,
        max_deadline=server.max_deadline,
        tls=TlsFiles(Path(tls.cert), Path(tls.key), Path(tls.client_ca) if tls.client_ca else None) if tls else None,
    )
