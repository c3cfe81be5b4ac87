"""The calls: one decision, one simulation, or one streamed answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, cast

import grpc

from pointsman.model.activation import Reloaded
from pointsman.model.feedback import Feedback
from pointsman.model.request import Request
from pointsman.rpc.client.access import Access
from pointsman.rpc.client.budgets_from_wire import budget_from_wire
from pointsman.rpc.client.configuring import History, history_from_wire, reloaded_from_wire
from pointsman.rpc.client.failure_from_wire import failure_from_wire
from pointsman.rpc.client.feedback_to_wire import feedback_to_submit
from pointsman.rpc.client.health_from_wire import health_from_wire
from pointsman.rpc.client.models_from_wire import model_from_wire
from pointsman.rpc.client.request_to_wire import hints_to_wire, input_to_wire, stream_options_to_wire
from pointsman.rpc.client.simulation import simulation_from_wire, simulation_to_wire
from pointsman.rpc.client.views import (
    BudgetView,
    CallFailed,
    DecisionView,
    HealthView,
    ModelView,
    SimulationView,
    StreamEvent,
)
from pointsman.rpc.client.views_from_wire import decision_from_wire, event_from_wire
from pointsman.rpc.from_wire import StreamOptions
from pointsman.rpc.simulation import Simulation
from pointsman.v1 import admin_service_pb2, routing_pb2
from pointsman.v1 import router_service_pb2 as wire
from pointsman.v1.admin_service_pb2_grpc import AdminServiceStub
from pointsman.v1.feedback_service_pb2_grpc import FeedbackServiceStub
from pointsman.v1.router_service_pb2_grpc import RouterServiceStub

_NO_KEY = Access()
_DEFAULT = StreamOptions()


class Client:
    """One connection to a server. Every call raises CallFailed.

    with Client("127.0.0.1:50051", Access(key)) as client:
        print(client.route(request).model)
    """

    def __init__(self, address: str, access: Access = _NO_KEY) -> None:
        self._channel = access.channel(address)
        self._router = RouterServiceStub(self._channel)
        self._admin = AdminServiceStub(self._channel)
        self._feedback = FeedbackServiceStub(self._channel)

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

    def models(self, provider: str = "", tier: str = "", timeout: float | None = None) -> tuple[ModelView, ...]:
        """Those that our key may use; "" for any provider or tier; `timeout` is for each page."""
        message = admin_service_pb2.ListModelsRequest(provider=provider, tier=tier, page_size=1000)
        pages = _pages(self._admin.ListModels, message, timeout)
        return tuple([model_from_wire(model) for page in pages for model in page.models])

    def budgets(self, tenant: str = "", timeout: float | None = None) -> tuple[BudgetView, ...]:
        """How all budgets stand, or those that count this tenant's requests alone; `timeout` is for each page."""
        message = admin_service_pb2.ListBudgetsRequest(tenant=tenant, page_size=1000)
        pages = _pages(self._admin.ListBudgets, message, timeout)
        return tuple([budget_from_wire(budget) for page in pages for budget in page.budgets])

    def simulate(self, simulation: Simulation, timeout: float | None = None) -> SimulationView:
        """What would be decided, as supposed."""
        try:
            return simulation_from_wire(self._admin.Simulate(simulation_to_wire(simulation), timeout=timeout))
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def reload(self, *, dry_run: bool = False, expected: str = "", timeout: float | None = None) -> Reloaded:
        """Have the server read its configuration again; `expected` is the version that must be active, "" for any."""
        message = admin_service_pb2.ReloadConfigRequest(dry_run=dry_run, expected_version=expected)
        try:
            return reloaded_from_wire(self._admin.ReloadConfig(message, timeout=timeout).change)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def rollback(self, version: str = "", timeout: float | None = None) -> Reloaded:
        """Have the server go back to a configuration; "": the last one but this."""
        message = admin_service_pb2.RollbackConfigRequest(version=version)
        try:
            return reloaded_from_wire(self._admin.RollbackConfig(message, timeout=timeout).change)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def history(self, lines: int = 0, timeout: float | None = None) -> History:
        """Which configurations were active, at most so many, 0 for 100."""
        message = admin_service_pb2.ListConfigActivationsRequest(page_size=lines)
        try:
            return history_from_wire(self._admin.ListConfigActivations(message, timeout=timeout))
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None

    def submit_feedback(self, said: Feedback, timeout: float | None = None) -> tuple[str, bool]:
        """Say it; the id that it has, and whether a comment was kept. `said.received` is not looked at."""
        message = feedback_to_submit(said)
        try:
            response = self._feedback.SubmitFeedback(message, timeout=timeout)
        except grpc.RpcError as error:
            raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None
        return response.feedback_id, response.comment_kept

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


def _pages(ask: Callable[..., Any], message: Any, timeout: float | None) -> Iterator[Any]:
    """All answers to a request for a list; `message` is turned from page to page."""
    try:
        while True:
            page = ask(message, timeout=timeout)
            yield page
            message.page_token = page.next_page_token
            if not message.page_token:
                return
    except grpc.RpcError as error:
        raise CallFailed(failure_from_wire(cast(grpc.Call, error))) from None
