"""The gRPC server: its options, services, health and reflection, and how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from pointsman.doors.callers import Porch
from pointsman.doors.deadlines import Deadlines
from pointsman.doors.limits import METADATA_BYTES, REQUEST_BYTES, REQUEST_WITH_IMAGES_BYTES, TRANSPORT_REQUEST_BYTES
from pointsman.doors.tls import TlsFiles
from pointsman.engine.route import Engine
from pointsman.errors import CannotListen
from pointsman.rpc.administration import Administration, Desk
from pointsman.rpc.configuring import Configuring
from pointsman.rpc.parsing import parse
from pointsman.rpc.service import Service
from pointsman.rpc.tls import Certificates
from pointsman.v1 import admin_service_pb2, feedback_service_pb2
from pointsman.v1 import router_service_pb2 as wire

ROUTER = "pointsman.v1.RouterService"
ADMIN = "pointsman.v1.AdminService"
FEEDBACK = "pointsman.v1.FeedbackService"
REFLECTION = "grpc.reflection.v1.ServerReflection"

NOTICE = 0.2
"""Seconds between telling that we stop and refusing connections."""

PENDING_REQUESTS = 50_000
"""Calls that may wait to be looked at, which takes us less than a millisecond each."""

PENDING_SECONDS = 24 * 3600
"""Longer than any call waits to be looked at, however slow the machine: its own deadline ends it before."""

_OPTIONS = (
    ("grpc.max_receive_message_length", TRANSPORT_REQUEST_BYTES),
    ("grpc.max_metadata_size", METADATA_BYTES),
    # Who comes in a crowd is told that we are busy, and when to come again. Left alone, grpc would cancel whatever
    # finds a thousand others waiting to be looked at, and say nothing.
    ("grpc.server.max_pending_requests", PENDING_REQUESTS),
    ("grpc.server.max_pending_requests_hard_limit", PENDING_REQUESTS),
    # The same of whoever has waited for 30 s, which is grpc's own measure.
    ("grpc.server_max_unrequested_time_in_server", PENDING_SECONDS),
    # Go clients with ordinary keepalive settings would otherwise be sent GOAWAY for pinging.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """`address` is host:port, port 0 for any free one; times are seconds. `tls` None: plaintext.

    `shared`: other processes listen on the same port. `max_connection_age` None: connections may stay for ever.
    """

    address: str
    default_deadline: float = 300.0
    max_deadline: float = 600.0
    tls: TlsFiles | None = None
    shared: bool = False
    max_connection_age: float | None = None

    def options(self) -> tuple[tuple[str, int], ...]:
        """gRPC's names for them."""
        # On by default in grpc: a second server would bind the same port in silence and take half the calls.
        found = [*_OPTIONS, ("grpc.so_reuseport", int(self.shared))]
        if self.max_connection_age is not None:
            # Calls that run by then may end on it: it only takes no new ones.
            found.append(("grpc.max_connection_age_ms", round(self.max_connection_age * 1000)))
        return tuple(found)


