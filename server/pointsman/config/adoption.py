"""What of a running server follows its configuration, beside the rules themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from pointsman.config.generation import Generation
from pointsman.config.settings import Config
from pointsman.doors.tls import TlsFiles
from pointsman.doors.traffic import Traffic
from pointsman.engine.regime import Regime
from pointsman.engine.route import Engine
from pointsman.http.api_door import ApiDoor
from pointsman.http.settings import ApiSettings
from pointsman.rpc.server import DoorSettings, GrpcDoor
from pointsman.stores.breaker import BreakerSettings
from pointsman.stores.health import HealthBook
from pointsman.telemetry.metrics import Metrics


class Adoption:
    """Lets a server live by a generation; called for each that replaces another. Nothing in it waits.

    `door` and `api` are set once there are such.
    """

    def __init__(self, engine: Engine, health: HealthBook, metrics: Metrics, traffic: Traffic) -> None:
        self._engine, self._health, self._metrics, self._traffic = engine, health, metrics, traffic
        self._config: Config | None = None
        self.door: GrpcDoor | None = None
        self.api: ApiDoor | None = None

    def __call__(self, following: Generation) -> Callable[[], Awaitable[object]]:
        """What waits until those that live by the one before it have ended."""
        before = self._engine.adopt(Regime(following.built.rules, following.opened.providers))
        self._config = following.config
        self._watch_models(following.config)
        self._metrics.config_version = following.config.version
        self._traffic.limit = following.config.server.max_concurrent_requests
        if self.door:
            self.door.configure(door_settings(following.config))
        if self.api:
            self.api.configure(api_settings(following.config))

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
    server = config.server
    return DoorSettings(
        address=server.grpc,
        default_deadline=server.default_deadline,
        max_deadline=server.max_deadline,
        tls=_tls(config),
    )


def api_settings(config: Config) -> ApiSettings:
    server = config.server
    return ApiSettings(
        address=server.api or "",
        default_deadline=server.default_deadline,
        max_deadline=server.max_deadline,
        tls=_tls(config),
        local=config.auth == "none",
    )


def _tls(config: Config) -> TlsFiles | None:
    tls = config.server.tls
    return TlsFiles(Path(tls.cert), Path(tls.key), Path(tls.client_ca) if tls.client_ca else None) if tls else None
