"""The calls: one decision, one simulation, or one streamed answer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from types import TracebackType
from typing import Self, cast

import grpc

from pointsman.model.request import Request
from pointsman.rpc.client.budgets_from_wire import budget_from_wire
from pointsman.rpc.client.failure_from_wire import failure_from_wire
from pointsman.rpc.client.health_from_wire import health_from_wire
from pointsman.rpc.client.request_to_wire import hints_to_wire, input_to_wire, stream_options_to_wire
from pointsman.rpc.client.simulation import simulation_from_wire, simulation_to_wire
from pointsman.rpc.client.views import BudgetView, CallFailed, DecisionView, HealthView, SimulationView, StreamEvent
from pointsman.rpc.client.views_from_wire import decision_from_wire, event_from_wire
from pointsman.rpc.from_wire import StreamOptions
from pointsman.rpc.simulation import Simulation
from pointsman.v1 import admin_service_pb2, routing_pb2
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

_OPTIONS = (
    # The server is ours: a forward proxy from the environment, meant for the web, has no business in between.
    ("grpc.enable_http_proxy", 0),
)
_DEFAULT = StreamOptions()


class Client:
    """One connection to a server, without TLS. Every call raises CallFailed.

    with Client("127.0.0.1:50051") as client:
        print(client.route(request).model)
    """

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)
        self._router = RouterServiceStub(self._channel)
        self._admin = AdminServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def route(self, request: Request, timeout: float | None = None) -> DecisionView:
        """Decide only; the whole trace comes with it. `timeout` is seconds, None: the server's own."""
        message = wire.RouteRequest(
            input=input_to_wire(request),
            hints=hints_to_wire(request.hints),
            trace_level=routing_pb2.TRACE_LEVEL_FULL,
        )
        try:
            response = self._router.Route(message, timeout=timeout)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None
        return decision_from_wire(response.decision)

    def health(self, providers: Sequence[str] = (), timeout: float | None = None) -> tuple[HealthView, ...]:
        """How the providers are doing: each as a whole, then its models. None named: all."""
        message = admin_service_pb2.ListProviderHealthRequest(providers=providers)
        try:
            response = self._admin.ListProviderHealth(message, timeout=timeout)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None
        return tuple(map(health_from_wire, response.providers))

    def budgets(self, tenant: str = "", timeout: float | None = None) -> tuple[BudgetView, ...]:
        """How all budgets stand, or those that count this tenant's requests alone; `timeout` is for each page."""
        found: list[BudgetView] = []
        message = admin_service_pb2.ListBudgetsRequest(tenant=tenant, page_size=1000)
        try:
            while True:
                response = self._admin.ListBudgets(message, timeout=timeout)
                found += map(budget_from_wire, response.budgets)
                message.page_token = response.next_page_token
                if not message.page_token:
                    return tuple(found)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def simulate(self, simulation: Simulation, timeout: float | None = None) -> SimulationView:
        """What would be decided, as supposed."""
        try:
            return simulation_from_wire(self._admin.Simulate(simulation_to_wire(simulation), timeout=timeout))
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def stream(
        self, request: Request, options: StreamOptions = _DEFAULT, timeout: float | None = None
    ) -> Generator[StreamEvent, None, None]:
        """The answer as it comes, the decision first. Closing the iterator cancels the call."""
        message = wire.CompleteRequest(
            input=input_to_wire(request),
            hints=hints_to_wire(request.hints),
            stream_options=stream_options_to_wire(options),
        )
        call = self._router.Complete(message, timeout=timeout)
        try:
            for response in call:
                event = event_from_wire(response)
                if event is not None:
                    yield event
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None
        finally:
            call.cancel()