class GrpcDoor:
    """One listening gRPC server over an engine. Health and reflection are for everybody, they tell nothing of ours."""

    def __init__(self, engine: Engine, desk: Desk, settings: DoorSettings, porch: Porch) -> None:
        self._address, self._tls, self._engine = settings.address, settings.tls, engine
        self._traffic = porch.traffic
        self._service = Service(engine, desk.once, _deadlines(settings), porch)
        self._administration = Administration(engine, desk, self._service.deadline)
        self._configuring, self._feedback = Configuring(desk.configurations), desk.feedback
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(options=settings.options())
        self.serving = False
        self._max_bytes = REQUEST_BYTES
        self.configure(settings)

    def configure(self, settings: DoorSettings) -> None:
        """Take other limits for the calls to come; the address stays. Then the rules are those of today."""
        models = self._engine.rules.catalogue.models.values()
        images = any("images" in model.capabilities for model in models)
        self._max_bytes = REQUEST_WITH_IMAGES_BYTES if images else REQUEST_BYTES
        self._service.deadlines = _deadlines(settings)

    @property
    def running(self) -> int:
        """Calls under way."""
        return len(self._traffic)

    async def start(self) -> str:
        """Listen and be SERVING; the address, with its real port. Raises CannotListen."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._server.add_generic_rpc_handlers(self._handlers())
        host = self._address.rpartition(":")[0]
        try:
            port = self._listen()
        except RuntimeError:
            raise CannotListen(
                f"cannot listen on {self._address}: the port is taken, or the address is not this machine's"
            ) from None
        await self._server.start()
        await self._health.set(ROUTER, health_pb2.HealthCheckResponse.SERVING)
        self.serving = True
        return f"{host}:{port}"

    def _listen(self) -> int:
        if self._tls is None:
            return self._server.add_insecure_port(self._address)
        return self._server.add_secure_port(self._address, Certificates(self._tls).credentials())

    async def stop(self, grace: float) -> None:
        """NOT_SERVING at once, then `grace` seconds for running calls; returns when the last handler has ended."""
        self.serving = False
        await self._health.enter_graceful_shutdown()
        self._traffic.close()
        # Calls that are on their way get SHUTTING_DOWN; stopping at once would break them off without a reason.
        await asyncio.sleep(min(NOTICE, grace))
        # Sends GOAWAY, so that clients go elsewhere while their running calls end here.
        stopping = asyncio.create_task(self._server.stop(grace + 5.0))
        try:
            await self._traffic.drain(grace)
        except asyncio.CancelledError:
            # Told to stop now: callers still get a status that says so, before what they use is closed under them.
            await self._traffic.drain(0)
            raise
        # Health watches are not ours to wait for: a stop without grace ends them.
        await self._server.stop(None)
        await stopping

    def _limit(self) -> int:
        return self._max_bytes

    def _handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        service, administration = self._service, self._administration
        reflect = reflection.aio.ReflectionServicer([ROUTER, ADMIN, FEEDBACK, health.SERVICE_NAME, REFLECTION])
        return (
            grpc.method_handlers_generic_handler(
                ROUTER,
                {
                    "Route": self._unary(service.route, wire.RouteRequest),
                    "RouteBatch": self._unary(service.route_batch, wire.RouteBatchRequest),
                    "Complete": grpc.unary_stream_rpc_method_handler(
                        service.complete,
                        request_deserializer=parse(wire.CompleteRequest, self._limit),
                        response_serializer=wire.CompleteResponse.SerializeToString,
                    ),
                    "CompleteUnary": self._unary(service.complete_unary, wire.CompleteUnaryRequest),
                },
            ),
            grpc.method_handlers_generic_handler(
                ADMIN,
                {
                    "ListModels": self._guarded(administration.list_models, admin_service_pb2.ListModelsRequest),
                    "GetBudget": self._guarded(administration.get_budget, admin_service_pb2.GetBudgetRequest),
                    "ListBudgets": self._guarded(administration.list_budgets, admin_service_pb2.ListBudgetsRequest),
                    "ListProviderHealth": self._guarded(
                        administration.list_provider_health, admin_service_pb2.ListProviderHealthRequest
                    ),
                    "Explain": self._guarded(administration.explain, admin_service_pb2.ExplainRequest),
                    "Simulate": self._guarded(administration.simulate, admin_service_pb2.SimulateRequest),
                    "ReloadConfig": self._guarded(self._configuring.reload, admin_service_pb2.ReloadConfigRequest),
                    "RollbackConfig": self._guarded(
                        self._configuring.rollback, admin_service_pb2.RollbackConfigRequest
                    ),
                    "ListConfigActivations": self._guarded(
                        self._configuring.activations, admin_service_pb2.ListConfigActivationsRequest
                    ),
                },
            ),
            grpc.method_handlers_generic_handler(
                FEEDBACK,
                {
                    "SubmitFeedback": self._guarded(self._feedback.submit, feedback_service_pb2.SubmitFeedbackRequest),
                    "ReportOutcome": self._guarded(self._feedback.report, feedback_service_pb2.ReportOutcomeRequest),
                },
            ),
            # The packaged service still carries the old name; the messages of both are the same on the wire.
            *(
                grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": _reflection(reflect)})
                for name in (REFLECTION, reflection.SERVICE_NAME)
            ),
        )

    def _guarded(self, method: Callable[..., Any], message_type: Any) -> grpc.RpcMethodHandler[Any, Any]:
        return self._unary(self._service.guarding(method), message_type)

    def _unary(self, method: Callable[..., Any], message_type: Any) -> grpc.RpcMethodHandler[Any, Any]:
        return grpc.unary_unary_rpc_method_handler(
            method,
            request_deserializer=parse(message_type, self._limit),
            response_serializer=_serialize,
        )


def _deadlines(settings: DoorSettings) -> Deadlines:
    return Deadlines(settings.default_deadline, settings.max_deadline)


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _reflection(servicer: Any) -> grpc.RpcMethodHandler[Any, Any]:
    return grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
