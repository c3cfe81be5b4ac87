from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from pointsman_client.v1 import router_service_pb2 as wire
from pointsman_client.v1.router_service_pb2_grpc import RouterServiceServicer, add_RouterServiceServicer_to_server
from pointsman_client.v1.routing_pb2 import Decision


class Server(RouterServiceServicer):
    """Streams a decision, then the text "word " until its caller is gone."""

    def __init__(self) -> None:
        self.metadata: dict[str, Any] = {}
        self.asked = threading.Event()
        self.gone = threading.Event()
        self.attempts = 0
        self.target = ""

    def Route(self, request: wire.RouteRequest, context: grpc.ServicerContext) -> wire.RouteResponse:
        self.metadata = dict(context.invocation_metadata())
        return wire.RouteResponse(decision=Decision(model="nano"))

    def RouteBatch(self, request: wire.RouteBatchRequest, context: grpc.ServicerContext) -> wire.RouteBatchResponse:
        """Has no time."""
        self.attempts += 1
        context.abort(grpc.StatusCode.UNAVAILABLE, "too much to do")

    def CompleteUnary(
        self, request: wire.CompleteUnaryRequest, context: grpc.ServicerContext
    ) -> wire.CompleteUnaryResponse:
        """Answers nothing until its caller is gone, or fails as a broken connection does where it has an id."""
        self.attempts += 1
        if request.request_id:
            context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        context.add_callback(self.gone.set)
        self.asked.set()
        self.gone.wait()
        return wire.CompleteUnaryResponse()

    def Complete(self, request: wire.CompleteRequest, context: grpc.ServicerContext) -> Iterator[wire.CompleteResponse]:
        context.add_callback(self.gone.set)
        yield wire.CompleteResponse(seq=1, generation=1, decision=Decision(model="nano"))
        for seq in range(2, 1_000_000):
            if not context.is_active():
                return
            yield wire.CompleteResponse(seq=seq, generation=1, text_delta=wire.TextDelta(text="word "))


@contextmanager
def serving(credentials: grpc.ServerCredentials | None = None) -> Iterator[Server]:
    listening = grpc.server(ThreadPoolExecutor(2))
    servicer = Server()
    add_RouterServiceServicer_to_server(servicer, listening)
    address = "localhost:0"
    port = listening.add_secure_port(address, credentials) if credentials else listening.add_insecure_port(address)
    servicer.target = f"localhost:{port}"
    listening.start()
    yield servicer
    listening.stop(None).wait()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
async def one_loop(anyio_backend: str) -> AsyncIterator[None]:
    """All tests share one: what grpc.aio still has to say of a call after its loop was closed is raised in the next."""
    yield  # noqa: PT022 - held open until the last of them
